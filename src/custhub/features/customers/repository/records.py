"""Loads and saves customers inside a unit of work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, null, update

from custhub.crypto.models import CustomerKey, customer_keys
from custhub.features.customers.errors import CustomerErased, CustomerNotFound
from custhub.features.customers.models import (
    MATCH_CLAIM,
    AddressRow,
    ContactRow,
    CustomerRow,
    EmailRow,
    ExternalIdRow,
    FieldValueRow,
    MatchClaimRow,
    TagRow,
    TokenRow,
    customer_addresses,
    customer_contacts,
    customer_emails,
    customer_external_ids,
    customer_field_values,
    customer_tags,
    customers,
    match_claims,
    search_tokens,
)
from custhub.features.customers.queries import BY_ID, LOCKED, CustomerRecord
from custhub.features.customers.queries.merged import survivors_of
from custhub.features.customers.queries.records import MANY, MANY_LOCKED
from custhub.kit.commands import Command
from custhub.kit.contested import ContestedInsert
from custhub.kit.errors import HubError
from custhub.kit.query import any_of
from custhub.kit.uow import UnitOfWork
from custhub.kit.writes import LostRace
from custhub.security.reach import Reach

Part = EmailRow | AddressRow | ContactRow | ExternalIdRow | TagRow | FieldValueRow

_TABLES: dict[type[NamedTuple], Table] = {
    EmailRow: customer_emails,
    AddressRow: customer_addresses,
    ContactRow: customer_contacts,
    ExternalIdRow: customer_external_ids,
    TagRow: customer_tags,
    FieldValueRow: customer_field_values,
}
_BULK = (
    ("emails", customer_emails),
    ("addresses", customer_addresses),
    ("contacts", customer_contacts),
    ("tags", customer_tags),
)
#: What a record is without its person: kept are only what it was for the business and where it belongs.
BLANK: Mapping[str, Any] = {
    "display_name": "",
    "given_name": None,
    "family_name": None,
    "company_name": None,
    "name_key": "",
    "tax_id": None,
    "birthday": None,
    "birthday_calendar": None,
    "birthday_leap_month": False,
    "gender": "unknown",
    "language": None,
    "time_zone": None,
    "preferred_channel": None,
    "note": None,
    "spans": None,
    "category": None,
    "needs": None,
    "custom": None,
    "custom_sealed": None,
    "provenance": None,
}
_c = customers.c
#: Nothing but their ids stays of these customers.
BLANK_ALL = Command(
    update(customers)
    .where(any_of(_c.id, "ids"), _c.erased_at.is_(None))
    .values(
        {
            **{name: null() if value is None else value for name, value in BLANK.items()},
            "archived_at": bindparam("now", type_=_c.archived_at.type),
            "erased_at": bindparam("now", type_=_c.erased_at.type),
            "updated_at": bindparam("now", type_=_c.updated_at.type),
            "revision": _c.revision + 1,
        }
    )
)
DROP_PARTS = tuple(
    Command(delete(table).where(any_of(table.c.customer_id, "ids")))
    for table in (
        customer_emails, customer_addresses, customer_contacts, customer_external_ids, customer_tags,
        customer_field_values, search_tokens, match_claims, customer_keys,
    )
)  # fmt: skip
_CLAIM = ContestedInsert(customer_external_ids, ("source", "external_id"))


#: Where the rows of addresses and of external ids go, for whoever names them without the table.
EMAILS, EXTERNAL_IDS = str(customer_emails.name), str(customer_external_ids.name)


def rows_of(
    record: CustomerRecord, key: CustomerKey, found_by: Sequence[FieldValueRow], tokens: Sequence[str]
) -> Iterator[tuple[Table, Sequence[Any]]]:
    """All rows of a new customer but for what others may hold, parents first: imports store the same ones."""
    yield customers, (record.row,)
    yield customer_keys, (key,)
    yield search_tokens, [TokenRow(record.row.id, token) for token in tokens]
    for name, table in _BULK:
        if parts := getattr(record, name):
            yield table, parts
    if found_by:
        yield customer_field_values, found_by


async def lost_race() -> HubError:
    """Explains a violated constraint as a lost race: run again, the rival's row is found."""
    raise LostRace


