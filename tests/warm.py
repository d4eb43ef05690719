"""Processes of the hub that begin where loading its code ends: forked from one that has loaded it.

Loading takes two seconds of a processor, and a run of tests starts some hundred hubs. Forked ones have their own
arguments, environment, session, files and end, and nothing of the run but code. A few tests start a hub afresh, and so
does whatever a hub starts itself; proofs outside a run always do.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Protocol

#: What the programs of the hub load.
_CODE = ["alembic.command", "custhub.cli", "custhub.server.entry", "custhub.worker"]
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(_CODE)


class Started(Protocol):
    """What tests do with a process."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int, /) -> None: ...
    def kill(self) -> None: ...


class _Forked:
    """A forked process, used like one of `subprocess`."""

    def __init__(self, process: ForkServerProcess) -> None:
        assert process.pid is not None
        self._process, self.pid = process, process.pid

    def poll(self) -> int | None:
        """The exit code once it is over; a negative one is a signal."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code. Raises TimeoutExpired."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("custhub", timeout or 0)
        return self._process.exitcode

    def send_signal(self, sig: int, /) -> None:
        """Unless it is over."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, sig)

    def kill(self) -> None:
        """Without a chance to say anything."""
        if self.poll() is None:
            self._process.kill()


def start(arguments: Sequence[str], env: Mapping[str, str], out: Path, err: Path, *, fresh: bool) -> Started:
    """`custhub` with these arguments, in a session of its own; `fresh`: it loads its code itself."""
    if "PYTEST_VERSION" in os.environ and not fresh:
        # What an earlier hub said here is not this one's.
        out.write_bytes(b"")
        err.write_bytes(b"")
        process = _FORKS.Process(target=_become, args=(list(arguments), dict(env), str(out), str(err)), daemon=True)
        process.start()
        return _Forked(process)
    command = [sys.executable, "-m", "custhub", *arguments]
    with out.open("wb") as output, err.open("wb") as errors:
        return subprocess.Popen(command, env=dict(env), stdout=output, stderr=errors, start_new_session=True)


def _become(arguments: list[str], env: dict[str, str], out: str, err: str) -> None:
    os.setsid()
    for stream, path in ((1, out), (2, err)):
        file = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.dup2(file, stream)
        os.close(file)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    sys.argv = ["custhub", *arguments]
    runpy.run_module("custhub", run_name="__main__", alter_sys=True)
