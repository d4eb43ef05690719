"""Fixtures of the process tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.databases import TestDatabases
from tests.process.fault_proxy import FaultProxy
from tests.process.here import Run, runner
from tests.process.running import RunningHub, serving


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return ("asyncio", {})


@pytest.fixture
async def proxy(postgres_url: str) -> AsyncIterator[FaultProxy]:
    """A line to a migrated database of this test, that can be cut."""
    async with FaultProxy(postgres_url) as made:
        yield made


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """An embedded development hub, shared by the tests of one module."""
    with serving(tmp_path_factory.mktemp("hub"), rate_limit="off") as made:
        yield made


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process."""
    return runner(monkeypatch, capsys)


@pytest.fixture
def production(tmp_path: Path, databases: TestDatabases) -> dict[str, str]:
    """Settings of a production hub on PostgreSQL."""
    return {"profile": "production", "database_url": databases.postgres_url()}
