"""Fixtures of the feature tests: each runs on both engines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.client import ApiClient
from tests.databases import TestDatabases
from tests.hub import HubUnderTest


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """One event loop kind for every async test."""
    return ("asyncio", {})


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    """Which engine this run is on."""
    return str(request.param)


@asynccontextmanager
async def _running(engine: str, home: Path, databases: TestDatabases) -> AsyncIterator[HubUnderTest]:
    """A started hub on an empty migrated database, both gone afterwards."""
    database: Path | str
    if engine == "postgresql":
        url = database = databases.postgres_url()
    else:
        url, database = "", databases.sqlite_copy(home / "data" / "custhub.db")
    started = await HubUnderTest(home, url).start()
    try:
        yield started
    finally:
        await started.stop()
        databases.drop(database)


@pytest.fixture(scope="module")
async def hub(
    engine: str, tmp_path_factory: pytest.TempPathFactory, databases: TestDatabases
) -> AsyncIterator[HubUnderTest]:
    """A hub shared by the tests of one module: do not count its rows."""
    async with _running(engine, tmp_path_factory.mktemp("hub"), databases) as started:
        yield started


@pytest.fixture
async def fresh_hub(engine: str, tmp_path: Path, databases: TestDatabases) -> AsyncIterator[HubUnderTest]:
    """A hub of one test, empty."""
    async with _running(engine, tmp_path, databases) as started:
        yield started


@pytest.fixture
def api(hub: HubUnderTest) -> ApiClient:
    """A client of the shared hub with every scope."""
    return hub.api
