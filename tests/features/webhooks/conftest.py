"""A hub that may call consumers on this machine, and the consumers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.databases import TestDatabases
from tests.features.webhooks.consumer import Consumer, consuming
from tests.features.webhooks.stage import Stage
from tests.hub import HubUnderTest


@pytest.fixture
async def consumers() -> AsyncIterator[list[Consumer]]:
    """Three of them."""
    async with consuming(3) as made:
        yield made


@pytest.fixture
def consumer(consumers: list[Consumer]) -> Consumer:
    """One of them."""
    return consumers[0]


@pytest.fixture
async def stage(
    engine: str, tmp_path: Path, databases: TestDatabases, consumers: list[Consumer]
) -> AsyncIterator[Stage]:
    """A hub of one test, at the present time."""
    database: Path | str
    if engine == "postgresql":
        url = database = databases.postgres_url()
    else:
        url, database = "", databases.sqlite_copy(tmp_path / "data" / "custhub.db")
    ports = tuple(consumer.port for consumer in consumers)
    hub = HubUnderTest(tmp_path, url, egress_allow=("127.0.0.0/8",), egress_http=True, egress_ports=ports)
    await hub.start()
    try:
        yield Stage(hub)
    finally:
        await hub.stop()
        databases.drop(database)
