"""Processes of the hub that begin where loading its code ends: forked from one that has loaded it.

Loading takes two seconds of a processor, and a run of tests starts some hundred hubs, and as many programs that a hub
in process has beside it. Forked ones have their own arguments, environment, session, files and end, and nothing of the
run but code. A few tests start a hub afresh, and so does whatever such a hub starts itself; proofs outside a run always
do.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import IO, Protocol

from custhub.kit.children import KEPT_VARIABLES

#: What the programs of the hub load.
_CODE = [
    "alembic.command",
    "custhub.cli",
    "custhub.features.exports.service.rendering",
    "custhub.features.imports.service.preparing",
    "custhub.server.entry",
    "custhub.worker",
]
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
    for stream, path in ((1, out), (2, err)):
        file = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.dup2(file, stream)
        os.close(file)
    _run("custhub", arguments, env)


class _Program:
    """A forked program of a hub in process: what `custhub.kit.children` uses of a process of asyncio."""

    def __init__(self, process: ForkServerProcess, stdin: asyncio.StreamWriter, stdout: asyncio.StreamReader) -> None:
        self._forked = _Forked(process)
        self.pid, self.stdin, self.stdout = self._forked.pid, stdin, stdout

    def kill(self) -> None:
        """Without a chance to say anything."""
        self._forked.kill()

    async def wait(self) -> int:
        """The exit code."""
        return await asyncio.to_thread(self._forked.wait)


async def begin(program: str) -> _Program:
    """A module as a program, as `custhub.kit.children.begin` starts it."""
    heard, told = multiprocessing.Pipe(duplex=False)
    shown, said = multiprocessing.Pipe(duplex=False)
    env = {name: value for name, value in os.environ.items() if name in KEPT_VARIABLES}
    process = _FORKS.Process(target=_serve, args=(program, env, heard, said), daemon=True)
    process.start()
    heard.close()
    said.close()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), _file(shown, "rb"))
    way, protocol = await loop.connect_write_pipe(_writing, _file(told, "wb"))
    return _Program(process, asyncio.StreamWriter(way, protocol, None, loop), reader)


def _writing() -> asyncio.StreamReaderProtocol:
    return asyncio.StreamReaderProtocol(asyncio.StreamReader())


def _file(end: Connection, mode: str) -> IO[bytes]:
    file = os.fdopen(os.dup(end.fileno()), mode, 0)
    end.close()
    return file


def _serve(program: str, env: dict[str, str], heard: Connection, said: Connection) -> None:
    os.dup2(heard.fileno(), 0)
    os.dup2(said.fileno(), 1)
    heard.close()
    said.close()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    with open(0, closefd=False) as sys.stdin:
        _run(program, [], env)


def _run(program: str, arguments: list[str], env: dict[str, str]) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    sys.argv = [program, *arguments]
    # A second copy of the module, as `python -m` makes the only one.
    sys.modules.pop(program, None)
    runpy.run_module(program, run_name="__main__", alter_sys=True)
