"""Hubs with settings of their own, for the tests of accounts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.databases import TestDatabases
from tests.hub import HubUnderTest

StartHub = Callable[..., Awaitable[HubUnderTest]]


@pytest.fixture
async def start_hub(engine: str, tmp_path: Path, databases: TestDatabases) -> AsyncIterator[StartHub]:
    """Starts hubs of one test with given settings."""
    started: list[HubUnderTest] = []

    async def start(**settings: Any) -> HubUnderTest:
        home = tmp_path / str(len(started))
        url = databases.postgres_url() if engine == "postgresql" else ""
        if not url:
            databases.sqlite_copy(home / "data" / "custhub.db")
        hub = await HubUnderTest(home, url, **settings).start()
        started.append(hub)
        return hub

    yield start
    for hub in started:
        await hub.stop()
