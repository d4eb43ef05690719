"""The audit log of one hub as commands and the server use it: its parts, built together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from custhub.crypto.live import LiveKeys
from custhub.features.audit.models import CutRow
from custhub.features.audit.rules import Verification
from custhub.features.audit.service.archive import ArchiveReport, verify_archive
from custhub.features.audit.service.checkpoints import Checkpoints
from custhub.features.audit.service.cut import RetentionCut
from custhub.features.audit.service.proofs import Proofs
from custhub.features.audit.service.record import AuditWriter
from custhub.features.audit.service.relay import AuditRelay
from custhub.features.audit.service.sink import CheckpointSink
from custhub.features.audit.service.verify import AuditVerifier
from custhub.kit.clock import Clock
from custhub.kit.db import Database
from custhub.kit.uow import Actor, Note, UnitOfWork
from custhub.settings import Settings


class AuditLog:
    """Relay, verifier and retention cut of one hub. `relay` is a background task of the server."""

    def __init__(
        self,
        database: Database,
        keys: LiveKeys,
        clock: Clock,
        settings: Settings,
        open_unit_of_work: Callable[[Actor, str], UnitOfWork],
        gauge: Callable[[float], None],
    ) -> None:
        """`gauge` hears the age of the oldest entry outside the chain, in seconds."""
        self._keys = keys
        self._open = open_unit_of_work
        sink = CheckpointSink(settings.audit_dir)
        self.relay = AuditRelay(
            database,
            clock,
            Checkpoints(database, keys, clock, sink),
            gauge=gauge,
            statement_timeout_ms=settings.statement_timeout_ms,
        )
        self.verifier = AuditVerifier(database, keys, clock, sink)
        self._retention = RetentionCut(
            database,
            keys,
            clock,
            self.verifier,
            AuditWriter(keys),
            open_unit_of_work,
            archive=settings.audit_dir / "archive",
            retention_days=settings.audit_retention_days,
        )

    async def verify(self, from_seq: int = 1) -> Verification:
        """`custhub audit verify`: seal what a killed process left unsealed, then walk the whole chain."""
        await self.relay.seal_all()
        return await self.verifier.verify(from_seq)

    async def verify_archive(self, path: Path) -> ArchiveReport:
        """`custhub audit verify FILE`: check one archive. Raises ValueError for a file that is none."""
        return await asyncio.to_thread(verify_archive, path, Proofs(self._keys.keyring))

    async def cut(self, actor: Actor, request_id: str) -> AsyncIterator[CutRow]:
        """`custhub audit cut`: all that is past the retention, piece by piece, each in a transaction of its own.

        Raises AuditBroken, OSError, LockTimeout; pieces given before that are done.
        """
        while (row := await self._retention.cut(actor, request_id)) is not None:
            yield row

    async def refill_sink(self, actor: Actor, request_id: str) -> int:
        """`custhub audit refill-sink`: write checkpoints that the sink lost again; audited. Gives their number."""
        written = await self.relay.checkpoints.refill()
        if written:
            work = self._open(actor, request_id)
            work.audit(Note("audit.sink_refilled", "audit", None, reason=str(written)))
            await work.commit()
        return written
