"""Who else speaks of a customer: rows of other features, and of other customers, that name it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Table, not_, select

from custhub.kit.db import metadata
from custhub.kit.query import CONCLUDED, Query, Reader, any_of

#: Tables that every customer has its rows in from the start, by its own column.
OWN: Final = frozenset(
    {
        "customers",
        "customer_keys",
        "customer_phones",
        "phone_claims",
        "customer_emails",
        "customer_addresses",
        "customer_contacts",
        "customer_external_ids",
        "customer_tags",
        "customer_field_values",
        "search_tokens",
        "match_claims",
    }
)
#: What tells of a customer without being part of what is known of it.
TRACES: Final = frozenset({"events", "audit_entries", "idempotency_keys", "import_images"})


async def referred_to(reader: Reader, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these customers that rows beyond their own name: orders, consents, contacts of others."""
    found: set[UUID] = set()
    for query in _queries():
        found.update(await query.all(reader, ids=list(ids)))
    return found


@cache
def _queries() -> tuple[Query[UUID], ...]:
    # Late: every feature has declared its tables by then.
    return tuple(
        Query(
            select(column).distinct().where(any_of(column, "ids"), *_said(table)),
            _first,
            everyone="whether a customer is named elsewhere decides if it may go; nothing of it is shown",
        )
        for table in metadata.sorted_tables
        if table.name not in TRACES and table.info.get(CONCLUDED) is not True
        for column in _naming(table)
    )


def _said(table: Table) -> Iterable[ColumnElement[bool]]:
    # What the hub concluded itself goes with what it was concluded from.
    if CONCLUDED in table.info:
        yield not_(table.info[CONCLUDED])


def _naming(table: Table) -> Iterable[ColumnElement[Any]]:
    for column in table.columns:
        if column.name == "customer_id":
            if table.name not in OWN:
                yield column
        elif table.name != "customers" and any(key.target_fullname == "customers.id" for key in column.foreign_keys):
            yield column


def _first(values: Iterable[Any]) -> UUID:
    return next(iter(values))  # type: ignore[no-any-return]  # a row has no types
