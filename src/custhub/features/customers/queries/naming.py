"""What customers are called, and the tokens stored for them, batch by batch: for a rebuild of the tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select

from custhub.features.customers.models import TokenRow, customer_emails, customer_external_ids, customers, search_tokens
from custhub.kit.query import Query, Reader, any_of

_WHY = "a rebuild goes through all customers and tells nobody"
_c = customers.c


class NameRow(NamedTuple):
    """The columns of a customer that tokens are made of."""

    id: UUID
    kind: str
    display_name: str
    given_name: str | None
    family_name: str | None
    company_name: str | None
    tax_id: str | None
    name_key: str


class EmailName(NamedTuple):
    """An e-mail address."""

    customer_id: UUID
    email: str


class PartnerName(NamedTuple):
    """An external id."""

    customer_id: UUID
    external_id: str


class NamingBatch(NamedTuple):
    """Some customers in order of their ids, what else they are found by, and their tokens."""

    rows: Sequence[NameRow]
    emails: Sequence[EmailName]
    external_ids: Sequence[PartnerName]
    tokens: Sequence[TokenRow]


# Locked: who changes a name meanwhile changes its tokens behind the batch.
_ROWS = Query(
    select(*(_c[name] for name in NameRow._fields))
    .where(_c.id > bindparam("after", type_=_c.id.type))
    .order_by(_c.id)
    .limit(bindparam("limit"))
    .with_for_update(),
    NameRow._make,
    everyone=_WHY,
)


def _of(table: Any, row: Any) -> Query[Any]:
    columns = [table.c[name] for name in row._fields]
    return Query(select(*columns).where(any_of(table.c.customer_id, "ids")), row._make, everyone=_WHY)


_EMAILS: Query[EmailName] = _of(customer_emails, EmailName)
_EXTERNAL_IDS: Query[PartnerName] = _of(customer_external_ids, PartnerName)
_TOKENS: Query[TokenRow] = _of(search_tokens, TokenRow)


async def naming_batch(reader: Reader, after: UUID, limit: int) -> NamingBatch:
    """The next customers behind this id, their rows locked."""
    rows = await _ROWS.all(reader, after=after, limit=limit)
    ids = [row.id for row in rows]
    return NamingBatch(
        rows,
        await _EMAILS.all(reader, ids=ids),
        await _EXTERNAL_IDS.all(reader, ids=ids),
        await _TOKENS.all(reader, ids=ids),
    )


_HELD = Query(
    select(search_tokens.c.token).where(
        search_tokens.c.customer_id == bindparam("customer_id"), any_of(search_tokens.c.token, "tokens")
    ),
    tuple,
    everyone=_WHY,
)


async def tokens_held(reader: Reader, customer_id: UUID, tokens: Iterable[str]) -> set[str]:
    """Those of these tokens that a customer has."""
    return {token for (token,) in await _HELD.all(reader, customer_id=customer_id, tokens=sorted(tokens))}


async def tokens_among(reader: Reader, ids: Sequence[UUID]) -> Mapping[UUID, set[str]]:
    """What search finds these customers by now."""
    found: dict[UUID, set[str]] = {customer_id: set() for customer_id in ids}
    for row in await _TOKENS.all(reader, ids=list(ids)):
        found[row.customer_id].add(row.token)
    return found
