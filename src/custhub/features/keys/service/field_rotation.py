"""Wraps every data key anew under the new `field` key; sealed values stay as they are (S-17)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TypeVar
from uuid import UUID

from custhub.crypto.cipher import SYSTEM
from custhub.crypto.errors import IntegrityError, KeyUnavailable
from custhub.crypto.models import CustomerKey, SystemKey
from custhub.features.keys.models import RotationRow
from custhub.features.keys.queries import count_dependants, system_keys_under, wrapped_after
from custhub.features.keys.repository import rewrap, rewrap_system
from custhub.features.keys.rules import POLL_SECONDS, KeyState, Phase
from custhub.features.keys.service.steps import RotationSteps
from custhub.kit.db import TransactionConnection

K = TypeVar("K", CustomerKey, SystemKey)


class FieldRotation(RotationSteps):
    """distributing: every process learns to read the new key. rewrapping: new data keys use it, old ones follow."""

    async def step(self, row: RotationRow) -> tuple[RotationRow, float]:
        """Do the next bit."""
        refs = await self.refs(row)
        new = refs[row.to_kid]
        old = [kid for kid, ref in sorted(refs.items()) if kid != row.to_kid and ref.state != KeyState.RETIRED]
        if row.phase == Phase.DISTRIBUTING:
            if not await self.is_adopted(row, new.missing_at):
                return row, POLL_SECONDS
            moves = [(new, KeyState.LIVE), (refs[row.from_kid], KeyState.RETIRING)]
            return await self.enter(row, Phase.REWRAPPING, moves, total=await self._left(old))
        return await self._rewrap(row, old)

    async def _rewrap(self, row: RotationRow, old: Sequence[int]) -> tuple[RotationRow, float]:
        if row.reached is None:
            of_system = [key for kid in old for key in await system_keys_under(self._database, kid)]
            if of_system:
                return await self._move(row, of_system, ())
        after = None if row.reached is None else UUID(bytes=row.reached)
        # One walk over the keys of all old kids, so that one place in it says what is done.
        found = [await wrapped_after(self._database, kid, after, self._size.rows) for kid in old]
        of_customers = sorted(chain.from_iterable(found), key=lambda key: key.customer_id)[: self._size.rows]
        if of_customers:
            return await self._move(row, (), of_customers)
        # All processes write under the new key by now, or what they wrote is part of the next pass.
        if not await self.is_adopted(row):
            return row, POLL_SECONDS
        left = await self._left(old)
        if not left:
            return await self.succeed(row)
        return await (self.fail(row) if left <= row.unreadable else self.again(row))

    async def _move(
        self, row: RotationRow, of_system: Sequence[SystemKey], of_customers: Sequence[CustomerKey]
    ) -> tuple[RotationRow, float]:
        kid = row.to_kid
        system = [(key, new) for key in of_system if (new := self._rewrapped(SYSTEM, key, kid))]
        customers = [(key, new) for key in of_customers if (new := self._rewrapped(key.customer_id, key, kid))]
        found, moved = len(of_system) + len(of_customers), len(system) + len(customers)

        async def work(connection: TransactionConnection) -> None:
            await rewrap_system(self._database, connection, kid, system)
            await rewrap(self._database, connection, kid, customers)

        processed = row.processed + moved
        return await self.batch(
            row,
            work,
            processed=processed,
            total=max(row.total, processed),
            unreadable=row.unreadable + found - moved,
            reached=of_customers[-1].customer_id.bytes if of_customers else SYSTEM.bytes,
        )

    def _rewrapped(self, owner: UUID, key: K, kid: int) -> bytes | None:
        try:
            return self._keys.cipher.rewrap(owner, key.dek_version, key.wrapped, kid)
        except (IntegrityError, KeyUnavailable):
            return None

    async def _left(self, kids: Sequence[int]) -> int:
        return sum([await count_dependants(self._database, "field", kid) or 0 for kid in kids])
