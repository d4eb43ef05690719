"""Secrets that belong to no customer: one-time-code seeds, webhook and provider secrets (S-01, S-05)."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import bindparam, select

from custhub.crypto.cipher import SYSTEM, Dek
from custhub.crypto.columns import Sealed
from custhub.crypto.errors import IntegrityError
from custhub.crypto.live import LiveKeys
from custhub.crypto.models import SystemKey, system_keys
from custhub.kit.db import Database, Violation
from custhub.kit.ids import new_id
from custhub.kit.query import Query
from custhub.kit.uow import UnitOfWork
from custhub.kit.writes import WriteSet

_BY_PURPOSE = Query(select(system_keys).where(system_keys.c.purpose == bindparam("purpose")), SystemKey._make)


class SystemVault:
    """Seals and opens under the data key of one purpose, bound to table, column and row.

    The key is made with the first value that is sealed, and never for opening one: a missing key shows as
    IntegrityError, not as a new one.
    """

    def __init__(self, database: Database, keys: LiveKeys, purpose: str) -> None:
        self._database = database
        self._keys = keys
        self._purpose = purpose

    async def seal(
        self, table: str, column: str, row_id: UUID, plaintext: bytes, *, within: UnitOfWork | None = None
    ) -> Sealed:
        """The sealed value. Outside the caller's unit of work: a key that nothing uses yet does no harm.

        A caller that may hold a transaction names it as `within`: on SQLite that is the only one that can write.
        """
        if within is not None and not within.is_open:
            within = None
        row = await self._row(within) or await self._create(within)
        return Sealed(self._dek(row).seal(table, column, row_id, plaintext))

    async def open(self, table: str, column: str, row_id: UUID, sealed: Sealed) -> bytes:
        """The plaintext. Raises IntegrityError, KeyUnavailable."""
        dek = await self.key()
        if dek is None:
            raise IntegrityError
        return dek.open(table, column, row_id, sealed.blob)

    async def key(self) -> Dek | None:
        """The data key, to open many values; None before the first was sealed. Raises KeyUnavailable."""
        row = await self._row(None)
        return None if row is None else self._dek(row)

    def _dek(self, row: SystemKey) -> Dek:
        return self._keys.cipher.unwrap(SYSTEM, row.dek_version, row.wrapped)

    async def _row(self, within: UnitOfWork | None) -> SystemKey | None:
        return await _BY_PURPOSE.first(within or self._database, purpose=self._purpose)

    async def _create(self, within: UnitOfWork | None) -> SystemKey:
        self._keys.require_current()
        dek, wrapped = self._keys.cipher.new_dek(SYSTEM)
        row = SystemKey(new_id(), self._purpose, dek.version, self._keys.cipher.kid_of(wrapped), wrapped)
        if within is not None and within.name == "sqlite":
            within.insert(system_keys, row)
            await within.flush()
            return row
        writes = WriteSet()
        writes.insert(system_keys, row._asdict())
        try:
            await self._database.send(writes)
        except Violation:
            # Another process was first: its key counts.
            made = await self._row(None)
            if made is None:
                raise
            return made
        return row
