"""Several serving processes on one port: started, watched, replaced and stopped together (PostgreSQL only).

They share one listening socket, so a worker that goes takes no waiting connection with it.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from types import FrameType

from prometheus_client.multiprocess import mark_process_dead

from custhub.http.metrics import MULTIPROCESS_DIRECTORY
from custhub.operator.people import Credentials
from custhub.server.process import Ready, serve
from custhub.server.refusal import FAILED, Refusal
from custhub.settings import Settings

log = logging.getLogger("custhub.process")

_TICK_SECONDS = 0.1
_RESPAWN_SECONDS = 1.0
#: How long a stopping worker may take beyond its own deadlines.
_GRACE_SECONDS = 20.0


class _Worker:
    """One child process, and the pipe on which it says that it serves."""

    def __init__(self, listening: socket.socket, metrics: str, *, worker: bool) -> None:
        ours, theirs = os.pipe()
        os.set_blocking(ours, False)
        command = [sys.executable, "-m", "custhub", "serve-worker", str(listening.fileno()), str(theirs)]
        self._pipe = ours
        self.is_ready = False
        self.made: Credentials | None = None
        # A session of its own: Ctrl-C is for the parent, which passes it on once.
        self.process = subprocess.Popen(  # noqa: S603  # our own program
            command,
            pass_fds=(listening.fileno(), theirs),
            start_new_session=True,
            env={**os.environ, MULTIPROCESS_DIRECTORY: metrics, "CUSTHUB_WORKER": str(worker).lower()},
        )
        os.close(theirs)

    def look(self) -> int | None:
        """The exit code once it is over."""
        if not self.is_ready:
            told = b""
            with suppress(BlockingIOError):
                told = os.read(self._pipe, 4_096)
            if told:
                self.is_ready = True
                made = json.loads(told)
                self.made = None if made is None else Credentials(*made)
                os.close(self._pipe)
        return self.process.poll()


class Workers:
    """The parent of `count` workers. `ready` is called once, when all of them serve."""

    def __init__(self, settings: Settings, count: int, listening: socket.socket, ready: Ready) -> None:
        self._settings = settings
        self._listening = listening
        self._ready = ready
        self._metrics = tempfile.mkdtemp(prefix="custhub-metrics-")
        self._signals = 0
        self._workers = [self._spawn() for _ in range(count)]

    def run(self) -> int:
        """Watch them until they are told to stop; the exit code."""
        former = {known: signal.signal(known, self._note) for known in (signal.SIGTERM, signal.SIGINT)}
        try:
            code = self._watch()
            return self._stop() if code is None else code
        finally:
            for known, handler in former.items():
                signal.signal(known, handler)
            for worker in self._workers:
                if worker.process.poll() is None:
                    worker.process.kill()
                    worker.process.wait()
            shutil.rmtree(self._metrics, ignore_errors=True)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._signals += 1

    def _spawn(self) -> _Worker:
        return _Worker(self._listening, self._metrics, worker=self._settings.worker)

    def _watch(self) -> int | None:
        """None when told to stop, else the exit code of a worker that could not start at first."""
        greeted = False
        while not self._signals:
            for i, worker in enumerate(self._workers):
                code = worker.look()
                if code is None:
                    continue
                if not worker.is_ready and not greeted:
                    return code or FAILED
                log.error("worker died", extra={"worker": worker.process.pid, "status": code})
                mark_process_dead(worker.process.pid, self._metrics)  # type: ignore[no-untyped-call]
                # Not at once: what it died of may last, a lost database for one. The others go on.
                time.sleep(_RESPAWN_SECONDS)
                self._workers[i] = self._spawn()
            if not greeted and all(worker.is_ready for worker in self._workers):
                greeted = True
                self._ready(next((worker.made for worker in self._workers if worker.made is not None), None))
            time.sleep(_TICK_SECONDS)
        return None

    def _stop(self) -> int:
        self._listening.close()  # the workers hold it until each has drained
        passed_on = 0
        deadline = time.monotonic() + self._settings.drain + self._settings.shutdown_seconds + _GRACE_SECONDS
        while any(worker.process.poll() is None for worker in self._workers):
            if passed_on < min(self._signals, 2):
                passed_on += 1
                for worker in self._workers:
                    worker.process.send_signal(signal.SIGTERM)
            if time.monotonic() > deadline:
                log.error("workers killed")
                return FAILED
            time.sleep(_TICK_SECONDS)
        # A worker that was just starting dies of the signal itself.
        ends = {worker.process.returncode for worker in self._workers}
        return 0 if ends <= {0, -signal.SIGTERM} else FAILED


def work(settings: Settings, listening: int, ready: int) -> int:
    """Serve on an inherited socket, in a process of its own; say on the pipe when it does."""

    def tell(made: Credentials | None) -> None:
        os.write(ready, json.dumps(made).encode())
        os.close(ready)

    try:
        return serve(settings, socket.socket(fileno=listening), tell, os.getppid())
    except Refusal:
        os.close(ready)
        raise
