"""Scans: what they find, that they find it once, that decisions stay, and that they go on where they stopped."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.features.duplicates.service import bench, scanning
from custhub.features.duplicates.service.scanning import ScanRun
from custhub.features.duplicates.tasks import SCHEDULES, look_after_duplicates
from custhub.kit.ids import Prefix, from_text
from tests.customers import path_of, problem_of
from tests.features.duplicates.desk import (
    DUPLICATES,
    SCANS,
    SETTINGS,
    bulk_merge,
    household,
    listed,
    run_job,
    scan,
    twins,
    worker,
)
from tests.features.jobs.working import finished, job_of, make_due, put, work_until
from tests.hub import HubUnderTest


async def test_a_scan_finds_who_may_be_one_person_once(fresh_hub: HubUnderTest) -> None:
    """MATCHING 3: a certain pair, and a doubtful one of a household."""
    hub = fresh_hub
    one, other = await twins(hub)
    await household(hub)
    first = await scan(hub)
    assert (first["customers"], first["trigger"], first["retired"]) == (4, "request", 0)
    assert (first["opened"], first["clusters"], first["clustered"]) == (first["pairs"], 1, 2)
    pair = (await listed(hub, suggested="merge"))[0]
    assert (pair["left_id"], pair["right_id"]) == tuple(sorted((one["id"], other["id"])))
    assert (pair["state"], pair["contradiction"], pair["outdated"]) == ("open", False, False)
    assert pair["cluster_id"].startswith("dcl_")
    said = pair["explanation"]
    assert {field["field"]: field["level"] for field in said["fields"]}["name"] == "same"
    bits = said["prior"] + said["household"] + sum(field["bits"] for field in said["fields"])
    assert round(bits, 3) == said["total"] == pair["total"]
    again = await scan(hub)
    assert (again["opened"], again["retired"], again["pairs"]) == (0, 0, first["pairs"])
    same = (await listed(hub, suggested="merge"))[0]
    assert (same["id"], same["revision"], same["scan_id"]) == (pair["id"], 1, again["id"])


async def test_what_is_no_pair_any_more_is_retired_and_comes_back(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    one, _ = await twins(hub)
    await scan(hub)
    changed = {"display_name": "Bartholomew Quill", "birthday": {"date": "1951-01-30"}, "emails": []}
    before = {"display_name": "Eleanor Rigby", "birthday": {"date": "1984-07-09"}}
    mail = one["emails"][0]
    await hub.api.patch(path_of(one), json={key: value for key, value in changed.items() if key != "emails"})
    await hub.api.delete(f"{path_of(one)}/emails/{mail['id']}")
    (pair,) = await listed(hub)
    assert pair["outdated"] is True
    assert (await scan(hub))["retired"] == 1
    assert [found["state"] for found in await listed(hub)] == ["retired"]
    await hub.api.patch(path_of(one), json=before)
    await hub.api.post(f"{path_of(one)}/emails", json={"email": mail["email"]})
    assert (await scan(hub))["opened"] == 0
    (pair,) = await listed(hub, state="open")
    assert pair["revision"] == 3


async def test_who_is_archived_leaves_the_queue(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    one, _ = await twins(hub)
    await scan(hub)
    (pair,) = await listed(hub, state="open")
    await hub.api.post(f"{path_of(one)}/archive")
    assert await listed(hub) == []
    problem_of(await hub.api.get(f"{DUPLICATES}/{pair['id']}"), 404, "duplicate_not_found")
    assert (await scan(hub))["customers"] == 1


async def test_one_scan_at_a_time(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    asked = await hub.api.post(SCANS)
    problem_of(await hub.api.post(SCANS), 409, "duplicate_scan_running")
    await run_job(hub, asked.json())
    assert (await hub.api.get(SCANS)).json()["data"][0]["status"] == "succeeded"
    unknown = "dsc_01m81amc1cfrnt9m7qcr38rxrh"
    problem_of(await hub.api.get(f"{SCANS}/{unknown}"), 404, "duplicate_scan_not_found")


async def test_a_scan_goes_on_where_it_was_killed(fresh_hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """reliability_j5: nothing is stored twice, nothing is left out."""
    hub = fresh_hub
    monkeypatch.setattr(scanning, "_AT_ONCE", {"sqlite": 2, "postgresql": 2})
    await twins(hub, 4)
    job = (await hub.api.post(SCANS)).json()
    store, slices = ScanRun._store, 0

    async def killed(*args: Any, **named: Any) -> None:
        nonlocal slices
        slices += 1
        if slices == 2:
            raise RuntimeError("killed")
        await store(*args, **named)

    monkeypatch.setattr(ScanRun, "_store", killed)
    job_id, runner = from_text(Prefix.JOB, job["id"]), worker(hub)

    async def is_put_off() -> bool:
        return (await job_of(hub, job_id)).state == "retryable"

    await work_until(runner, is_put_off)
    assert len(await listed(hub)) == 2
    await make_due(hub, job_id)
    assert (await finished(hub, runner, job_id)).state == "succeeded"
    found = (await hub.api.get(job["result_url"])).json()
    assert (found["opened"], found["pairs"], len(await listed(hub))) == (6, 6, 6)


@pytest.mark.parametrize("trigger", ["request", "schedule"])
async def test_a_scan_keeps_the_thresholds_that_it_began_with(
    fresh_hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, trigger: str
) -> None:
    """reliability_j5: settings that change between a kill and the next start count for the next scan."""
    hub = fresh_hub
    monkeypatch.setattr(scanning, "_AT_ONCE", {"sqlite": 2, "postgresql": 2})
    await hub.api.patch(SETTINGS, json={"daily_scan": True})
    await twins(hub, 4)
    if trigger == "request":
        job_id = from_text(Prefix.JOB, (await hub.api.post(SCANS)).json()["id"])
    else:
        job_id = (await put(hub, "duplicate_scan", queue="maintenance")).id
    runner, store, slices = worker(hub), ScanRun._store, 0

    async def killed(*args: Any, **named: Any) -> None:
        nonlocal slices
        slices += 1
        if slices == 2:
            raise RuntimeError("killed")
        await store(*args, **named)

    async def is_put_off() -> bool:
        return (await job_of(hub, job_id)).state == "retryable"

    monkeypatch.setattr(ScanRun, "_store", killed)
    await work_until(runner, is_put_off)
    assert len(await listed(hub, suggested="merge")) == 2
    assert (await hub.api.patch(SETTINGS, json={"review_bits": 40.0, "merge_bits": 40.0})).status_code == 200
    await make_due(hub, job_id)
    caplog.set_level("INFO", logger="custhub.duplicates")
    assert (await finished(hub, runner, job_id)).state == "succeeded"
    (found,) = (await hub.api.get(SCANS)).json()["data"]
    assert [found[name] for name in ("trigger", "pairs", "opened", "clusters")] == [trigger, 6, 6, 1]
    assert len(await listed(hub, suggested="merge")) == 6
    assert [record.message for record in caplog.records if record.name == "custhub.duplicates"] == [
        "a scan that was interrupted compares everybody anew"
    ]
    assert (await scan(hub))["pairs"] == 0


async def test_a_large_list_is_compared_in_a_process_of_its_own(
    fresh_hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """reliability_r4: with the same result."""
    hub = fresh_hub
    await twins(hub, 3)
    await household(hub)
    here = await scan(hub)
    before = await listed(hub)
    monkeypatch.setattr(bench, "FEW", 0)
    there = await scan(hub)
    assert [here[name] for name in ("pairs", "clusters", "clustered")] == [
        there[name] for name in ("pairs", "clusters", "clustered")
    ]
    assert there["opened"] == 0
    assert [(pair["id"], pair["explanation"]) for pair in await listed(hub)] == [
        (pair["id"], pair["explanation"]) for pair in before
    ]


async def test_a_scan_is_told_in_one_event(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    await twins(hub)
    await scan(hub)
    told = await hub.rows("SELECT type FROM events WHERE subject_type LIKE 'duplicate%' ORDER BY id")
    assert [row[0] for row in told] == ["duplicate_scan.completed"]


async def test_a_canceled_scan_keeps_what_it_stored(fresh_hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """reliability_j6: and a later one goes over all of it again."""
    hub = fresh_hub
    monkeypatch.setattr(scanning, "_AT_ONCE", {"sqlite": 2, "postgresql": 2})
    await twins(hub, 4)
    job = (await hub.api.post(SCANS)).json()
    store = ScanRun._store

    async def canceled(*args: Any, **named: Any) -> None:
        await store(*args, **named)
        await hub.api.post(f"/v1/jobs/{job['id']}/cancel")

    monkeypatch.setattr(ScanRun, "_store", canceled)
    assert (await finished(hub, worker(hub), from_text(Prefix.JOB, job["id"]))).state == "canceled"
    half = (await hub.api.get(job["result_url"])).json()
    assert (half["status"], half["opened"], half["finished_at"]) == ("canceled", 2, None)
    monkeypatch.setattr(ScanRun, "_store", store)
    assert (await scan(hub))["opened"] == 4


async def test_it_runs_daily_where_the_settings_say_so(fresh_hub: HubUnderTest) -> None:
    """reliability_j8."""
    hub = fresh_hub
    assert [(schedule.name, schedule.kind) for schedule in SCHEDULES] == [("duplicate_scan", "duplicate_scan")]
    for is_daily, count in ((False, 0), (True, 1)):
        assert (await hub.api.patch(SETTINGS, json={"daily_scan": is_daily})).status_code == 200
        fired = await put(hub, "duplicate_scan", queue="maintenance")
        assert (await finished(hub, worker(hub), fired.id)).state == "succeeded"
        scans = (await hub.api.get(SCANS)).json()["data"]
        assert [found["trigger"] for found in scans] == ["schedule"] * count


async def test_what_had_its_time_is_forgotten_and_decisions_are_not(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    await twins(hub, 3)
    await scan(hub)
    decided = (await listed(hub))[0]
    await hub.api.post(f"{DUPLICATES}/{decided['id']}/decision", json={"decision": "not_same"})
    await hub.api.patch(SETTINGS, json={"review_bits": 40.0, "merge_bits": 40.0})
    await scan(hub)
    await bulk_merge(hub, threshold=40.0)
    hub.clock.advance(366 * 86_400)
    await look_after_duplicates(hub.app.hub)
    for table, count in (("duplicates", 1), ("duplicate_scans", 0), ("bulk_merges", 0), ("bulk_merge_groups", 0)):
        assert (await hub.rows(f"SELECT count(*) FROM {table}"))[0][0] == count, table  # noqa: S608  # no input
