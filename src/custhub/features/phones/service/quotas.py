"""How often a principal may look numbers up or open them (S-23, S-24)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Literal
from uuid import UUID
from weakref import WeakValueDictionary

from custhub.features.phones.errors import LookupQuotaExceeded, MaskProbing, RevealQuotaExceeded
from custhub.features.phones.events import RevealQuotaNeared
from custhub.features.phones.models import PhoneUse, phone_uses
from custhub.features.phones.queries import DAY, MINUTE, Uses, uses_of
from custhub.kit.errors import TooMany
from custhub.kit.ids import new_id
from custhub.kit.purge import Purge
from custhub.kit.uow import UnitOfWork
from custhub.security.principal import Principal
from custhub.settings import Settings

UseKind = Literal["lookup", "reveal"]
#: Different numbers of one last-4 a day: more is completing masks by trial.
SAME_LAST4_PER_DAY = 20
_NEARED = 0.8
#: Uses that no quota counts any more.
USES_KEPT = timedelta(days=2)
OLD_USES = Purge(phone_uses, phone_uses.c.at)

# One use at a time per principal: two parallel ones must not both see the last free place.
_gates: WeakValueDictionary[tuple[UUID, UseKind], asyncio.Lock] = WeakValueDictionary()


class PhoneQuotas:
    """Counts uses in the database; `CUSTHUB_RATE_LIMIT=off` lifts the limits, the uses are recorded all the same."""

    def __init__(self, uow: UnitOfWork, who: Principal, settings: Settings) -> None:
        self._uow = uow
        self._who = who
        self._settings = settings

    @asynccontextmanager
    async def one(self, kind: UseKind, index: bytes | None = None, bucket: int | None = None) -> AsyncIterator[None]:
        """One use: checked, recorded, and committed with what the block writes.

        Raises LookupQuotaExceeded, RevealQuotaExceeded, MaskProbing before the block runs.
        """
        if self._settings.rate_limit == "off":
            self.record(kind, index, bucket)
            yield
            await self._uow.commit()
            return
        gate = _gates.setdefault((self._who.id, kind), asyncio.Lock())
        async with gate:
            self._check(kind, await uses_of(self._uow, self._who.id, kind, self._uow.now, index, bucket))
            self.record(kind, index, bucket)
            yield
            # Committed inside the gate, so that the next one counts it.
            await self._uow.commit()

    async def many(self, kind: UseKind, numbers: Sequence[tuple[bytes, int]]) -> list[TooMany | None]:
        """Many uses, by (index, bucket) in the order they count; for each the refusal, or None.

        They are committed here, with nothing else: what they were for may be rolled back, they are not.
        """
        async with _gates.setdefault((self._who.id, kind), asyncio.Lock()):
            answers: list[TooMany | None] = []
            counted: list[tuple[bytes, int]] = []
            over: TooMany | None = None
            for index, bucket in numbers:
                refusal = over or await self.refusal(kind, index, bucket, counted)
                if refusal is None:
                    counted.append((index, bucket))
                    self.record(kind, index, bucket)
                elif not isinstance(refusal, MaskProbing):
                    over = refusal  # what is used up for one is used up for all that follow
                answers.append(refusal)
            await self._uow.commit()
            return answers

    async def refusal(
        self, kind: UseKind, index: bytes, bucket: int, counted: Sequence[tuple[bytes, int]]
    ) -> TooMany | None:
        """Why one more use is too many, None where it is not; `counted` are those that are not stored yet."""
        if self._settings.rate_limit == "off":
            return None
        now = self._uow.now
        known = await uses_of(self._uow, self._who.id, kind, now, index, bucket)
        alike = {other for other, same in counted if same == bucket and other != index}
        uses = Uses(
            known.minute + len(counted),
            known.day + len(counted),
            known.oldest_of_minute or now,
            known.oldest_of_day or now,
            known.same_last4 + len(alike),
        )
        try:
            self._check(kind, uses)
        except TooMany as refusal:
            return refusal
        return None

    def record(self, kind: UseKind, index: bytes | None, bucket: int | None) -> None:
        """Count one use, unasked, in the transaction of what else is written."""
        self._uow.insert(phone_uses, PhoneUse(new_id(), self._who.id, kind, self._uow.now, index, bucket))

    def _check(self, kind: UseKind, uses: Uses) -> None:
        settings = self._settings
        if kind == "lookup":
            per_minute, per_day = settings.lookup_per_minute, settings.lookup_per_day
            exceeded: type[LookupQuotaExceeded | RevealQuotaExceeded] = LookupQuotaExceeded
        else:
            per_minute = settings.reveal_per_minute
            per_day = self._who.quota.reveals_per_day or settings.reveal_per_day
            exceeded = RevealQuotaExceeded
        if uses.day >= per_day and uses.oldest_of_day is not None:
            raise exceeded(headers={"Retry-After": self._seconds(uses.oldest_of_day + DAY - self._uow.now)})
        if uses.minute >= per_minute and uses.oldest_of_minute is not None:
            raise exceeded(headers={"Retry-After": self._seconds(uses.oldest_of_minute + MINUTE - self._uow.now)})
        if uses.same_last4 >= SAME_LAST4_PER_DAY:
            raise MaskProbing(headers={"Retry-After": self._seconds(DAY)})
        if kind == "reveal" and uses.day + 1 == int(per_day * _NEARED):
            self._uow.emit(
                RevealQuotaNeared(self._who.id, 1, extra={"principal": f"{self._who.kind}", "per_day": per_day})
            )

    @staticmethod
    def _seconds(left: timedelta) -> str:
        return str(max(1, int(left.total_seconds()) + 1))
