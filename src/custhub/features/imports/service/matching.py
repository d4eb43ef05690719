"""Rows that meet customers who are there: each by the use case of `POST /v1/customers/upsert`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from custhub.crypto.live import LiveKeys
from custhub.features.customers.queries.claims import held_numbers, reachable_among
from custhub.features.customers.rules import MatchKind
from custhub.features.customers.schemas.upsert import ConflictRules, UpsertRequest
from custhub.features.customers.service.context import CustomerContext, named
from custhub.features.customers.service.standards import RefusedChange, Standards
from custhub.features.customers.service.upserting import CustomerUpsert
from custhub.features.customers.service.upserting import Outcome as Upserted
from custhub.features.imports.models import ImportRow
from custhub.features.imports.rules.outcomes import NOBODY, Fault, Outcome
from custhub.features.imports.service.before import BeforeImages
from custhub.features.imports.service.parts import ImportParts
from custhub.features.imports.service.rows import RowReader, body_of
from custhub.features.phones.errors import PhoneTaken
from custhub.kit.db import DatabaseUnavailable, DiskFull, EngineName
from custhub.kit.errors import HubError
from custhub.kit.ids import Prefix, from_text
from custhub.kit.uow import UnitOfWork
from custhub.security.principal import Principal
from custhub.settings import Settings

_RESULTS: Final = {"created": Outcome.CREATED, "updated": Outcome.UPDATED, "unchanged": Outcome.UNCHANGED}
#: What is no row's fault.
_OURS: Final = (DatabaseUnavailable, DiskFull)

#: A row as the preparing process sends it: its place, its body, the keys of its parts by field.
SentRow = tuple[int, bytes, Mapping[str, Sequence[str]]]


class Applied(NamedTuple):
    """What became of a row, its customer, and what of it did not stand or why it failed.

    `shown` is the customer as it is now, and `existing` who stands in the way: previews tell them.
    """

    outcome: Outcome
    customer: bytes = NOBODY
    faults: Sequence[Fault] = ()
    existing: UUID | None = None
    shown: dict[str, Any] | None = None


class AppliedRows(NamedTuple):
    """What became of some rows, and the faults among them, each with its place."""

    rows: list[tuple[Outcome, bytes]]
    faults: list[list[Any]]


class Slice(NamedTuple):
    """How much goes into one transaction."""

    rows: int
    seconds: float

    def shorter(self) -> Slice:
        """A smaller one, of one row at least."""
        return self._replace(rows=max(1, self.rows // 4))


def slice_of(engine: EngineName) -> Slice:
    """On SQLite nobody else writes meanwhile (R-4); on PostgreSQL customers are locked that rows meet."""
    return Slice(500, 0.016) if engine == "sqlite" else Slice(50, 0.2)


class ImportContext(CustomerContext):
    """Of the rows of a file. What it says is said by its source, whoever uploaded it; many share a unit of work."""

    def __init__(
        self, uow: UnitOfWork, who: Principal, keys: LiveKeys, settings: Settings, standards: Standards
    ) -> None:
        super().__init__(uow, who, keys, settings, standards)
        #: Numbers of customers out of reach that a refusal has told of: each counts as looked up (S-14).
        self.looked_up: list[tuple[bytes, int]] = []

    @property
    def is_person(self) -> bool:
        """Nobody has looked at each value of a file."""
        return False

    async def explain_taken(self, indexes: Sequence[bytes]) -> PhoneTaken:
        """Name the holder within reach; lookups are counted in the unit of work, which goes on."""
        held = {number.phone_id: number for number in await held_numbers(self.uow, indexes)}
        known = await reachable_among(self.uow, self.who.reach, {number.customer_id for number in held.values()})
        if known:
            return PhoneTaken(members=named(min(known)))
        for number in held.values():
            refusal = await self.quotas.refusal("lookup", number.exact_index, number.last4_index, self.looked_up)
            if refusal is not None:
                raise refusal
            self.looked_up.append((number.exact_index, number.last4_index))
        return PhoneTaken()


class RowUpserts:
    """Applies the rows of one import, one after the other, in locking units of work."""

    def __init__(self, parts: ImportParts, row: ImportRow, who: Principal, reader: RowReader) -> None:
        stored = row.matching
        self._parts = parts
        self._who = who
        self._reader = reader
        self._may_create = row.mode == "upsert"
        self._kinds = [MatchKind(kind) for kind in stored["match_on"]]
        self._rules = ConflictRules.model_validate(stored["on_conflict"])
        #: Lookups so far.
        self.looked_up: list[tuple[bytes, int]] = []
        self._at = None if stored["occurred_at"] is None else datetime.fromisoformat(stored["occurred_at"])

    async def apply(self, uow: UnitOfWork, images: BeforeImages, sent: SentRow, *, show: bool = False) -> Applied:
        """Apply one row. A refused one leaves nothing behind but lookups. Raises LostRace: the whole unit is lost."""
        _, body, order = sent
        parts = self._parts
        context = ImportContext(uow, self._who, parts.keys, parts.settings, parts.standards)
        try:
            found = await CustomerUpsert(context).apply(self._request(body), may_create=self._may_create)
            await images.note(context, found)
            await uow.attempt()
            return self._told(found, order, context.show(found.record) if show else None)
        except _OURS:
            raise
        except HubError as error:
            uow.forget()
            if context.looked_up:
                self.looked_up += context.looked_up
                for index, bucket in context.looked_up:
                    context.quotas.record("lookup", index, bucket)
                await uow.flush()
            existing = error.members.get("existing_id")
            return Applied(
                Outcome.FAILED,
                faults=self._reader.faults_among(order, error),
                existing=None if existing is None else from_text(Prefix.CUSTOMER, str(existing)),
            )

    async def apply_some(
        self, uow: UnitOfWork, import_id: UUID, batch: Mapping[str, Any], at: int, few: Slice
    ) -> AppliedRows:
        """Apply the rows of a batch from this place on, as many as a slice holds. Raises LostRace."""
        images = BeforeImages(uow, import_id)
        bodies: dict[int, SentRow] = {sent[0]: sent for sent in batch["bodies"]}
        faults: dict[int, list[Sequence[Any]]] = {}
        for place, *fault in batch["faults"]:
            faults.setdefault(place, []).append(fault)
        done, found, began = list[tuple[Outcome, bytes]](), list[list[Any]](), time.thread_time()
        for place in range(at, min(len(batch["rows"]), at + few.rows)):
            if done and time.thread_time() - began > few.seconds:
                break
            outcome, customer = batch["rows"][place]
            applied = Applied(Outcome(outcome), customer)
            if place in bodies:
                applied = await self.apply(uow, images, bodies[place])
                await asyncio.sleep(0)  # a turn for others, no wait: the transaction goes on at once
            done.append((applied.outcome, applied.customer))
            found += [[place - at, *fault] for fault in (*faults.get(place, ()), *applied.faults)]
        return AppliedRows(done, found)

    def _request(self, body: bytes) -> UpsertRequest:
        return UpsertRequest.model_construct(
            match_on=self._kinds,
            on_conflict=self._rules,
            occurred_at=self._at,
            customer=body_of(orjson.loads(body)),
        )

    def _told(self, found: Upserted, order: Mapping[str, Sequence[str]], shown: dict[str, Any] | None) -> Applied:
        outcome = _RESULTS[found.result]
        if outcome is Outcome.UNCHANGED and found.refused:
            outcome = Outcome.REFUSED
        faults = [self._fault(change, order) for change in found.refused]
        customer = found.record.row.id
        return Applied(outcome, customer.bytes, faults, None if found.before is None else customer, shown)

    def _fault(self, change: RefusedChange, order: Mapping[str, Sequence[str]]) -> Fault:
        column, field = self._reader.place_among(order, "#/" + change.field.replace(".", "/"))
        return Fault(column, field, change.reason)
