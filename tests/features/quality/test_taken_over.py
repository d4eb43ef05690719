"""A scan whose worker stands still is another worker's, and what the first one still writes does not count."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from custhub.features.quality.queries.scanning import next_slice
from custhub.features.quality.service import scanning
from custhub.kit.ids import Prefix, from_text
from tests.features.jobs.working import finished, lose_lease, work_until
from tests.features.quality.desk import FINDINGS, SCANS, reachable, scanner
from tests.hub import HubUnderTest


async def test_a_scan_taken_over_counts_and_finds_everything_once(
    fresh_hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """reliability_j4, reliability_j5: the first worker stores a slice in hand when its lease is long lost."""
    hub = fresh_hub
    monkeypatch.setattr(scanning, "_AT_ONCE", {"sqlite": 2, "postgresql": 2})
    made = [await reachable(hub.api, display_name="测试") for _ in range(5)]
    job = (await hub.api.post(SCANS)).json()
    job_id = from_text(Prefix.JOB, job["id"])
    slices, stands_still, go_on = 0, asyncio.Event(), asyncio.Event()

    async def sliced(*args: Any) -> Any:
        nonlocal slices
        slices += 1
        is_hit, found = slices == 2, await next_slice(*args)
        if is_hit:
            stands_still.set()
            await go_on.wait()
        return found

    async def is_hit() -> bool:
        return stands_still.is_set()

    monkeypatch.setattr(scanning, "next_slice", sliced)
    frozen, other = scanner(hub), scanner(hub)
    await work_until(frozen, is_hit)
    half = (await hub.api.get(job["result_url"])).json()
    assert (half["customers"], half["opened"]) == (2, 2)
    await lose_lease(hub, job_id)
    done = await finished(hub, other, job_id)
    assert (done.state, done.processed, done.succeeded) == ("succeeded", 5, 5)
    go_on.set()
    await frozen.settled()
    whole = (await hub.api.get(job["result_url"])).json()
    assert (whole["customers"], whole["opened"], whole["resolved"]) == (5, 5, 0)
    assert [day["customers"] for day in (await hub.api.get("/v1/quality")).json()["data"]] == [5]
    found = (await hub.api.get(FINDINGS, params={"limit": 200})).json()["data"]
    assert sorted(finding["customer_id"] for finding in found) == sorted(customer["id"] for customer in made)
    told = await hub.rows("SELECT type FROM events WHERE subject_type IN ('finding', 'quality_scan') ORDER BY id")
    assert [row[0] for row in told] == ["finding.opened"] * 5 + ["quality_scan.completed"]
