"""Customers by the thousand: made ready without a database, stored set-based, by the rules of a single create.

`BulkPreparer` runs wherever there are keys, in a process without a database too; `store_prepared` in the transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from custhub.events.outbox import EVENTS, event_of
from custhub.features.audit.service import ENTRIES, AuditWriter, EntrySeries
from custhub.features.customers.events import CustomerCreated
from custhub.features.customers.models import ExternalIdRow
from custhub.features.customers.repository import EMAILS, EXTERNAL_IDS, rows_of
from custhub.features.customers.schemas.bodies import CustomerCreate
from custhub.features.customers.service.building import CustomerBuilder, NewCustomer
from custhub.features.customers.service.claiming import Candidate, Claims, Holder, claims_of, of_claims
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.profile import CustomerService
from custhub.features.phones.service import NUMBERS, PHONE_CLAIMS, ClaimRow, hold_back_new
from custhub.features.suppressions.service import NOBODY, mailbox_hashes, number_hashes, screen_hashes
from custhub.kit.bulk import EncodedRow, RowCoders
from custhub.kit.db import metadata
from custhub.kit.errors import HubError
from custhub.kit.ids import new_id
from custhub.kit.query import Reader
from custhub.kit.uow import Note
from custhub.kit.writes import SORTED
from custhub.security.reach import ReachKind

__all__ = [
    "Asked",
    "BulkPreparer",
    "Candidate",
    "ClaimRow",
    "EncodedTable",
    "ExternalIdRow",
    "Holder",
    "PreparedBatch",
    "PreparedCustomer",
    "hold_back_prepared",
    "of_claims",
    "refused_candidates",
    "screen_prepared",
    "store_prepared",
    "unborn",
]


#: Name of a table, rows for it, and whose each is, by place.
EncodedTable = tuple[str, Sequence[EncodedRow], Sequence[int]]
#: Tables of what one customer has and no other, in the order in which a single create takes it on PostgreSQL.
_KEYS = (EXTERNAL_IDS, PHONE_CLAIMS)
#: What their rows are sorted by everywhere, so that rivals wait for each other and never in a circle.
_SORTED = {name: attrgetter(*metadata.tables[name].info[SORTED]) for name in _KEYS}
#: Members that a customer has only once it is stored.
_NOT_YET = frozenset(
    {"id", "object", "created_at", "updated_at", "revision", "added_at", "added_by", "archived_at", "merged_into"}
)


class Asked(NamedTuple):
    """What the suppression list is to be asked about a row of numbers or addresses: its hashes, and where it stands."""

    table: str
    row_id: UUID
    pointer: str
    hashes: frozenset[tuple[int, bytes]]


class PreparedCustomer(NamedTuple):
    """A customer ready to be stored: what it must be given before, and its rows by table, parents first.

    `keys` are the rows of what it must be given, with what they are sorted by.
    """

    holder: Holder
    numbers: Sequence[ClaimRow]
    external_ids: Sequence[ExternalIdRow]
    keys: Sequence[tuple[str, tuple[Any, ...], EncodedRow]]
    rows: Sequence[tuple[str, Sequence[EncodedRow]]]
    asked: Sequence[Asked]


class PreparedBatch(NamedTuple):
    """Many of them. Tables have encoded rows, and whose each is, by place; `keys` are those of what all want to have.

    `candidates` are made when somebody may not have what it wants.
    """

    candidates: Callable[[], Sequence[Candidate]]
    keys: Sequence[EncodedTable]
    tables: Sequence[EncodedTable]


class _Teller(NamedTuple):
    """What tells of customers who were given the same fields at the same time."""

    event: Callable[..., EncodedRow]
    entries: EntrySeries
    entry: Callable[..., EncodedRow]


class BulkPreparer:
    """Makes customers ready as one caller; nothing of it asks a database.

    Owners, teams and persons that a body names are checked by whoever stores it. Without `is_screened` nothing is
    hashed for the suppression list: whoever stores it knows that the list names nobody.
    """

    def __init__(self, context: CustomerContext, *, bulk_id: UUID | None = None, is_screened: bool = True) -> None:
        uow = context.uow
        self._context = context
        self._audit = AuditWriter(context.keys)
        self._service = CustomerService(context)
        self._builder = CustomerBuilder(context)
        self._coders = RowCoders(uow.dialect)
        uow.bulk_id = bulk_id
        self._is_screened = is_screened
        self._tellers: dict[frozenset[str], _Teller] = {}

    def at(self, now: datetime) -> None:
        """From now on it is so late."""
        self._context.uow.now = now
        self._tellers.clear()

    def prepare(self, body: CustomerCreate) -> PreparedCustomer:
        """The rows of a body. Raises the rule that a value breaks, FieldNotWritable, SourceNotGranted."""
        self._service.check_rights(body)
        new = self._builder.build(body)
        row = new.record.row
        numbers = claims_of(self._context.phones, new)
        return PreparedCustomer(
            Holder(row.id, row.owner_id, row.team_id, row.source),
            numbers,
            new.record.external_ids,
            [*self._keys(numbers, new.record.external_ids)],
            [*self._own(new), *self._told(row.id, frozenset(body.model_fields_set))],
            [*self._asked(new)] if self._is_screened else (),
        )

    def _keys(
        self, numbers: Sequence[ClaimRow], external_ids: Sequence[ExternalIdRow]
    ) -> Iterable[tuple[str, tuple[Any, ...], EncodedRow]]:
        for name, rows in zip(_KEYS, (external_ids, numbers), strict=True):
            coder, order = self._coders.of(name), _SORTED[name]
            for row in rows:
                yield name, order(row), coder.encode(row)

    def _asked(self, new: NewCustomer) -> Iterable[Asked]:
        keys = self._context.keys
        for i, (phone, number) in enumerate(zip(new.record.phones, new.numbers, strict=True)):
            yield Asked(NUMBERS, phone.id, f"#/phones/{i}/number", number_hashes(keys, number.e164))
        for i, email in enumerate(new.record.emails):
            yield Asked(EMAILS, email.id, f"#/emails/{i}/email", mailbox_hashes(keys, email.folded))

    def show(self, body: CustomerCreate) -> dict[str, Any]:
        """What GET would show of it, without what it does not have yet: ids, times and revisions."""
        new = self._builder.build(body)
        return unborn(self._context.show(new.record))

    def _own(self, new: NewCustomer) -> Iterable[tuple[str, Sequence[EncodedRow]]]:
        for table, rows in rows_of(new.record, new.key, new.values, new.tokens):
            coder = self._coders.of(table.name)
            yield coder.name, [coder.encode(row) for row in rows]
        if new.record.phones:
            coder = self._coders.of(NUMBERS)
            yield coder.name, [coder.encode(phone) for phone in new.record.phones]
        name, keys = self._context.standards.matching.rows(new)
        coder = self._coders.of(name)
        yield name, [coder.encode(key) for key in keys]

    def _told(self, customer_id: UUID, fields: frozenset[str]) -> Iterable[tuple[str, Sequence[EncodedRow]]]:
        teller = self._tellers.get(fields)
        if teller is None:
            teller = self._tellers[fields] = self._teller(fields)
        entry_id, mac = teller.entries.next(customer_id)
        data = {"id": CustomerCreated.subject_text(customer_id, {})}
        yield EVENTS, [teller.event(new_id(), customer_id, customer_id, data)]
        yield ENTRIES, [teller.entry(entry_id, customer_id, customer_id, mac)]

    def _teller(self, fields: frozenset[str]) -> _Teller:
        """What every event and every entry of this moment says; who it is about is put in."""
        uow, someone = self._context.uow, new_id()
        event = event_of(uow, CustomerCreated(someone, 1, someone))
        entry = self._audit.entry_of(uow, Note("customer.created", "customer", someone, someone, sorted(fields)))
        return _Teller(
            self._coders.of(EVENTS).stencil(event, ("id", "subject_id", "customer_id", "data")),
            EntrySeries(self._context.keys, entry),
            self._coders.of(ENTRIES).stencil(entry, ("id", "object_id", "customer_id", "mac")),
        )


def unborn(view: Mapping[str, Any]) -> dict[str, Any]:
    """A body without what a customer has only once it is stored."""
    shown: dict[str, Any] = _unborn(view)
    return shown


def _unborn(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _unborn(held) for name, held in value.items() if name not in _NOT_YET}
    return [_unborn(item) for item in value] if isinstance(value, list | tuple) else value


async def store_prepared(
    context: CustomerContext, batch: PreparedBatch, *, at_once: bool = True
) -> Mapping[int, HubError]:
    """Store who may be stored, in the explicit transaction of the unit of work; why others may not, by place.

    With `at_once` all get what they want if nobody else has any of it, without a question; else one after the other.
    Raises LostRace for the victim of a deadlock: nothing of it is left, and all is still at hand.
    """
    refused: Mapping[int, HubError] = {}
    sees_all = context.who.reach.kind is ReachKind.ALL
    by_name = {name: rows for name, rows, _ in batch.keys}
    wanted = [(name, by_name[name]) for name in _KEYS if by_name.get(name)]
    if not (at_once and sees_all and (not wanted or await context.uow.load_all(wanted))):
        claims = Claims(context, batch.candidates())
        if not sees_all:
            await claims.look_up()  # a refusal for one out of reach is a lookup, counted as one (S-14)
        refused = (await claims.claim()).refused
    for name, rows, places in batch.tables:
        kept = rows
        if refused:
            kept = [row for row, place in zip(rows, places, strict=True) if place not in refused]
        if kept:
            await context.uow.load(name, kept)
    return refused


async def screen_prepared(
    reader: Reader, asked: Sequence[tuple[int, Asked]]
) -> tuple[dict[int, HubError], list[tuple[int, Asked, UUID]]]:
    """Rows of erased people, refused by place, and what may be stored but not contacted, with the entry (S-85)."""
    found = await screen_hashes(reader, {one.row_id.hex: one.hashes for _, one in asked})
    refused: dict[int, HubError] = {}
    held_back: list[tuple[int, Asked, UUID]] = []
    if found is NOBODY:
        return refused, held_back
    for place, one in asked:
        try:
            entry = found.mailbox(one.row_id.hex, one.pointer)
        except HubError as error:
            refused[place] = error
            continue
        if entry is not None:
            held_back.append((place, one, entry))
    return refused, held_back


def hold_back_prepared(context: CustomerContext, held_back: Sequence[tuple[Asked, UUID]]) -> None:
    """Say of rows that were just stored that they may not be contacted."""
    for one, entry in held_back:
        if one.table == NUMBERS:
            hold_back_new(context.uow, one.row_id, entry)
        else:
            context.customers.hold_back_email(one.row_id, entry)


async def refused_candidates(context: CustomerContext, candidates: Sequence[Candidate]) -> Mapping[int, HubError]:
    """Who could not be stored now, and why, by place; lookups are counted as for a batch, nothing is stored."""
    return (await Claims(context, candidates).look_up()).refused
