"""Stored files: what is imported and exported, encrypted while it streams, deleted when its time is over (S-05, S-108).

A file has a data key of its own, in `system_keys`. Its chunks lie in the database, each bound to the file, to its
number and to whether it is the last one: none can be exchanged, left out or cut off unnoticed. Without its key a file
is gone, whatever is left of its chunks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Integer, bindparam, delete, select

from custhub.crypto.cipher import SYSTEM, Dek
from custhub.crypto.live import LiveKeys
from custhub.crypto.models import (
    FileChunkRow,
    StoredFileRow,
    SystemKey,
    stored_file_chunks,
    stored_files,
    system_keys,
)
from custhub.kit.clock import Clock
from custhub.kit.commands import Command
from custhub.kit.db import Database
from custhub.kit.errors import Gone, Text
from custhub.kit.ids import new_id
from custhub.kit.query import Query
from custhub.kit.uow import UnitOfWork
from custhub.kit.writes import WriteSet

CHUNK_BYTES: Final = 256 * 1024
#: How long what was uploaded or written is kept, unless somebody says otherwise. The purge comes every hour: with it
#: nothing is older than 24 hours (S-108).
STAGED: Final = timedelta(hours=23)
#: Chunks that are deleted in one transaction: no write waits long for it.
_DELETED_AT_ONCE: Final = 16

_f, _c = stored_files.c, stored_file_chunks.c
_FILE: Final = Query(select(stored_files).where(_f.id == bindparam("id")), StoredFileRow._make)
_KEY: Final = Query(select(system_keys).where(system_keys.c.id == bindparam("id")), SystemKey._make)
_CHUNK: Final = Query(
    select(stored_file_chunks).where(_c.file_id == bindparam("file_id"), _c.number == bindparam("number")),
    FileChunkRow._make,
)
_EXPIRED: Final = Query(
    select(stored_files)
    .where(_f.expires_at <= bindparam("now", type_=_f.expires_at.type))
    .order_by(_f.expires_at)
    .limit(bindparam("rows")),
    StoredFileRow._make,
)
_DROP_KEY: Final = Command(delete(system_keys).where(system_keys.c.id == bindparam("id", type_=system_keys.c.id.type)))
_DROP_CHUNKS: Final = Command(
    delete(stored_file_chunks).where(
        _c.file_id == bindparam("file_id", type_=_c.file_id.type),
        _c.number >= bindparam("first", type_=Integer()),
        _c.number < bindparam("end", type_=Integer()),
    )
)
_ANY_CHUNK: Final = Query(
    select(_c.number).where(_c.file_id == bindparam("file_id")).order_by(_c.number.desc()).limit(1), tuple
)
_DROP_FILE: Final = Command(delete(stored_files).where(_f.id == bindparam("id", type_=_f.id.type)))


class StoredFileGone(Gone):
    """The file has had its time and was deleted."""

    code = "stored_file_gone"
    title = "File deleted"
    zh = Text("文件已删除", "文件已过保存期限并被删除。")


class FileWriter:
    """Takes a file as it comes and stores it sealed, chunk by chunk. Nobody sees it before `finish`."""

    def __init__(self, database: Database, clock: Clock, row: StoredFileRow, dek: Dek) -> None:
        self._database = database
        self._clock = clock
        self._dek = dek
        self._held = bytearray()
        self._hash = sha256()
        self._number = 0
        self.row = row
        #: Bytes taken so far.
        self.size = 0

    async def write(self, data: bytes) -> None:
        """Take the next bytes; memory stays flat. Raises DiskFull, DatabaseUnavailable."""
        self._hash.update(data)
        self.size += len(data)
        self._held += data
        # One is always held back: the last one is sealed as such.
        while len(self._held) > CHUNK_BYTES:
            chunk = bytes(self._held[:CHUNK_BYTES])
            del self._held[:CHUNK_BYTES]
            writes = WriteSet()
            writes.insert(stored_file_chunks, self._sealed(chunk, is_last=False)._asdict())
            await self._database.send(writes)

    @property
    def sha256(self) -> bytes:
        """Of all that was taken so far."""
        return self._hash.digest()

    def finish(self, uow: UnitOfWork, *, expires_at: datetime | None = None) -> StoredFileRow:
        """Add the last chunk and the rest to this unit of work; the file exists once that is committed."""
        uow.insert(stored_file_chunks, self._sealed(bytes(self._held), is_last=True))
        self._held.clear()
        values: dict[str, Any] = {
            "size": self.size,
            "chunks": self._number,
            "sha256": self.sha256,
            "completed_at": uow.now,
            "expires_at": expires_at or self.row.expires_at,
        }
        uow.update(stored_files, {"id": self.row.id}, values, guard=True)
        self.row = self.row._replace(**values)
        return self.row

    def _sealed(self, chunk: bytes, *, is_last: bool) -> FileChunkRow:
        number = self._number
        self._number += 1
        return FileChunkRow(self.row.id, number, self._dek.seal_chunk(self.row.id, number, chunk, is_last=is_last))


class FileReader:
    """Opens the chunks of one complete file, in any order."""

    def __init__(self, database: Database, row: StoredFileRow, dek: Dek, key: SystemKey) -> None:
        self._database = database
        self._dek = dek
        self.row = row
        #: The wrapped data key: for a process that opens the chunks itself.
        self.key = key

    async def sealed(self, number: int) -> bytes:
        """A chunk as it is stored. Raises StoredFileGone."""
        found = await _CHUNK.first(self._database, file_id=self.row.id, number=number)
        if found is None:
            raise StoredFileGone
        return bytes(found.data)

    async def chunk(self, number: int) -> bytes:
        """A chunk in the clear. Raises StoredFileGone, IntegrityError."""
        return open_chunk(self._dek, self.row, number, await self.sealed(number))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The whole file, one chunk at a time."""
        for number in range(self.row.chunks):
            yield await self.chunk(number)


