"""Signs the chain from time to time, in the database and outside of it (S-72)."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from custhub.crypto.live import LiveKeys
from custhub.features.audit.models import CheckpointRow
from custhub.features.audit.queries.chain import CHECKPOINTS_AFTER, HASHES, LAST_CHECKPOINT, LINK, TAIL
from custhub.features.audit.repository import add_checkpoints
from custhub.features.audit.rules import GENESIS, digest, merkle_root
from custhub.features.audit.service.sink import CheckpointSink
from custhub.kit.clock import Clock
from custhub.kit.db import Database, Violation

log = logging.getLogger("custhub.audit")

LINKS = 1_000
AGE = timedelta(seconds=60)
#: Checkpoints stored at once while a backlog is worked off.
_BATCH = 100
#: More than a crash can leave out of the sink: beyond it, lines were taken away and are not quietly put back.
_LAG = 100


class Checkpoints:
    """Makes checkpoints of the links since the last one, and copies them to the sink."""

    def __init__(
        self,
        database: Database,
        keys: LiveKeys,
        clock: Clock,
        sink: CheckpointSink,
        *,
        links: int = LINKS,
        age: timedelta = AGE,
    ) -> None:
        """A checkpoint covers `links` links, or fewer when the oldest of them has this `age`."""
        self._links = links
        self._age = age
        self._database = database
        self._keys = keys
        self._clock = clock
        self._sink = sink
        self._copied: int | None = None

    async def write_due(self, *, force: bool = False) -> int:
        """One checkpoint per 1,000 links, and one of the rest when its oldest link is 60 s old, or with `force`.

        Gives their number. Raises OSError when the sink cannot be written; the next call tries again.
        """
        made = 0
        last = await LAST_CHECKPOINT.first(self._database)
        while rows := await self._next(last, force=force):
            try:
                await add_checkpoints(self._database, rows)
            except Violation:
                # Another process signed the same links first; it copies them to the sink, too.
                return made
            made += len(rows)
            last = rows[-1]
        if last is not None and last.number != self._copied:
            await self._copy(last.number - made)
        return made

    async def refill(self) -> int:
        """Write again what the sink lacks, after a loss an operator has looked into. Gives the number of lines."""
        written = number = 0
        while rows := await CHECKPOINTS_AFTER.all(self._database, number=number, limit=_BATCH):
            written += await asyncio.to_thread(self._sink.fill, rows)
            number = rows[-1].number
        return written

    async def _next(self, last: CheckpointRow | None, *, force: bool) -> list[CheckpointRow]:
        tail = await TAIL.first(self._database)
        rows: list[CheckpointRow] = []
        while tail is not None and len(rows) < _BATCH:
            covered = 0 if last is None else last.last_seq
            if tail.seq - covered < self._links and not (
                tail.seq > covered and (force or await self._is_old(covered + 1))
            ):
                break
            last = await self._make(last, covered + 1, min(covered + self._links, tail.seq))
            if last is None:
                break
            rows.append(last)
            await asyncio.sleep(0)
        return rows

    async def _is_old(self, seq: int) -> bool:
        link = await LINK.first(self._database, seq=seq)
        return link is None or self._clock.now() - link.sealed_at >= self._age

    async def _make(self, last: CheckpointRow | None, first_seq: int, last_seq: int) -> CheckpointRow | None:
        hashes = await HASHES.all(self._database, first=first_seq, last=last_seq)
        if len(hashes) != last_seq - first_seq + 1:
            # Nothing that has holes is signed: what the sink holds stays the last good state.
            log.error("audit chain is broken, run audit verify", extra={"count": len(hashes)})
            return None
        signer, now = self._keys.audit_signer, self._clock.now()
        row = CheckpointRow(
            number=1 if last is None else last.number + 1,
            at=now if last is None else max(now, last.at),
            first_seq=first_seq,
            last_seq=last_seq,
            last_hash=hashes[-1],
            root=merkle_root(hashes),
            prev=GENESIS if last is None else digest(last.body),
            kid=signer.kid,
            signature=b"",
        )
        return row._replace(signature=signer.sign(row.body))

    async def _copy(self, before: int) -> None:
        # `before`: the newest checkpoint that was there when this call began.
        if self._copied is None:
            newest = await asyncio.to_thread(self._sink.newest)
            stored = await LAST_CHECKPOINT.first(self._database)
            known = 0 if newest is None else newest.number
            if before - known > _LAG or stored is None or known > stored.number:
                log.error("audit sink and database do not agree, run audit verify", extra={"count": before - known})
            self._copied = known if before - known <= _LAG else before
        while rows := await CHECKPOINTS_AFTER.all(self._database, number=self._copied, limit=_BATCH):
            await asyncio.to_thread(self._sink.append, rows)
            self._copied = rows[-1].number
