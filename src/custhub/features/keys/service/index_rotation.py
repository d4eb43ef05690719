"""Moves blind indexes and claims of numbers to the new `bidx` key while uniqueness holds under both (S-17).

distributing: every process learns the new key. dual_writing: every new claim is made under both keys.
backfilling: stored numbers are indexed under the new key, their claims get a twin. matching: match keys are made
under both. verifying: every claim has its twin. switching: new numbers are indexed under the new key; what was
indexed under the old one meanwhile follows. dropping: claims are made under the new key only, old ones go. clearing:
old match keys go. Processes in neighbouring phases agree: lookups ask for both indexes from the first twin to the
last, and any two of them claim under one common key.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from custhub.features.keys.models import RotationRow
from custhub.features.keys.queries import count_dependants, count_indexed
from custhub.features.keys.repository import KeyRepository
from custhub.features.keys.rules import POLL_SECONDS, KeyState, Phase
from custhub.features.keys.service.steps import RotationSteps
from custhub.features.phones.service.reindexing import FollowedClaim, Reindexing
from custhub.kit.db import TransactionConnection
from custhub.kit.ids import Prefix, to_text
from custhub.kit.uow import SYSTEM, UnitOfWork

log = logging.getLogger("custhub.keys")
_MAX_CONFLICTS = 100
#: Customers whose match keys are made in one transaction: each is read whole.
_MOST_CUSTOMERS = 100
Step = tuple[RotationRow, float]
Refill = Callable[[UnitOfWork, UUID | None, int], Awaitable[tuple[UUID | None, int]]]


class IndexRotation(RotationSteps):
    """Each phase is one method; which key does what follows from `key_refs` alone."""

    #: Makes match keys of the next customers behind one anew, in a unit of work: the last of them, and how many.
    refill: Refill | None = None

    async def step(self, row: RotationRow) -> Step:
        """Do the next bit."""
        numbers = Reindexing(self._database, self._keys, row.from_kid, row.to_kid)
        match row.phase:
            case Phase.DISTRIBUTING:
                return await self._distribute(row)
            case Phase.DUAL_WRITING:
                return await self._dual_write(row)
            case Phase.BACKFILLING:
                return await self._backfill(row, numbers)
            case Phase.MATCHING:
                return await self._refill(row) or await self.enter(row, Phase.VERIFYING)
            case Phase.CLEARING:
                return await self._refill(row) or await self.succeed(row)
            case Phase.VERIFYING:
                return await self._verify(row, numbers)
            case Phase.SWITCHING:
                return await self._switch(row, numbers)
            case _:
                return await self._drop(row, numbers)

    async def _distribute(self, row: RotationRow) -> Step:
        new = (await self.refs(row))[row.to_kid]
        if not await self.is_adopted(row, new.missing_at):
            return row, POLL_SECONDS
        return await self.enter(row, Phase.DUAL_WRITING, [(new, KeyState.FILLING)])

    async def _dual_write(self, row: RotationRow) -> Step:
        if not await self.is_adopted(row):
            return row, POLL_SECONDS
        return await self.enter(row, Phase.BACKFILLING, total=await count_indexed(self._database, row.from_kid))

    async def _backfill(self, row: RotationRow, numbers: Reindexing) -> Step:
        # What comes meanwhile is indexed under the old key too and follows after the switch: no tail to run after.
        moved = await self._reindex(row, numbers) if row.processed + row.unreadable < row.total else None
        if moved is not None:
            return moved
        if row.unreadable:
            return await self.fail(row)
        return await self.enter(row, Phase.MATCHING)

    async def _verify(self, row: RotationRow, numbers: Reindexing) -> Step:
        claims = await numbers.claims(row.reached or b"", self._size.rows)
        if claims:
            return await self._walk(row, numbers, claims, drop=False)
        refs = await self.refs(row)
        moves = [(refs[row.to_kid], KeyState.LIVE), (refs[row.from_kid], KeyState.DRAINING)]
        return await self.enter(row, Phase.SWITCHING, moves)

    async def _switch(self, row: RotationRow, numbers: Reindexing) -> Step:
        moved = await self._reindex(row, numbers)
        if moved is not None:
            return moved
        # Until then some process may still index under the old key.
        if not await self.is_adopted(row):
            return row, POLL_SECONDS
        left = await count_indexed(self._database, row.from_kid)
        if left:
            return await (self.fail(row) if left <= row.unreadable else self.again(row))
        old = (await self.refs(row))[row.from_kid]
        return await self.enter(row, Phase.DROPPING, [(old, KeyState.RETIRING)])

    async def _drop(self, row: RotationRow, numbers: Reindexing) -> Step:
        claims = await numbers.claims(row.reached or b"", self._size.rows)
        if claims:
            return await self._walk(row, numbers, claims, drop=True)
        # Until then some process may still claim under the old key too.
        if not await self.is_adopted(row):
            return row, POLL_SECONDS
        if not await count_dependants(self._database, row.purpose, row.from_kid):
            return await self.enter(row, Phase.CLEARING)
        late = await numbers.batch(None, self._size.rows)
        if late is not None:
            # Written by somebody who stood still for longer than a process is waited for.
            row, _ = await self.batch(row, lambda c: numbers.store(c, late.indexes), unreadable=late.unreadable)
            if not late.indexes:
                return await self.fail(row)
        return await self.again(row)

    async def _reindex(self, row: RotationRow, numbers: Reindexing) -> Step | None:
        after = None if row.reached is None else UUID(bytes=row.reached)
        batch = await numbers.batch(after, self._size.rows)
        if batch is None:
            return None
        processed = row.processed + len(batch.indexes)
        return await self.batch(
            row,
            lambda connection: numbers.store(connection, batch.indexes),
            processed=processed,
            total=max(row.total, processed),
            unreadable=row.unreadable + batch.unreadable,
            reached=batch.last.bytes,
        )

    async def _refill(self, row: RotationRow) -> Step | None:
        """Make what content gives under the keys of now, some customers further; None at the end."""
        if self.refill is None:
            return None
        began, uow = time.perf_counter(), self._open(SYSTEM, row.request_id)
        after = None if row.reached is None else UUID(bytes=row.reached)
        try:
            last, _ = await self.refill(uow, after, min(self._size.rows, _MOST_CUSTOMERS))
            if last is None:
                await uow.rollback()
                return None
            row = KeyRepository(uow).change(row, {"reached": last.bytes})
            await self._job.batch(uow)
        except BaseException:
            await uow.rollback()
            raise
        took = time.perf_counter() - began
        self._size.took(took)
        return row, took

    async def _walk(
        self, row: RotationRow, numbers: Reindexing, claims: Sequence[FollowedClaim], *, drop: bool
    ) -> Step:
        if any(not claim.is_followed for claim in claims):
            row, claims = await self._pair(row, numbers, claims)

        async def work(connection: TransactionConnection) -> None:
            if drop:
                await numbers.drop(connection, claims)

        return await self.batch(row, work, reached=claims[-1].exact_index) if claims else (row, 0.0)

    async def _pair(
        self, row: RotationRow, numbers: Reindexing, claims: Sequence[FollowedClaim]
    ) -> tuple[RotationRow, Sequence[FollowedClaim]]:
        """Give claims without one their twin. One that somebody else holds is reported, not fought over."""
        indexes = await numbers.of([claim.phone_id for claim in claims if not claim.is_followed])
        row, _ = await self.batch(row, lambda connection: numbers.store(connection, indexes))
        claims = await numbers.claims(row.reached or b"", len(claims))
        known = {conflict["phone_id"] for conflict in row.conflicts}
        lost = [_shown(claim) for claim in claims if not claim.is_followed]
        conflicts: list[Any] = [*row.conflicts, *(conflict for conflict in lost if conflict["phone_id"] not in known)]
        if len(conflicts) > len(row.conflicts):
            log.warning("numbers with two holders", extra={"purpose": row.purpose, "count": len(conflicts)})
            row, _ = await self.batch(row, _nothing, conflicts=conflicts[:_MAX_CONFLICTS])
        return row, claims


def _shown(claim: FollowedClaim) -> dict[str, str]:
    return {
        "customer_id": to_text(Prefix.CUSTOMER, claim.customer_id),
        "phone_id": to_text(Prefix.PHONE, claim.phone_id),
    }


async def _nothing(_: TransactionConnection) -> None:
    return None
