"""Stored files: encrypted while they stream, whole or not at all, gone when their time is over (S-05, S-108)."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from custhub.crypto.errors import IntegrityError
from custhub.crypto.files import CHUNK_BYTES, STAGED, StoredFileGone, StoredFiles
from custhub.crypto.keyring import FileKeyProvider
from custhub.crypto.live import LiveKeys
from custhub.crypto.models import StoredFileRow
from custhub.kit.clock import ManualClock
from custhub.kit.db import Database
from custhub.kit.uow import SYSTEM, UnitOfWork
from tests.repositories.conftest import START, Told


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def files(database: Database, clock: ManualClock, tmp_path: Path) -> StoredFiles:
    provider = FileKeyProvider(tmp_path / "keyring.json")
    provider.create()
    return StoredFiles(database, LiveKeys(provider), clock)


async def store(database: Database, clock: ManualClock, files: StoredFiles, content: bytes) -> StoredFileRow:
    writer = await files.begin("test")
    for start in range(0, len(content), 100_000):
        await writer.write(content[start : start + 100_000])
    uow = UnitOfWork(database, clock, Told(), SYSTEM, "tests")
    row = writer.finish(uow)
    await uow.commit()
    return row


async def read(files: StoredFiles, row: StoredFileRow) -> bytes:
    reader = await files.open(row.id)
    return b"".join([chunk async for chunk in reader])


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES - 1])
async def test_what_is_written_is_read(database: Database, clock: ManualClock, files: StoredFiles, size: int) -> None:
    content = os.urandom(size)
    row = await store(database, clock, files, content)
    assert await read(files, row) == content
    assert (row.size, row.sha256) == (size, hashlib.sha256(content).digest())
    assert await files.find(row.id) == row


async def test_s05_chunks_are_ciphertext_bound_to_their_place(
    database: Database, clock: ManualClock, files: StoredFiles
) -> None:
    marker = b"13812345678" * 60_000
    row = await store(database, clock, files, marker)
    sql = "SELECT data FROM stored_file_chunks ORDER BY number"
    assert all(b"13812345678" not in bytes(chunk[0]) for chunk in await database.fetch(sql, ()))
    async with database.transaction() as connection:
        await connection.execute("UPDATE stored_file_chunks SET number = number + 100", ())
        await connection.execute("UPDATE stored_file_chunks SET number = 0 WHERE number = 101", ())
        await connection.execute("UPDATE stored_file_chunks SET number = 1 WHERE number = 100", ())
    reader = await files.open(row.id)
    with pytest.raises(IntegrityError):
        await reader.chunk(0)


async def test_a_file_that_was_cut_off_does_not_open(
    database: Database, clock: ManualClock, files: StoredFiles
) -> None:
    row = await store(database, clock, files, os.urandom(2 * CHUNK_BYTES))
    async with database.transaction() as connection:
        await connection.execute("UPDATE stored_files SET chunks = 1", ())
    reader = await files.open(row.id)
    with pytest.raises(IntegrityError):
        await reader.chunk(0)


async def test_a_file_that_was_not_finished_is_no_file_and_goes_with_the_others(
    database: Database, clock: ManualClock, files: StoredFiles
) -> None:
    writer = await files.begin("test")
    await writer.write(os.urandom(CHUNK_BYTES * 2))
    assert await files.find(writer.row.id) is None
    assert await files.purge() == 0
    clock.advance(STAGED.total_seconds())
    assert await files.purge() == 1
    for table in ("stored_files", "stored_file_chunks", "system_keys"):
        assert not await database.fetch(f"SELECT * FROM {table}", ())  # noqa: S608  # a constant


async def test_s108_a_file_goes_within_24_hours(database: Database, clock: ManualClock, files: StoredFiles) -> None:
    row = await store(database, clock, files, os.urandom(20 * CHUNK_BYTES))
    clock.advance(STAGED.total_seconds() - 1)
    assert await files.purge() == 0
    clock.advance(1)
    assert await files.find(row.id) is None
    with pytest.raises(StoredFileGone):
        await files.open(row.id)
    assert await files.purge() == 1
    assert not await database.fetch("SELECT * FROM stored_file_chunks", ())


async def test_without_its_key_a_file_is_gone_at_once(
    database: Database, clock: ManualClock, files: StoredFiles
) -> None:
    row = await store(database, clock, files, b"content")
    uow = UnitOfWork(database, clock, Told(), SYSTEM, "tests")
    files.forget(uow, row)
    await uow.commit()
    with pytest.raises(StoredFileGone):
        await files.open(row.id)
    assert await files.purge() == 1
