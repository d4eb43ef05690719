"""Rows that have had their time go, a few at a time, and no others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from custhub.features.phones.service.quotas import OLD_USES, USES_KEPT
from custhub.http.idempotency import EXPIRED_ANSWERS, KEPT
from custhub.kit import purge
from tests.databases import TestDatabases
from tests.hub import HubUnderTest, make_customer

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["sqlite", "postgresql"])
async def hub(request: pytest.FixtureRequest, tmp_path: Path, databases: TestDatabases) -> AsyncIterator[HubUnderTest]:
    url = databases.postgres_url() if request.param == "postgresql" else ""
    if not url:
        databases.sqlite_copy(tmp_path / "data" / "custhub.db")
    started = await HubUnderTest(tmp_path, url).start()
    yield started
    await started.stop()


async def test_contract_d3_answers_are_forgotten_after_a_day(
    hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "_ROWS", 2)
    for number in range(5):
        await hub.api.post("/v1/customers", json=make_customer(), headers={"Idempotency-Key": f"old-answer-{number}"})
    hub.clock.advance(60)
    await hub.api.post("/v1/customers", json=make_customer(), headers={"Idempotency-Key": "new-answer-1"})
    assert await EXPIRED_ANSWERS.run(hub.app.database, hub.clock.now()) == 0
    hub.clock.advance(KEPT.total_seconds() - 30)
    assert await EXPIRED_ANSWERS.run(hub.app.database, hub.clock.now()) == 5
    assert [row[0] for row in await hub.rows("SELECT key FROM idempotency_keys")] == ["new-answer-1"]


async def test_s24_uses_of_numbers_are_forgotten_after_two_days(hub: HubUnderTest) -> None:
    await hub.api.post("/v1/customers/lookup", json={"phone": "138 1234 5678"})
    hub.clock.advance(USES_KEPT.total_seconds() - 60)
    now = hub.clock.now()
    assert await OLD_USES.run(hub.app.database, now - USES_KEPT) == 0
    assert await OLD_USES.run(hub.app.database, now - USES_KEPT + timedelta(seconds=61)) == 1
