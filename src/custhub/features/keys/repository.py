"""Saves keys, rotations, and data keys wrapped anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ClauseElement, bindparam, update

from custhub.crypto.models import CustomerKey, KeyReference, SystemKey, customer_keys, key_refs, system_keys
from custhub.features.keys.models import RotationRow, key_rotations
from custhub.features.keys.rules import KeyState
from custhub.kit.commands import Command, RowsCommand, Value
from custhub.kit.db import Database, TransactionConnection
from custhub.kit.uow import UnitOfWork
from custhub.kit.writes import LostRace

_r, _k, _s = key_rotations.c, customer_keys.c, system_keys.c

#: What a batch may change of its rotation.
_PROGRESS: Final = ("total", "processed", "unreadable", "reached", "conflicts", "updated_at", "revision")
_ADVANCE = Command(
    update(key_rotations)
    .where(_r.id == bindparam("of_id"), _r.revision == bindparam("of_revision"))
    .values({name: bindparam(f"new_{name}", type_=_r[name].type) for name in _PROGRESS})
)


def _rewrap(value: Value) -> ClauseElement:
    # `wrapped` is compared: a key that was destroyed or replaced meanwhile is left alone.
    found = update(customer_keys).where(_k.customer_id == value("owner"), _k.wrapped == value("old"))
    return found.values(kid=value("kid"), wrapped=value("new"))


def _rewrap_system(value: Value) -> ClauseElement:
    found = update(system_keys).where(_s.id == value("id"), _s.wrapped == value("old"))
    return found.values(kid=value("kid"), wrapped=value("new"))


_REWRAP = RowsCommand(_rewrap, owner=_k.customer_id.type, old=_k.wrapped.type, kid=_k.kid.type, new=_k.wrapped.type)
_REWRAP_SYSTEM = RowsCommand(_rewrap_system, id=_s.id.type, old=_s.wrapped.type, kid=_s.kid.type, new=_s.wrapped.type)

# Transactions that hold one of these locks may have begun before the last change of the keys was known.
_WRITERS: Final = """
SELECT DISTINCT l.virtualtransaction FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
WHERE l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND c.relname IN ('customer_phones', 'phone_claims', 'customer_keys', 'system_keys')
AND l.mode = 'RowExclusiveLock' AND l.granted"""


async def advance(
    database: Database, connection: TransactionConnection, row: RotationRow, changes: Mapping[str, Any]
) -> RotationRow:
    """Store the progress of a batch in the batch's own transaction. Raises LostRace when somebody else moved on."""
    new = row._replace(**changes, revision=row.revision + 1)
    values = {f"new_{name}": getattr(new, name) for name in _PROGRESS}
    if await _ADVANCE.run(database, connection, of_id=row.id, of_revision=row.revision, **values) != 1:
        raise LostRace
    return new


async def rewrap(
    database: Database, connection: TransactionConnection, kid: int, keys: Sequence[tuple[CustomerKey, bytes]]
) -> None:
    """Store data keys of customers, each with its form under `kid`."""
    rows = [{"owner": old.customer_id, "old": old.wrapped, "kid": kid, "new": new} for old, new in keys]
    await _REWRAP.run(database, connection, rows)


async def rewrap_system(
    database: Database, connection: TransactionConnection, kid: int, keys: Sequence[tuple[SystemKey, bytes]]
) -> None:
    """Store data keys of the system, each with its form under `kid`."""
    rows = [{"id": old.id, "old": old.wrapped, "kid": kid, "new": new} for old, new in keys]
    await _REWRAP_SYSTEM.run(database, connection, rows)


async def writers(database: Database) -> frozenset[str]:
    """Transactions that are writing values which need keys, right now."""
    if database.name == "postgresql":
        return frozenset(row[0] for row in await database.fetch(_WRITERS, ()))
    # The one writer is handed on in order: who waited for it before has committed by now.
    async with database.transaction():
        return frozenset()


class KeyRepository:
    """Keys and rotations inside one unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def add(self, key_id: UUID, purpose: str, kid: int, kcv: bytes, state: KeyState) -> KeyReference:
        """List a key."""
        now = self._uow.now
        ref = KeyReference(key_id, purpose, kid, kcv, state, None, now, now, 1)
        self._uow.insert(key_refs, ref)
        return ref

    def move(self, ref: KeyReference, state: KeyState) -> KeyReference:
        """Give a key another part; the unit of work is lost when it has another one by now."""
        values: dict[str, Any] = {"state": state, "updated_at": self._uow.now, "revision": ref.revision + 1}
        self._uow.update(key_refs, {"id": ref.id, "revision": ref.revision}, values, guard=True)
        return ref._replace(**values)

    def report_missing(self, ref: KeyReference, at: datetime) -> None:
        """Note that a process lacks this key."""
        self._uow.update(key_refs, {"id": ref.id}, {"missing_at": at})

    def start(self, row: RotationRow) -> None:
        """Queue a rotation."""
        self._uow.insert(key_rotations, row)

    def change(self, row: RotationRow, values: Mapping[str, Any]) -> RotationRow:
        """Store the next revision of a rotation; the unit of work is lost when somebody else moved on."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(key_rotations, {"id": row.id, "revision": row.revision}, values, guard=True)
        return row._replace(**values)
