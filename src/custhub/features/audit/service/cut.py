"""The retention cut: old entries leave the database for an archive, up to a signed checkpoint (S-76)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from custhub.crypto.live import LiveKeys
from custhub.features.audit.errors import AuditBroken
from custhub.features.audit.models import CheckpointRow, CutRow
from custhub.features.audit.queries.chain import CHECKPOINTS, CUTTABLE, LAST_CUT, LINKED
from custhub.features.audit.repository import the_one_writer
from custhub.features.audit.rules import GENESIS
from custhub.features.audit.service.archive import entry_line, write_archive
from custhub.features.audit.service.record import AuditWriter
from custhub.features.audit.service.sink import checkpoint_line
from custhub.features.audit.service.verify import AuditVerifier
from custhub.kit.clock import Clock
from custhub.kit.db import Database, LockTimeout
from custhub.kit.uow import Actor, Note, UnitOfWork

#: Entries per cut. All of it is one transaction that holds everybody else up.
MOST = {"sqlite": 1_000, "postgresql": 10_000}
_PAGE = 500
_TRIES = 10
_PAUSE_SECONDS = 1.0


class RetentionCut:
    """Cuts off what is older than the retention, one bounded piece per call."""

    def __init__(
        self,
        database: Database,
        keys: LiveKeys,
        clock: Clock,
        verifier: AuditVerifier,
        writer: AuditWriter,
        open_unit_of_work: Callable[[Actor, str], UnitOfWork],
        *,
        archive: Path,
        retention_days: int,
    ) -> None:
        """`archive` is the directory of archive files."""
        self._database = database
        self._keys = keys
        self._clock = clock
        self._verifier = verifier
        self._writer = writer
        self._open = open_unit_of_work
        self._archive = archive
        self._retention = timedelta(days=retention_days)

    async def cut(self, actor: Actor, request_id: str, most: int | None = None) -> CutRow | None:
        """Archive and remove at most `most` of the oldest entries; None when nothing is old enough.

        Call it again until it gives None. Raises AuditBroken when that part does not verify, OSError when the archive
        cannot be written, LockTimeout when the tables were busy all the time; then nothing was removed.
        """
        last_cut = await LAST_CUT.first(self._database)
        first, prev = (1, GENESIS) if last_cut is None else (last_cut.last_seq + 1, last_cut.last_hash)
        upto = await CUTTABLE.first(
            self._database,
            before=self._clock.now() - self._retention,
            first=first,
            last=first - 1 + (most or MOST[self._database.name]),
        )
        if upto is None:
            return None
        checked = await self._verifier.verify(first, upto.last_seq - first + 1)
        if checked.finding is not None or checked.to_seq != upto.last_seq:
            raise AuditBroken
        row, lines = await self._collect(first, prev, upto)
        await asyncio.to_thread(write_archive, self._archive, row, lines)
        tries = 0
        while True:
            try:
                return await self._remove(row, last_cut, actor, request_id)
            except LockTimeout:
                tries += 1
                if tries == _TRIES:
                    raise
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _collect(self, first: int, prev: bytes, upto: CheckpointRow) -> tuple[CutRow, list[bytes]]:
        lines: list[bytes] = []
        seq = first
        while seq <= upto.last_seq:
            page = await LINKED.all(self._database, first=seq, limit=min(_PAGE, upto.last_seq - seq + 1))
            lines += [entry_line(link, entry) for link, entry in page if entry is not None]
            seq += len(page)
            await asyncio.sleep(0)
        lines += [
            checkpoint_line(row) for row in await CHECKPOINTS.all(self._database, first=first, last=upto.last_seq)
        ]
        signer = self._keys.audit_signer
        row = CutRow(
            last_seq=upto.last_seq,
            at=self._clock.now(),
            first_seq=first,
            prev_hash=prev,
            last_hash=upto.last_hash,
            content=hashlib.sha256(b"".join(lines)).digest(),
            kid=signer.kid,
            signature=b"",
        )
        return row._replace(signature=signer.sign(row.body)), lines

    async def _remove(self, row: CutRow, last_cut: CutRow | None, actor: Actor, request_id: str) -> CutRow | None:
        async with the_one_writer(self._database, wait=True) as chain:
            if chain is None or await LAST_CUT.first(chain) != last_cut:
                return None  # somebody else made this cut
            work = self._open(actor, request_id)
            note = Note("audit.cut", "audit", None, reason=f"{row.first_seq} to {row.last_seq}")
            self._writer.write(work, [note])
            await chain.cut(row, work.writes)
        return row
