"""Two processes on one PostgreSQL, with real clocks: neither is ever a step too far behind the other (S-17)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from custhub.app import build
from custhub.features.keys.tasks import KeyWatcher
from custhub.kit.clock import SystemClock
from tests.features.keys.rotating import OPEN, Runner, kids, make_customers, start
from tests.features.keys.under_load import Load
from tests.hub import HubUnderTest

# The fence is wide enough for a machine that is busy with other tests.
POLL, FENCE, ADOPTION = 0.2, 2.5, 2.7


async def _process(home: Path, url: str, stop: asyncio.Event) -> tuple[HubUnderTest, list[asyncio.Task[None]]]:
    hub = HubUnderTest(home, url)
    hub.app = build(hub.settings, clock=SystemClock())
    await hub.start()
    parts, states = hub.app.hub, hub.app.key_states
    tasks = (
        KeyWatcher(parts, states, poll_seconds=POLL, fence_seconds=FENCE),
        Runner(parts, states, poll_seconds=POLL, adoption_seconds=ADOPTION, most_rows=30),
    )
    return hub, [asyncio.create_task(task.run(stop)) for task in tasks]


@pytest.fixture
async def processes(tmp_path: Path, postgres_url: str) -> AsyncIterator[tuple[HubUnderTest, HubUnderTest]]:
    """Two hubs that share a database and a keyring file, each with its watcher and its runner."""
    stop = asyncio.Event()
    one, first = await _process(tmp_path, postgres_url, stop)
    other, second = await _process(tmp_path, postgres_url, stop)
    yield one, other
    stop.set()
    await asyncio.gather(*first, *second)
    await one.stop()
    await other.stop()


async def test_s17_two_processes_under_load_rotate_both_kinds_of_keys_without_one_failure(
    processes: tuple[HubUnderTest, HubUnderTest],
) -> None:
    one, other = processes
    made = await make_customers(one, 30)
    load, stop = Load([one.api, other.api], made), asyncio.Event()
    working = asyncio.create_task(load.run(stop))
    try:
        locations = [await start(one, "bidx"), await start(other, "field")]
        async with asyncio.timeout(120):
            for location in locations:
                while (body := (await other.api.get(location)).json())["state"] in OPEN:
                    await asyncio.sleep(0.2)
                assert (body["state"], body["conflicts"]) == ("succeeded", [])
    finally:
        stop.set()
        report = await working
    assert report.wrong == []
    for table, column in (("customer_phones", "index_kid"), ("phone_claims", "kid"), ("customer_keys", "kid")):
        assert set(await kids(one, table, column)) == {2}
    for hub in processes:
        assert hub.app.keys.claim_kids == (2,)
        for number, holder in list(report.holders.items())[:20]:
            answer = await hub.api.post("/v1/customers/lookup", json={"phone": number})
            assert [customer["id"] for customer in answer.json()["data"]] == [holder]
