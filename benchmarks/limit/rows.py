"""What the limit shares between engines: the statements of the hub, and a plain body of a row."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.engine.interfaces import Dialect

from custhub.crypto.columns import Sealed
from custhub.crypto.models import CustomerKey
from custhub.events.outbox import EventRow
from custhub.features.audit.models import AuditEntry
from custhub.features.customers.models import CustomerRow
from custhub.features.customers.queries import BY_ID, CustomerRecord, make_record
from custhub.features.customers.queries.listing import CustomerSort, Selection, page_statement
from custhub.features.customers.queries.lookup import BY_NUMBER
from custhub.features.phones.models import ClaimRow, PhoneRow
from custhub.kit.db import metadata
from custhub.kit.ids import Prefix, new_id, to_text
from custhub.kit.query import Text
from custhub.migrate import load_tables
from custhub.security.reach import ALL_ROWS

TABLES = ("customers", "customer_keys", "customer_phones", "phone_claims", "events", "audit_entries")
load_tables()


class Statements:
    """The hub's own SQL, compiled for one engine."""

    def __init__(self, dialect: Dialect) -> None:
        self.get = BY_ID.of(ALL_ROWS).text(dialect)
        self.lookup = BY_NUMBER.of(ALL_ROWS).text(dialect)
        selection = Selection({}, "false")
        self.page = Text(page_statement(selection, CustomerSort.CREATED_DOWN, after=False), dialect)
        self.next = Text(page_statement(selection, CustomerSort.CREATED_DOWN, after=True), dialect)

    @staticmethod
    def record(text: Text, raw: Any) -> CustomerRecord:
        """A row as Python values."""
        return make_record(text.row(raw))


def body(record: CustomerRecord) -> dict[str, Any]:
    """The answer; the number is shown as it is stored, nothing is opened."""
    row = record.row
    return {
        "id": to_text(Prefix.CUSTOMER, row.id),
        "object": "customer",
        **{name: getattr(row, name) for name in _PLAIN},
        "birthday": None,
        "owner_id": None,
        "team_id": None,
        "phones": [_phone(phone) for phone in record.phones],
        "emails": [],
        "addresses": [],
        "contacts": [],
        "external_ids": [],
        "tags": [],
        "can": None,
    }


_PLAIN = (
    "kind", "display_name", "given_name", "family_name", "company_name", "tax_id", "gender", "language", "time_zone",
    "preferred_channel", "stage", "source", "note", "archived_at", "created_at", "updated_at", "revision",
)  # fmt: skip


def _phone(row: PhoneRow) -> dict[str, Any]:
    plain = ("label", "country", "kind", "is_primary", "shared", "status", "verified_at", "checked_at", "expires_at")
    return {
        "id": to_text(Prefix.PHONE, row.id),
        "object": "phone",
        "masked": "+86 138****5678",
        "error": None,
        **{name: getattr(row, name) for name in (*plain, "created_at", "updated_at", "revision")},
    }


def new_rows(name: str, number: str) -> tuple[CustomerRecord, list[tuple[Any, ...]]]:
    """The record of a new customer and the same six rows the hub writes, in the order of `TABLES`."""
    now = datetime.now(UTC)
    customer_id, phone_id = new_id(), new_id()
    customer = CustomerRow(
        customer_id, "person", name, None, None, None, name, None, None, None, False, "unknown", None, None, None,
        "lead", "api", None, None, None, None, None, None, None, None, None, None, now, now, 1,
    )  # fmt: skip
    index = number.encode().ljust(16, b"0")[:16]
    sealed = Sealed(number.encode().ljust(66, b"0"))
    phone = PhoneRow(
        phone_id, customer_id, None, "mobile", "CN", True, False, "unknown", None, None, None, None, sealed, sealed, 1,
        os.urandom(16), 7, now, now, 1,
    )  # fmt: skip
    rows: list[tuple[Any, ...]] = [
        customer,
        CustomerKey(customer_id, 1, 1, bytes(65)),
        phone,
        ClaimRow(1, os.urandom(4) + index[:12], phone_id, customer_id),
        EventRow(new_id(), "customer.created", 1, now, "customer", customer_id, 1, customer_id, "user", None, "r", {}),
        AuditEntry(
            new_id(),
            now,
            "user",
            None,
            None,
            "r",
            "customer.created",
            "customer",
            customer_id,
            customer_id,
            [],
            None,
            "done",
            None,
            1,
            bytes(32),
        ),
    ]
    return CustomerRecord(customer, 1, bytes(65), (phone,), (), (), (), (), ()), rows


def insert_texts(dialect: Dialect) -> list[tuple[str, list[Any]]]:
    """Text and parameter conversions of the six inserts."""
    texts: list[tuple[str, list[Any]]] = []
    for name in TABLES:
        table = metadata.tables[name]
        compiled = insert(table).compile(dialect=dialect)
        processors = [compiled._bind_processors.get(column) for column in compiled.positiontup or ()]
        texts.append((str(compiled), processors))
    return texts


def bound(row: tuple[Any, ...], processors: list[Any]) -> list[Any]:
    """The parameters of one insert."""
    return [value if p is None else p(value) for value, p in zip(row, processors, strict=True)]
