"""What the hub and a process of its own say to each other: lists of plain values, each behind its length.

Both ends are this program. Nothing is read back that could make code run.
"""

from __future__ import annotations

import marshal
from collections import deque
from typing import IO, Any, Final

LENGTH: Final = 4
#: A batch of rows has a few MiB.
MOST_BYTES: Final = 512 * 1024 * 1024


def frame(message: list[Any]) -> bytes:
    """A message as it is sent."""
    body = marshal.dumps(message)
    return len(body).to_bytes(LENGTH, "big") + body


def message_of(body: bytes) -> list[Any]:
    """The message behind its length."""
    message: list[Any] = marshal.loads(body)  # noqa: S302  # from the other end of our own pipe
    return message


class Pipe:
    """The end of the process: it asks for chunks of a file, and is asked for rows."""

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._waiting: deque[list[Any]] = deque()

    def send(self, *message: Any) -> None:
        """Say something."""
        self._outgoing.write(frame(list(message)))
        self._outgoing.flush()

    def next(self) -> list[Any]:
        """What is asked next. Raises EOFError when the hub has gone."""
        return self._waiting.popleft() if self._waiting else self._read()

    def chunk(self, number: int) -> bytes:
        """A sealed chunk of the file; what else is asked meanwhile waits."""
        self.send("chunk", number)
        while True:
            message = self._read()
            if message[0] == "chunk":
                data: bytes = message[1]
                return data
            self._waiting.append(message)

    def _read(self) -> list[Any]:
        head = self._incoming.read(LENGTH)
        if len(head) < LENGTH:
            raise EOFError
        return message_of(self._incoming.read(int.from_bytes(head, "big")))
