"""The program of the process in which a large list of people is compared: `python -m`, told what to do by the hub.

It has no database, no keys and no settings; people come in and pairs of their places go out, by its own pipes.
"""

from __future__ import annotations

import pickle
import sys
from typing import IO, Any, Final

from custhub.features.duplicates.service.desk import Desk

LENGTH: Final = 4


def frame(message: Any) -> bytes:
    """A message behind its length."""
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return len(body).to_bytes(LENGTH, "big") + body


def message_of(body: bytes) -> Any:
    """The message behind its length."""
    return pickle.loads(body)  # noqa: S301  # from the other end of our own pipe


def serve(incoming: IO[bytes], outgoing: IO[bytes]) -> None:
    """Do what is asked until the hub hangs up: `[method, arguments]`, the first one makes the desk."""
    desk: Desk | None = None
    while len(head := incoming.read(LENGTH)) == LENGTH:
        method, arguments = message_of(incoming.read(int.from_bytes(head, "big")))
        if desk is None:
            desk, answer = Desk(*arguments), None
        else:
            answer = getattr(desk, method)(*arguments)
        outgoing.write(frame(answer))
        outgoing.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
