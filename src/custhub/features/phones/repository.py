"""Blind indexes and claims of numbers while they move from one index key to another (S-17)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ClauseElement, Select, bindparam, delete, exists, insert, literal_column, select, update

from custhub.crypto.columns import Sealed
from custhub.crypto.models import customer_keys
from custhub.features.phones.models import customer_phones, phone_claims
from custhub.kit.commands import Command, RowsCommand, Value
from custhub.kit.db import Database, TransactionConnection
from custhub.kit.query import Query, Reader, any_of

_EVERYONE: Final = "a rotation moves the indexes of all numbers and shows none"
_FIRST_ID: Final = UUID(int=0)
#: Nobody waits for longer than this for a batch to begin; the batch comes again.
_LOCK_WAIT: Final = "SET LOCAL lock_timeout = '100ms'"
# A release deletes the claims its snapshot sees. One that began before a new claim was committed would leave that
# claim behind, and block the number for good: no writer of claims may be under way while claims are added.
_HOLD: Final = "LOCK TABLE phone_claims IN SHARE ROW EXCLUSIVE MODE"

_p, _k, _c = customer_phones.c, customer_keys.c, phone_claims.c
_old, _new = phone_claims.alias("o"), phone_claims.alias("n")


#: All numbers of some customers, with their claims.
DROP_NUMBERS: Final = tuple(
    Command(delete(table).where(any_of(table.c.customer_id, "ids"))) for table in (phone_claims, customer_phones)
)


class SealedNumber(NamedTuple):
    """A stored number with what opens it; the data key is absent when the person was erased."""

    id: UUID
    customer_id: UUID
    index_kid: int
    e164: Sealed
    dek_version: int | None
    wrapped: bytes | None


class FollowedClaim(NamedTuple):
    """A claim under the old key, and whether its number has one under the new key too."""

    exact_index: bytes
    phone_id: UUID
    customer_id: UUID
    is_followed: bool


class NewIndex(NamedTuple):
    """The indexes of a number under the new key."""

    phone_id: UUID
    exact_index: bytes
    last4_index: int


def _numbers() -> Select[Any]:
    columns = (_p.id, _p.customer_id, _p.index_kid, _p.e164, _k.dek_version, _k.wrapped)
    return select(*columns).select_from(customer_phones.outerjoin(customer_keys, _k.customer_id == _p.customer_id))


_UNDER = Query(
    _numbers()
    .where(_p.index_kid == bindparam("kid"), _p.id > bindparam("after"))
    .order_by(_p.id)
    .limit(bindparam("limit")),
    SealedNumber._make,
    everyone=_EVERYONE,
)
_BY_ID = Query(_numbers().where(any_of(_p.id, "ids")).order_by(_p.id), SealedNumber._make, everyone=_EVERYONE)


def _followed(values: Iterable[Any]) -> FollowedClaim:
    exact_index, phone_id, customer_id, is_followed = values
    return FollowedClaim(exact_index, phone_id, customer_id, bool(is_followed))


_CLAIMS = Query(
    select(
        _old.c.exact_index,
        _old.c.phone_id,
        _old.c.customer_id,
        exists(
            select(literal_column("1")).where(_new.c.phone_id == _old.c.phone_id, _new.c.kid == bindparam("new_kid"))
        ),
    )
    .where(_old.c.kid == bindparam("kid"), _old.c.exact_index > bindparam("after"))
    .order_by(_old.c.exact_index)
    .limit(bindparam("limit")),
    _followed,
    everyone=_EVERYONE,
)


def _index(value: Value) -> ClauseElement:
    changed = update(customer_phones).where(_p.id == value("phone_id"), _p.index_kid != value("new_kid"))
    return changed.values(
        index_kid=value("new_kid"), exact_index=value("exact_index"), last4_index=value("last4_index")
    )


def _claim(value: Value) -> ClauseElement:
    # Only where the old claim is still held, and where nobody else holds the new one.
    is_held = exists(
        select(literal_column("1")).where(_new.c.kid == value("new_kid"), _new.c.exact_index == value("exact_index"))
    )
    claims = select(value("new_kid"), value("exact_index"), _old.c.phone_id, _old.c.customer_id).where(
        _old.c.phone_id == value("phone_id"), _old.c.kid == value("old_kid"), ~is_held
    )
    return insert(phone_claims).from_select(["kid", "exact_index", "phone_id", "customer_id"], claims)


def _drop(value: Value) -> ClauseElement:
    return delete(phone_claims).where(_c.kid == value("kid"), _c.exact_index == value("exact_index"))


_INDEX = RowsCommand(
    _index,
    phone_id=_p.id.type,
    new_kid=_p.index_kid.type,
    exact_index=_p.exact_index.type,
    last4_index=_p.last4_index.type,
)
_CLAIM = RowsCommand(
    _claim, phone_id=_p.id.type, old_kid=_c.kid.type, new_kid=_c.kid.type, exact_index=_c.exact_index.type
)
_DROP = RowsCommand(_drop, kid=_c.kid.type, exact_index=_c.exact_index.type)


async def numbers_under(reader: Reader, kid: int, after: UUID | None, limit: int) -> list[SealedNumber]:
    """The next numbers indexed under `kid`, by id."""
    return await _UNDER.all(reader, kid=kid, after=after or _FIRST_ID, limit=limit)


async def numbers_of(reader: Reader, phone_ids: Sequence[UUID]) -> list[SealedNumber]:
    """These numbers."""
    return await _BY_ID.all(reader, ids=list(phone_ids)) if phone_ids else []


async def claims_under(reader: Reader, kid: int, new_kid: int, after: bytes, limit: int) -> list[FollowedClaim]:
    """The next claims under `kid`, by index."""
    return await _CLAIMS.all(reader, kid=kid, new_kid=new_kid, after=after, limit=limit)


async def write_indexes(
    database: Database, connection: TransactionConnection, old_kid: int, new_kid: int, indexes: Sequence[NewIndex]
) -> None:
    """Index these numbers under the new key and claim those that are claimed under the old one."""
    if connection.name == "postgresql":
        await connection.execute(_LOCK_WAIT, ())
        await connection.execute(_HOLD, ())
    rows: list[Mapping[str, Any]] = [
        {
            "phone_id": index.phone_id,
            "old_kid": old_kid,
            "new_kid": new_kid,
            "exact_index": index.exact_index,
            "last4_index": index.last4_index,
        }
        for index in indexes
    ]
    await _INDEX.run(database, connection, rows)
    # One statement does not see its own rows: of two numbers with one index the younger waits for a later batch.
    distinct = {row["exact_index"]: row for row in reversed(rows)}
    await _CLAIM.run(database, connection, list(distinct.values()))


async def drop_claims(
    database: Database, connection: TransactionConnection, kid: int, claims: Sequence[FollowedClaim]
) -> None:
    """Remove claims under a key that nobody claims numbers under any more."""
    await _DROP.run(database, connection, [{"kid": kid, "exact_index": claim.exact_index} for claim in claims])
