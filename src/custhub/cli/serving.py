"""`custhub serve` and `custhub worker`."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from custhub.cli.output import say

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0 takes a free one.")]
Count = Annotated[int, typer.Option(min=1, max=64, help="Processes that share the port; PostgreSQL only.")]

Jobs = Annotated[bool, typer.Option("--worker/--no-worker", help="Do jobs here too; without, PostgreSQL only.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("serve")(serve)
    app.command("worker")(work)
    app.command("serve-worker", hidden=True)(serve_worker)


def serve(host: Host = "127.0.0.1", port: Port = 8000, workers: Count = 1, worker: Jobs = True) -> None:
    """Start the hub.

    The development profile makes what is missing: keyring, database, a first administrator. The production profile
    refuses to start without them.
    """
    with _loading():
        from custhub.server.entry import serve_hub

    sys.exit(serve_hub(host, port, workers, say, worker=worker))


def serve_worker(listening: int, ready: int) -> None:
    """One of several processes; started by `serve`."""
    with _loading():
        from custhub.server import entry

    sys.exit(entry.serve_worker(listening, ready))


def work() -> None:
    """Do jobs and nothing else; any number of such processes and machines, PostgreSQL only."""
    with _loading():
        from custhub.worker import run_worker

    sys.exit(run_worker())


@contextmanager
def _loading() -> Iterator[None]:
    """While the whole hub is loaded, which most other commands do not need.

    A million objects come to stay; looking for garbage among them takes a fifth of the time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
