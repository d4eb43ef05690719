"""The line to a running hub: a Unix socket in CUSTHUB_HOME."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from custhub.operator.refused import NoAnswer

NAME = "operator.sock"
_MAX_PATH = 100


def ask(home: Path, request: bytes) -> dict[str, Any] | None:
    """The answer of the process that listens in `home`; None when none does. Raises NoAnswer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        try:
            with address_of(home / NAME) as address:
                line.connect(address)
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        answer = b""
        with suppress(ConnectionError):  # what it said before it hung up counts
            line.sendall(request)
            while chunk := line.recv(65_536):
                answer += chunk
    if not answer.endswith(b"\n"):
        raise NoAnswer
    said: dict[str, Any] = orjson.loads(answer)
    return said


@contextmanager
def address_of(path: Path) -> Iterator[str]:
    """The name to bind or connect to: a path too long for a socket is named through its open directory."""
    if len(os.fsencode(path)) <= _MAX_PATH:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
