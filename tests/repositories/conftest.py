"""Fixtures below HTTP: a migrated database of each engine, and units of work over it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from custhub.kit.clock import ManualClock
from custhub.kit.db import Database
from custhub.kit.postgresql import PostgresDatabase
from custhub.kit.sqlite import SqliteDatabase
from custhub.kit.uow import SYSTEM, Fact, Note, UnitOfWork
from tests.databases import TestDatabases

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
OpenUnitOfWork = Callable[..., UnitOfWork]


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """One event loop kind for every async test."""
    return ("asyncio", {})


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    """Which engine this run is on."""
    return str(request.param)


@pytest.fixture
async def database(engine: str, tmp_path: Path, databases: TestDatabases) -> AsyncIterator[Database]:
    """An open, migrated database of this test alone."""
    made: Any
    if engine == "postgresql":
        made = PostgresDatabase(
            databases.postgres_url(), pool_min=1, pool_max=10, statement_timeout_ms=20_000, lock_timeout_ms=20_000
        )
    else:
        made = SqliteDatabase(databases.sqlite_copy(tmp_path / "data" / "custhub.db"), read_seconds=20)
    await made.open()
    yield made
    await made.close()


class Told:
    """A recorder that keeps what it is told instead of writing rows."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.notes: list[Note] = []
        self.commits = 0

    def record(self, uow: UnitOfWork, facts: Sequence[Fact], notes: Sequence[Note]) -> None:
        """Remember."""
        self.facts += facts
        self.notes += notes

    def committed(self) -> None:
        """Count."""
        self.commits += 1


@pytest.fixture
def told() -> Told:
    """What units of work of this test told."""
    return Told()


@pytest.fixture
def open_uow(database: Database, told: Told) -> OpenUnitOfWork:
    """Opens units of work; `locking=True` as for a request that lost a race."""
    clock = ManualClock(START)
    return lambda **options: UnitOfWork(database, clock, told, SYSTEM, "tests", **options)
