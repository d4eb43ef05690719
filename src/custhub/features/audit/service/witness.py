"""Holds the chain against its signed checkpoints, in the database and in the sink (S-72, S-73)."""

from __future__ import annotations

import asyncio
from datetime import datetime

from custhub.features.audit.models import CheckpointRow
from custhub.features.audit.queries.chain import CHECKPOINT_BEFORE, CHECKPOINTS, HASHES, LAST_CHECKPOINT, LINK
from custhub.features.audit.rules import GENESIS, Fault, Finding, digest, merkle_root
from custhub.features.audit.service.proofs import Proofs
from custhub.features.audit.service.sink import CheckpointSink
from custhub.kit.db import Database


class Witness:
    """The checkpoints during one verification.

    The newest ones are read before the chain is: a chain that grows meanwhile cannot look cut short.
    """

    @classmethod
    async def call(cls, database: Database, proofs: Proofs, sink: CheckpointSink, settled_before: datetime) -> Witness:
        """Read the newest checkpoint of the sink and of the database.

        One made after `settled_before` may still be on its way to the sink.
        """
        outside = await asyncio.to_thread(sink.newest)
        return cls(database, proofs, sink, settled_before, outside, await LAST_CHECKPOINT.first(database))

    def __init__(
        self,
        database: Database,
        proofs: Proofs,
        sink: CheckpointSink,
        settled_before: datetime,
        outside: CheckpointRow | None,
        inside: CheckpointRow | None,
    ) -> None:
        self._proofs = proofs
        self._database = database
        self._sink = sink
        self._newest = [row for row in (outside, inside) if row is not None and proofs.is_signed(row)]
        self._inside = inside
        self._outside = 0 if outside is None else outside.number
        self._settled_before = settled_before
        self.checked = 0
        self.sink_missing = 0

    async def check(self, first: int, last: int) -> Finding | None:
        """The first fault among the checkpoints that end between these links."""
        rows = await CHECKPOINTS.all(self._database, first=first, last=last)
        before = await CHECKPOINT_BEFORE.first(self._database, seq=rows[0].last_seq) if rows else None
        for row in rows:
            fault = await self._fault_of(row, before)
            if fault is not None:
                return Finding(row.first_seq, fault)
            self.checked += 1
            before = row
        return None

    async def check_end(self, first: int, head: int) -> Finding | None:
        """Whether the chain still reaches as far as it was signed; `first` and `head` are its first and last link."""
        for row in self._newest:
            if row.last_seq > head:
                return Finding(head + 1, Fault.TRUNCATED)
            link = await LINK.first(self._database, seq=row.last_seq)
            if row.last_seq >= first and (link is None or link.hash != row.last_hash):
                return Finding(row.first_seq, Fault.CHECKPOINT_MISMATCH)
        stored = 0 if self._inside is None else self._inside.number
        if any(row.number > stored for row in self._newest):
            return Finding(first if self._inside is None else self._inside.last_seq + 1, Fault.CHECKPOINT_MISMATCH)
        return None

    async def _fault_of(self, row: CheckpointRow, before: CheckpointRow | None) -> Fault | None:
        number, last_seq, prev = 0, 0, GENESIS
        if before is not None:
            number, last_seq, prev = before.number, before.last_seq, digest(before.body)
        if not self._proofs.knows_signing_key(row.kid):
            return Fault.KEY_MISSING
        follows = row.number == number + 1 and row.first_seq == last_seq + 1 and row.prev == prev
        if not follows or not self._proofs.is_signed(row):
            return Fault.CHECKPOINT_MISMATCH
        hashes = await HASHES.all(self._database, first=row.first_seq, last=row.last_seq)
        if len(hashes) != row.last_seq - row.first_seq + 1 or hashes[-1] != row.last_hash:
            return Fault.CHECKPOINT_MISMATCH
        if merkle_root(hashes) != row.root:
            return Fault.CHECKPOINT_MISMATCH
        copy = (await asyncio.to_thread(self._sink.day, row.at.date())).get(row.number)
        if copy is None:
            self.sink_missing += row.number <= self._outside or row.at <= self._settled_before
        elif copy != row:
            return Fault.CHECKPOINT_MISMATCH
        return None