class CustomerRepository:
    """Customers one caller may reach."""

    def __init__(self, uow: UnitOfWork, reach: Reach) -> None:
        self._uow = uow
        self._reach = reach
        self._loaded: dict[UUID, CustomerRecord] = {}

    async def load(self, ids: Sequence[UUID], *, lock: bool) -> None:
        """Read many at once: the next `get` of each answers from here. Locked ones nobody changes meanwhile."""
        params = {"ids": sorted(ids), **self._reach.params}
        if lock:
            await self._uow.flush()
            await MANY_LOCKED.of(self._reach).all(self._uow, **params)
        self._loaded = {record.row.id: record for record in await MANY.of(self._reach).all(self._uow, **params)}

    def loaded(self, customer_id: UUID) -> CustomerRecord | None:
        """One of those that `load` found within reach; it is not there any more once `get` has answered it."""
        return self._loaded.get(customer_id)

    async def get(self, customer_id: UUID) -> CustomerRecord:
        """One customer with its parts. Raises CustomerNotFound, also for one out of reach, and CustomerErased."""
        record = self._loaded.pop(customer_id, None) or await self._read(customer_id)
        if record is None:
            raise CustomerNotFound
        if record.row.erased_at is not None:
            raise CustomerErased
        return record

    async def current(self, customer_id: UUID) -> CustomerRecord:
        """`get` of whom an id leads to: of who was merged, the customer that it became, through any number of merges.

        What is written to a merged customer is written to that one.
        """
        if self._uow.locking:
            # Found before anything is locked: merges lock in the order of ids, and this would not.
            customer_id = (await survivors_of(self._uow, [customer_id])).get(customer_id, customer_id)
        record = await self.get(customer_id)
        while record.row.merged_into is not None:
            record = await self.get(record.row.merged_into)
        return record

    async def _read(self, customer_id: UUID) -> CustomerRecord | None:
        params = {"id": customer_id, **self._reach.params}
        if self._uow.locking:
            await LOCKED.of(self._reach).first(self._uow, **params)
        return await BY_ID.of(self._reach).first(self._uow, **params)

    def add(self, row: CustomerRow, key: CustomerKey, tokens: Sequence[str]) -> None:
        """Store a new customer, its data key and what search finds it by."""
        self._uow.insert(customers, row)
        self._uow.insert(customer_keys, key)
        self._uow.writes.insert_all(search_tokens, _token_rows(row.id, tokens))

    def change(self, row: CustomerRow, values: Mapping[str, Any]) -> CustomerRow:
        """Store changed columns as the next revision; the unit of work is lost when the row moved on meanwhile."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(customers, {"id": row.id, "revision": row.revision}, values, guard=True)
        return row._replace(**values)

    def add_all(
        self, added: Sequence[tuple[CustomerRecord, CustomerKey, Sequence[FieldValueRow], Sequence[str]]]
    ) -> None:
        """Store many new customers with all of theirs but for numbers and external ids."""
        by_table: dict[Table, list[Mapping[str, Any]]] = {}
        for record, key, found_by, tokens in added:
            for table, rows in rows_of(record, key, found_by, tokens):
                by_table.setdefault(table, []).extend(row._asdict() for row in rows)
        for table, values in by_table.items():
            self._uow.writes.insert_all(table, values)

    async def claim_external_ids(self, rows: Iterable[ExternalIdRow]) -> set[tuple[str, str]]:
        """Store the external ids that are free, before their customers; (source, id) of those that were."""
        return {(source, external_id) for source, external_id in await _CLAIM.store(self._uow, list(rows))}

    def add_parts(self, parts: Iterable[Part]) -> None:
        """Store new parts."""
        for part in parts:
            self._uow.insert(_TABLES[type(part)], part)

    def change_part(self, old: EmailRow | AddressRow | ContactRow, new: EmailRow | AddressRow | ContactRow) -> None:
        """Store what differs of a part."""
        values = {name: value for name, value in new._asdict().items() if getattr(old, name) != value}
        self._uow.update(_TABLES[type(new)], {"id": new.id}, values)

    def remove_part(self, part: EmailRow | AddressRow | ContactRow | ExternalIdRow) -> None:
        """Remove a part."""
        self._uow.delete(_TABLES[type(part)], {"id": part.id})

    def remove_tag(self, tag: TagRow) -> None:
        """Remove a tag."""
        self._uow.delete(customer_tags, {"customer_id": tag.customer_id, "tag_key": tag.tag_key})

    def change_values(self, old: Iterable[FieldValueRow], new: Iterable[FieldValueRow]) -> None:
        """Store by what lists find a customer now."""
        before, after = set(old), set(new)
        for row in sorted(before - after):
            self._uow.delete(customer_field_values, row._asdict())
        self.add_parts(sorted(after - before))

    def claim_match(self, key: bytes, customer_id: UUID, holder: UUID | None) -> None:
        """Be the one who creates a customer for this match key; `holder` is who was, and has the key no longer.

        A rival at the same moment makes the unit of work lose.
        """
        if holder is None:
            self._uow.insert(match_claims, MatchClaimRow(key, customer_id))
            self._uow.on_violation(MATCH_CLAIM, lost_race)
        else:
            claim = {"key": key, "customer_id": holder}
            self._uow.update(match_claims, claim, {"customer_id": customer_id}, guard=True)

    def name_persons(self, merged: Mapping[UUID, UUID]) -> None:
        """Contacts that were just stored with somebody who was merged name who that is now."""
        changes = (({"person_id": own}, {"person_id": now}) for own, now in merged.items())
        self._uow.writes.update_all(customer_contacts, changes)

    def hold_back_email(self, row_id: UUID, entry: UUID) -> None:
        """Say which entry of the suppression list forbids to write to an address that was just stored."""
        self._uow.update(customer_emails, {"id": row_id}, {"suppressed_by": entry})

    def set_keys_live(self, customer_id: UUID, *, live: bool) -> None:
        """Free or take back the external ids of a customer."""
        self._uow.update(customer_external_ids, {"customer_id": customer_id}, {"is_live": live})


def change_tokens(uow: UnitOfWork, changes: Iterable[tuple[UUID, Iterable[str], Iterable[str]]]) -> None:
    """Store what differs between the tokens of customers before and after."""
    gone: list[dict[str, Any]] = []
    added: list[dict[str, Any]] = []
    for customer_id, old, new in changes:
        before, after = set(old), set(new)
        gone += _token_rows(customer_id, sorted(before - after))
        added += _token_rows(customer_id, sorted(after - before))
    uow.writes.delete_all(search_tokens, gone)
    uow.writes.insert_all(search_tokens, added)


def _token_rows(customer_id: UUID, tokens: Iterable[str]) -> list[dict[str, Any]]:
    return [{"customer_id": customer_id, "token": token} for token in tokens]
