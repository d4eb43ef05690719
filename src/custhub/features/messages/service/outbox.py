"""A directory in the place of mail server and provider, for development: one file per message."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson

from custhub.features.messages.rules import Channel, Ending, Outcome
from custhub.features.messages.service.mime import Sender, mail_of
from custhub.features.messages.service.transport import Parcel
from custhub.kit.clock import Clock
from custhub.kit.ids import Prefix, to_text


class FileOutbox:
    """Writes `<message id>.eml` and `<message id>.json`; the same message twice is the same file."""

    deduplicates = True
    deadline_seconds = 10.0

    def __init__(self, directory: Path, sender: Sender, clock: Clock) -> None:
        self._directory = directory
        self._sender = sender
        self._clock = clock

    async def deliver(self, parcel: Parcel) -> Outcome:
        """Write the file, as a whole or not at all."""
        name = to_text(Prefix.MESSAGE, parcel.message_id)
        if parcel.recipient.channel is Channel.EMAIL:
            path, text = self._directory / f"{name}.eml", mail_of(parcel, self._sender, self._clock.now())
        else:
            members = {"to": parcel.recipient.address, "text": parcel.content.body, "reference": parcel.key}
            path, text = self._directory / f"{name}.json", orjson.dumps(members, option=orjson.OPT_INDENT_2)
        try:
            await asyncio.to_thread(_write, path, text)
        except OSError:
            return Outcome(Ending.RETRY, "outbox_not_writable")
        return Outcome(Ending.ACCEPTED, provider_id=path.name)

    async def aclose(self) -> None:
        """Nothing is open."""


def _write(path: Path, text: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    beside.touch(mode=0o600)
    beside.write_bytes(text)
    beside.replace(path)
