"""Customers as scans read them: the next ones by id, and each kind of part by the range of those ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Select, Table, bindparam, or_, select

from custhub.crypto.models import customer_keys
from custhub.features.consents.models import consent_states
from custhub.features.customers.models import customer_addresses, customer_contacts, customer_emails, customers
from custhub.features.phones.models import customer_phones, phone_claims
from custhub.features.quality.models import VerificationRow, findings, verifications
from custhub.features.quality.rules import (
    SCAN,
    FindingState,
    SeenAddress,
    SeenConsent,
    SeenCustomer,
    SeenEmail,
    SeenPhone,
)
from custhub.kit.query import Query, Reader

R = TypeVar("R")
_WHY: Final = "a scan looks at all customers and tells nobody; what it finds is read within reach"
_c, _k, _f, _p = customers.c, customer_keys.c, findings.c, phone_claims.c
_WIDTH: Final = len(SeenCustomer._fields)


class KeyedCustomer(NamedTuple):
    """A customer with its wrapped data key, None where that is gone."""

    row: SeenCustomer
    dek_version: int | None
    wrapped_dek: bytes | None


class KnownFinding(NamedTuple):
    """What is known of a finding of an earlier scan."""

    id: UUID
    customer_id: UUID
    kind: str
    field: str
    part: str
    state: str
    digest: bytes
    revision: int


class Slice(NamedTuple):
    """Some customers in the order of their ids, with all that is looked at."""

    customers: Sequence[KeyedCustomer]
    phones: Sequence[SeenPhone]
    emails: Sequence[SeenEmail]
    addresses: Sequence[SeenAddress]
    consents: Sequence[SeenConsent]
    with_contacts: frozenset[UUID]
    with_claims: frozenset[UUID]
    findings: Sequence[KnownFinding]
    verifications: Sequence[VerificationRow]


def _keyed(values: Iterable[Any]) -> KeyedCustomer:
    values = list(values)
    return KeyedCustomer(SeenCustomer._make(values[:_WIDTH]), *values[_WIDTH:])


def _first(values: Iterable[Any]) -> UUID:
    return next(iter(values))  # type: ignore[no-any-return]  # a row has no types


_ROWS: Final = Query(
    select(*(_c[name] for name in SeenCustomer._fields), _k.dek_version, _k.wrapped)
    .select_from(customers.outerjoin(customer_keys, _k.customer_id == _c.id))
    .where(_c.id > bindparam("after", type_=_c.id.type))
    .order_by(_c.id)
    .limit(bindparam("limit")),
    _keyed,
    everyone=_WHY,
)


def _between(statement: Select[Any], table: Table, row: Callable[[Iterable[Any]], R]) -> Query[R]:
    owner = table.c.customer_id
    low, high = (bindparam(name, type_=owner.type) for name in ("after", "upto"))
    return Query(statement.where(owner > low, owner <= high), row, everyone=_WHY)


def _parts(table: Table, row: Any) -> Query[Any]:
    return _between(select(*(table.c[name] for name in row._fields)), table, row._make)


_PHONES: Final[Query[SeenPhone]] = _parts(customer_phones, SeenPhone)
_EMAILS: Final[Query[SeenEmail]] = _parts(customer_emails, SeenEmail)
_ADDRESSES: Final[Query[SeenAddress]] = _parts(customer_addresses, SeenAddress)
_CONSENTS: Final[Query[SeenConsent]] = _parts(consent_states, SeenConsent)
_VERIFICATIONS: Final[Query[VerificationRow]] = _parts(verifications, VerificationRow)
_CONTACTS: Final = _between(select(customer_contacts.c.customer_id).distinct(), customer_contacts, _first)
_CLAIMS: Final = _between(
    select(_p.customer_id)
    .select_from(phone_claims.join(customers, _c.id == _p.customer_id))
    .where(_c.archived_at.is_not(None)),
    phone_claims,
    _first,
)
_FINDINGS: Final = _between(
    select(*(_f[name] for name in KnownFinding._fields)).where(
        _f.source == SCAN, or_(_f.state == FindingState.OPEN.value, _f.state == FindingState.REJECTED.value)
    ),
    findings,
    KnownFinding._make,
)


async def next_slice(reader: Reader, after: UUID, limit: int) -> Slice | None:
    """The customers behind this id; None behind the last one."""
    rows = await _ROWS.all(reader, after=after, limit=limit)
    if not rows:
        return None
    span = {"after": after, "upto": rows[-1].row.id}
    return Slice(
        rows,
        await _PHONES.all(reader, **span),
        await _EMAILS.all(reader, **span),
        await _ADDRESSES.all(reader, **span),
        await _CONSENTS.all(reader, **span),
        frozenset(await _CONTACTS.all(reader, **span)),
        frozenset(await _CLAIMS.all(reader, **span)),
        await _FINDINGS.all(reader, **span),
        await _VERIFICATIONS.all(reader, **span),
    )
