"""What `custhub serve` does, from the settings to the exit code."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable

from custhub.api import VERSION
from custhub.operator.people import Credentials
from custhub.server.banner import banner
from custhub.server.listener import bind
from custhub.server.preparation import prepare
from custhub.server.process import prepare_logs, serve
from custhub.server.refusal import USAGE, Refusal, explained, read_settings
from custhub.server.workers import Workers, work
from custhub.settings import Settings

log = logging.getLogger("custhub.process")


def serve_hub(host: str, port: int, workers: int, say: Callable[[str], None], *, worker: bool = True) -> int:
    """Serve in this process, or in several; `say` is told what a developer wants to know. Raises Refusal."""
    settings = read_settings()
    if not worker:
        settings = settings.model_copy(update={"worker": False})
    if not settings.worker and settings.engine == "sqlite":
        raise Refusal("with the embedded database nobody else could do the jobs: no worker needs PostgreSQL", USAGE)
    if workers > 1 and settings.engine == "sqlite":
        raise Refusal("the embedded database belongs to one process: --workers needs PostgreSQL", USAGE)
    prepare_logs(settings)
    with bind(host, port) as listening:

        def greet(made: Credentials | None) -> None:
            _greet(settings, listening, made, say)

        with explained(settings):
            prepare(settings)
        if workers > 1:
            return Workers(settings, workers, listening, greet).run()
        return serve(settings, listening, greet)


def serve_worker(listening: int, ready: int) -> int:
    """One of several processes, on the socket of their parent. Raises Refusal."""
    settings = read_settings()
    prepare_logs(settings)
    return work(settings, listening, ready)


def _greet(settings: Settings, listening: socket.socket, made: Credentials | None, say: Callable[[str], None]) -> None:
    host, port = listening.getsockname()[:2]
    facts = {"port": port, "profile": settings.profile, "engine": settings.engine, "version": VERSION}
    log.info("serving", extra=facts)
    if settings.profile == "development":
        say(banner(settings, f"http://{f'[{host}]' if ':' in host else host}:{port}", VERSION, made))