def open_chunk(dek: Dek, row: StoredFileRow, number: int, blob: bytes) -> bytes:
    """A chunk of a complete file in the clear. Raises IntegrityError."""
    return dek.open_chunk(row.id, number, blob, is_last=number == row.chunks - 1)


class StoredFiles:
    """Writes, reads and deletes stored files."""

    def __init__(self, database: Database, keys: LiveKeys, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock

    async def begin(self, purpose: str, *, kept: timedelta = STAGED) -> FileWriter:
        """Begin a file, with a key of its own. What is never finished goes when its time is over, too."""
        self._keys.require_current()
        now, cipher, file_id = self._clock.now(), self._keys.cipher, new_id()
        dek, wrapped = cipher.new_dek(SYSTEM)
        key = SystemKey(new_id(), f"file:{file_id.hex}", dek.version, cipher.kid_of(wrapped), wrapped)
        row = StoredFileRow(file_id, purpose, key.id, 0, 0, b"", None, now + kept, now)
        writes = WriteSet()
        writes.insert(system_keys, key._asdict())
        writes.insert(stored_files, row._asdict())
        await self._database.send(writes)
        return FileWriter(self._database, self._clock, row, dek)

    async def find(self, file_id: UUID) -> StoredFileRow | None:
        """A complete file that still has time; None for any other."""
        row = await _FILE.first(self._database, id=file_id)
        if row is None or row.completed_at is None or row.expires_at <= self._clock.now():
            return None
        return row

    async def open(self, file_id: UUID) -> FileReader:
        """A complete file, to be read. Raises StoredFileGone, KeyUnavailable."""
        row = await self.find(file_id)
        key = None if row is None else await _KEY.first(self._database, id=row.key_id)
        if row is None or key is None:
            raise StoredFileGone
        return FileReader(self._database, row, self._keys.cipher.unwrap(SYSTEM, key.dek_version, key.wrapped), key)

    async def discard(self, file_id: UUID) -> None:
        """Delete a file, if it is there, though it was never finished."""
        row = await _FILE.first(self._database, id=file_id)
        if row is not None:
            await self.delete(row)

    def forget(self, uow: UnitOfWork, row: StoredFileRow) -> None:
        """Destroy the key of a file with what else is written: nobody can read it any more. `purge` clears up."""
        uow.delete(system_keys, {"id": row.key_id})
        uow.update(stored_files, {"id": row.id}, {"expires_at": uow.now})

    async def delete(self, row: StoredFileRow) -> None:
        """Delete a file, its key first. What a crash leaves over, `purge` takes."""
        database = self._database
        async with database.transaction() as connection:
            await _DROP_KEY.run(database, connection, id=row.key_id)
        last = await _ANY_CHUNK.first(database, file_id=row.id)
        for first in range(0, 0 if last is None else last[0] + 1, _DELETED_AT_ONCE):
            async with database.transaction() as connection:
                await _DROP_CHUNKS.run(database, connection, file_id=row.id, first=first, end=first + _DELETED_AT_ONCE)
        async with database.transaction() as connection:
            await _DROP_FILE.run(database, connection, id=row.id)

    async def purge(self) -> int:
        """Delete every file that has had its time; how many."""
        total = 0
        while expired := await _EXPIRED.all(self._database, now=self._clock.now(), rows=20):
            for row in expired:
                await self.delete(row)
            total += len(expired)
        return total
