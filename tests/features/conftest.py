"""Fixtures of the feature tests: each runs on both engines."""

from __future__ import annotations

from collections.abc import AsyncIterator
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


async def _started(engine: str, home: Path, databases: TestDatabases, **settings: Any) -> HubUnderTest:
    url = ""
    if engine == "postgresql":
        url = databases.postgres_url()
    else:
        databases.sqlite_copy(home / "data" / "custhub.db")
    return await HubUnderTest(home, url, **settings).start()


@pytest.fixture(scope="module")
async def hub(
    engine: str, tmp_path_factory: pytest.TempPathFactory, databases: TestDatabases
) -> AsyncIterator[HubUnderTest]:
    """A hub shared by the tests of one module: do not count its rows."""
    started = await _started(engine, tmp_path_factory.mktemp("hub"), databases)
    yield started
    await started.stop()


@pytest.fixture
async def fresh_hub(engine: str, tmp_path: Path, databases: TestDatabases) -> AsyncIterator[HubUnderTest]:
    """A hub of one test, empty."""
    started = await _started(engine, tmp_path, databases)
    yield started
    await started.stop()


@pytest.fixture
def api(hub: HubUnderTest) -> ApiClient:
    """A client of the shared hub with every scope."""
    return hub.api
