"""Many customers in one transaction, each accepted or refused on its own (CONTRACT D4)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

from custhub.features.customers.errors import BatchRefused
from custhub.features.customers.events import CustomerCreated
from custhub.features.customers.schemas.bodies import CustomerCreate
from custhub.features.customers.service.building import CustomerBuilder, NewCustomer
from custhub.features.customers.service.claiming import Candidate, Claims, Verdict, candidate
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.profile import CustomerService
from custhub.features.customers.service.screening import marked
from custhub.features.phones.service import store_numbers
from custhub.features.suppressions.service import screen
from custhub.http.issues import issue
from custhub.kit.errors import FieldIssue, HubError
from custhub.kit.uow import Note, Recorder, UnitOfWork
from custhub.kit.writes import LostRace, Write

#: Items built before others get the loop again: a few milliseconds of work.
_BUILT_AT_ONCE = 10
#: Customers in one statement; SQLite writes them in the loop, so others get it in between.
_STORED_AT_ONCE = 50
_MANY_ISSUES = 1_000
#: Seconds before a transaction that lost a deadlock is sent again.
_PAUSES = (0.01, 0.03, 0.1, 0.3)

Read = Callable[[Any], CustomerCreate]


class Outcome(NamedTuple):
    """What became of one item: its customer, or why there is none."""

    customer_id: UUID | None
    error: HubError | None


class CustomerBatches:
    """Creates many customers. `recorder` makes the rows of their events and audit entries."""

    def __init__(self, context: CustomerContext, recorder: Recorder) -> None:
        self._context = context
        self._uow = context.uow
        self._recorder = recorder
        self._claim_kids = context.keys.claim_kids
        self._unreadable: dict[int, HubError] = {}
        self._built: dict[int, NewCustomer] = {}
        self._told: dict[int, list[Write]] = {}
        # Rows of events and audit entries are made here, each with its item, and stored with those that are accepted.
        self._telling = UnitOfWork(
            context.uow.database, context.uow.clock, recorder, context.uow.actor, context.uow.request_id
        )
        self._telling.now = context.uow.now

    async def create(self, items: Sequence[Any], read: Read, *, atomic: bool) -> list[Outcome]:
        """Store what can be stored, or nothing when `atomic` and something cannot. Raises BatchRefused.

        Everything is read, built, sealed and looked up before the transaction begins; `read` turns a raw item into a
        body or raises what is wrong with it.
        """
        candidates = await self._build(items, read)
        claims = Claims(self._context, candidates)
        self._check_whole((await claims.look_up()).refused, atomic=atomic)
        verdict = await self._stored(claims, atomic=atomic)
        stored = {item.place: item.holder.id for item in verdict.accepted}
        refused = {**self._unreadable, **verdict.refused}
        return [Outcome(stored.get(place), refused.get(place)) for place in range(len(items))]

    async def _stored(self, claims: Claims, *, atomic: bool) -> Verdict:
        for pause in (*_PAUSES, None):
            self._check_keys()
            try:
                verdict = await claims.claim()
                self._check_whole(verdict.refused, atomic=atomic)
                await self._store(verdict.accepted)
                self._check_keys()
                return verdict
            except LostRace:
                # The victim of a deadlock with other creates. Nothing of it is left, and all is still at hand.
                await self._uow.rollback()
                if pause is None:
                    raise
                await asyncio.sleep(pause)
        raise LostRace

    async def _build(self, items: Sequence[Any], read: Read) -> list[Candidate]:
        service, builder = CustomerService(self._context), CustomerBuilder(self._context)
        built: dict[int, tuple[CustomerCreate, NewCustomer]] = {}
        for place, item in enumerate(items):
            if place % _BUILT_AT_ONCE == 0:
                await asyncio.sleep(0)
            try:
                body = await service.check(read(item))
                built[place] = body, builder.build(body)
            except HubError as error:
                self._unreadable[place] = error
        return await self._screened(built)

    async def _screened(self, built: Mapping[int, tuple[CustomerCreate, NewCustomer]]) -> list[Candidate]:
        """The items that the suppression list lets pass, asked once for all."""
        numbers = [number for _, new in built.values() for number in new.numbers]
        mailboxes = [email.folded for _, new in built.values() for email in new.record.emails]
        found = await screen(self._uow, self._context.keys, numbers, mailboxes)
        candidates: list[Candidate] = []
        for done, (place, (body, new)) in enumerate(built.items()):
            if done % _BUILT_AT_ONCE == 0:
                await asyncio.sleep(0)
            try:
                passed = marked(new, found)
            except HubError as error:
                self._unreadable[place] = error
                continue
            self._built[place] = passed
            candidates.append(candidate(self._context, place, passed))
            self._tell(place, passed.record.row.id, body)
        return candidates

    def _tell(self, place: int, customer_id: UUID, body: CustomerCreate) -> None:
        """Make the event and the audit entry of an item now: signing them takes no time in the transaction."""
        fact = CustomerCreated(customer_id, 1, customer_id)
        note = Note("customer.created", "customer", customer_id, customer_id, sorted(body.model_fields_set))
        self._recorder.record(self._telling, [fact], [note])
        self._told[place] = list(self._telling.writes.writes)
        self._telling.writes.clear()

    def _check_keys(self) -> None:
        """Raise LostRace when numbers are claimed under other keys than when the batch was built (S-17)."""
        if self._context.keys.claim_kids != self._claim_kids:
            raise LostRace

    def _check_whole(self, refused: Mapping[int, HubError], *, atomic: bool) -> None:
        everything = {**self._unreadable, **refused}
        if atomic and everything:
            issues = [found for place in sorted(everything) for found in issues_of(place, everything[place])]
            raise BatchRefused(issues=issues[:_MANY_ISSUES])

    async def _store(self, accepted: Sequence[Candidate]) -> None:
        for start in range(0, len(accepted), _STORED_AT_ONCE):
            some = accepted[start : start + _STORED_AT_ONCE]
            news = [self._built[item.place] for item in some]
            self._context.customers.add_all([(new.record, new.key, new.values, new.tokens) for new in news])
            self._context.standards.matching.add(self._uow, news)
            store_numbers(self._uow, [row for new in news for row in new.record.phones])
            self._store_told(write for item in some for write in self._told[item.place])
            self._recorder.record(self._uow, (), ())  # nothing to tell: it looks at the keys of these rows
            await self._uow.flush()
            await asyncio.sleep(0)  # a turn for others, no wait: the transaction goes on at once

    def _store_told(self, told: Iterable[Write]) -> None:
        by_table: dict[Any, list[Mapping[str, Any]]] = {}
        for write in told:
            by_table.setdefault(write.table, []).append(write.values)
        for table, rows in by_table.items():
            self._uow.writes.insert_all(table, rows)


def issues_of(place: int, error: HubError) -> list[FieldIssue]:
    """Where in a batch an item was refused, and for what."""
    if not error.issues:
        return [issue(f"#/items/{place}", error.code)]
    return [
        replace(found, pointer=f"#/items/{place}{found.pointer.removeprefix('#')}", location="body")
        for found in error.issues
    ]
