"""Fixtures of the feature tests of customers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.databases import TestDatabases
from tests.hub import HubUnderTest


@pytest.fixture
async def limited_hub(engine: str, tmp_path: Path, databases: TestDatabases) -> AsyncIterator[HubUnderTest]:
    """An empty hub that counts: rate limits and quotas are on."""
    url = databases.postgres_url() if engine == "postgresql" else ""
    if not url:
        databases.sqlite_copy(tmp_path / "data" / "custhub.db")
    hub = await HubUnderTest(tmp_path, url, rate_limit="on").start()
    yield hub
    await hub.stop()
