"""Bulk merges: a dry run first, then exactly those groups; settings that let them happen by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.features.duplicates.service.joining import BulkMergeRun
from custhub.kit.ids import Prefix, from_text
from tests.customers import path_of, problem_of
from tests.features.duplicates.desk import (
    BULK_MERGES,
    DUPLICATES,
    SETTINGS,
    bulk_merge,
    household,
    listed,
    run_job,
    scan,
    twins,
    worker,
)
from tests.features.jobs.working import finished, job_of, make_due, work_until
from tests.features.quality.desk import person
from tests.hub import HubUnderTest
from tests.principals import make_principal


async def groups(hub: HubUnderTest, plan: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await hub.api.get(f"{BULK_MERGES}/{plan['id']}/groups")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def test_a_dry_run_says_what_would_be_joined(fresh_hub: HubUnderTest) -> None:
    """MATCHING 3: with counts, and nothing is changed."""
    hub = fresh_hub
    people = await twins(hub, 3)
    await twins(hub, 2, name="Prudence Farrow")
    await household(hub)
    plan = await bulk_merge(hub)
    assert plan["dry_run"] is True
    assert (plan["customers"], plan["groups"], plan["grouped"], plan["largest"]) == (7, 2, 5, 3)
    assert (plan["withheld"], plan["merged"], plan["refused"]) == (0, 0, 0)
    found = await groups(hub, plan)
    assert sorted(len(group["customer_ids"]) for group in found) == [2, 3]
    assert {"planned"} == {group["state"] for group in found}
    assert sorted(customer["id"] for customer in people) in [group["customer_ids"] for group in found]
    assert (await hub.api.get(path_of(people[0]))).json()["merged_into"] is None


async def test_nothing_is_joined_before_a_dry_run(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    wet = {"threshold": 7.0, "dry_run": False}
    problem_of(await hub.api.post(BULK_MERGES, json=wet), 409, "dry_run_required")
    await bulk_merge(hub, threshold=8.0)
    problem_of(await hub.api.post(BULK_MERGES, json=wet), 409, "dry_run_required")
    problem_of(await hub.api.post(BULK_MERGES, json={"threshold": 5.9}), 422, "threshold_too_low")
    missing = "bmg_01m81amc1cfrnt9m7qcr38rxrh"
    for path in (missing, f"{missing}/groups"):
        problem_of(await hub.api.get(f"{BULK_MERGES}/{path}"), 404, "bulk_merge_not_found")


async def test_groups_are_joined_with_their_pairs(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    people = await twins(hub, 3)
    await household(hub)
    await scan(hub)
    await bulk_merge(hub)
    plan = await bulk_merge(hub, dry_run=False)
    assert (plan["groups"], plan["merged"], plan["refused"], plan["status"]) == (1, 1, 0, "succeeded")
    (group,) = await groups(hub, plan)
    assert group["state"] == "merged"
    merge = (await hub.api.get(f"/v1/merges/{group['merge_id']}")).json()
    standing = [(await hub.api.get(path_of(customer))).json() for customer in people]
    assert [one["merged_into"] for one in standing if one["id"] != merge["survivor_id"]] == [merge["survivor_id"]] * 2
    pairs = await listed(hub, state="merged")
    assert {(pair["merge_id"], pair["decision"]) for pair in pairs} == {(group["merge_id"], None)}
    told = await hub.rows("SELECT type FROM events WHERE subject_type = 'bulk_merge'")
    assert [row[0] for row in told] == ["bulk_merge.completed"]


async def test_one_undo_takes_all_of_it_apart(fresh_hub: HubUnderTest) -> None:
    """MATCHING 4, 5: everybody is there again, and nobody is joined once more."""
    hub = fresh_hub
    people = [*await twins(hub, 3), *await twins(hub, 2, name="Prudence Farrow")]
    await scan(hub)
    dry = await bulk_merge(hub)
    problem_of(await hub.api.post(f"{BULK_MERGES}/{dry['id']}/undo"), 409, "bulk_merge_dry")
    plan = await bulk_merge(hub, dry_run=False)
    assert plan["merged"] == 2
    asked = await hub.api.post(f"{BULK_MERGES}/{plan['id']}/undo")
    assert (asked.status_code, asked.json()["result_url"]) == (202, f"{BULK_MERGES}/{plan['id']}")
    problem_of(await hub.api.post(f"{BULK_MERGES}/{plan['id']}/undo"), 409, "bulk_merge_running")
    await run_job(hub, asked.json())
    after = (await hub.api.get(f"{BULK_MERGES}/{plan['id']}")).json()
    assert (after["undone"], after["kept"], after["undo_status"]) == (2, 0, "succeeded")
    assert {group["state"] for group in await groups(hub, plan)} == {"undone"}
    standing = [(await hub.api.get(path_of(customer))).json() for customer in people]
    assert [(one["id"], one["merged_into"]) for one in standing] == [(customer["id"], None) for customer in people]
    assert {pair["state"] for pair in await listed(hub)} == {"not_same"}
    problem_of(await hub.api.post(f"{BULK_MERGES}/{plan['id']}/undo"), 409, "bulk_merge_undone")
    problem_of(await hub.api.post(f"{BULK_MERGES}/bmg_{'0' * 26}/undo"), 404, "bulk_merge_not_found")
    assert (await bulk_merge(hub))["groups"] == 0
    told = await hub.rows("SELECT type FROM events WHERE subject_type = 'bulk_merge' ORDER BY id")
    assert [row[0] for row in told] == ["bulk_merge.completed", "bulk_merge.undone"]


async def test_who_was_told_apart_stays_apart(fresh_hub: HubUnderTest) -> None:
    """MATCHING 3: the whole group is left to people, since nobody knows whose third record it is."""
    hub = fresh_hub
    await twins(hub, 3)
    await scan(hub)
    pair = (await listed(hub, state="open"))[0]
    await hub.api.post(f"{DUPLICATES}/{pair['id']}/decision", json={"decision": "not_same"})
    plan = await bulk_merge(hub)
    assert (plan["groups"], plan["withheld"]) in ((0, 1), (1, 0))
    for group in await groups(hub, plan):
        if group["state"] == "planned":
            assert not {pair["left_id"], pair["right_id"]} <= set(group["customer_ids"])
        else:
            assert (group["state"], group["error"]) == ("withheld", "not_same")


async def test_two_that_people_vouched_for_are_left_to_people(fresh_hub: HubUnderTest) -> None:
    """MATCHING 3: two records both confirmed by people never join automatically."""
    hub = fresh_hub
    api = person(hub)
    for customer in await twins(hub):
        assert (await api.patch(path_of(customer), json={"language": "en"})).status_code == 200
    plan = await bulk_merge(hub)
    assert (plan["groups"], plan["withheld"]) == (0, 1)
    assert [group["error"] for group in await groups(hub, plan)] == ["both_confirmed"]


async def test_a_bulk_merge_goes_on_where_it_was_killed(
    fresh_hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """reliability_j5: what is joined stays joined, and who changed meanwhile is joined with nobody."""
    hub = fresh_hub
    people = {name: await twins(hub, 2, name=name) for name in ("Eleanor Rigby", "Prudence Farrow")}
    await bulk_merge(hub)
    job = (await hub.api.post(BULK_MERGES, json={"threshold": 6.0, "dry_run": False})).json()
    join, calls = BulkMergeRun._join, 0

    async def killed(*args: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise RuntimeError("killed")
        await join(*args)

    monkeypatch.setattr(BulkMergeRun, "_join", killed)
    job_id, runner = from_text(Prefix.JOB, job["id"]), worker(hub)

    async def is_put_off() -> bool:
        return (await job_of(hub, job_id)).state == "retryable"

    await work_until(runner, is_put_off)
    half = (await hub.api.get(job["result_url"])).json()
    assert (half["merged"], half["finished_at"]) == (1, None)
    problem_of(await hub.api.post(BULK_MERGES, json={"threshold": 6.0}), 409, "bulk_merge_running")
    left = next(group for group in await groups(hub, half) if group["state"] == "planned")
    changed = left["customer_ids"][0]
    assert changed in {customer["id"] for own in people.values() for customer in own}
    await hub.api.patch(f"/v1/customers/{changed}", json={"language": "en"})
    await make_due(hub, job_id)
    assert (await finished(hub, runner, job_id)).state == "succeeded"
    whole = (await hub.api.get(job["result_url"])).json()
    assert (whole["merged"], whole["refused"]) == (1, 1)
    assert [group["error"] for group in await groups(hub, whole) if group["state"] == "refused"] == ["changed_since"]


async def test_bulk_merges_are_their_starters(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    plan = await bulk_merge(hub)
    other = hub.client_of(make_principal(scopes=["merges:read", "customers:read"]))
    assert (await other.get(BULK_MERGES)).json()["data"] == []
    problem_of(await other.get(f"{BULK_MERGES}/{plan['id']}"), 404, "bulk_merge_not_found")
    every = hub.client_of(make_principal(scopes=["merges:read", "customers:read", "jobs:manage"]))
    assert [one["id"] for one in (await every.get(BULK_MERGES)).json()["data"]] == [plan["id"]]


async def test_settings_are_what_scans_go_by(fresh_hub: HubUnderTest) -> None:
    """MATCHING 3: joining by itself is off until somebody has seen a dry run with counts."""
    hub = fresh_hub
    read = await hub.api.get(SETTINGS)
    standing = read.json()
    assert [standing[name] for name in ("review_bits", "merge_bits", "auto_merge", "daily_scan")] == [
        0.0, 6.0, False, False,
    ]  # fmt: skip
    problem_of(await hub.api.patch(SETTINGS, json={"auto_merge": True}), 409, "dry_run_required")
    problem_of(await hub.api.patch(SETTINGS, json={"merge_bits": -1.0}), 422, "thresholds_crossed")
    stale = {"if-match": '"7-00000000"'}
    problem_of(await hub.api.patch(SETTINGS, json={"daily_scan": True}, headers=stale), 412, "precondition_failed")
    await twins(hub)
    await scan(hub)
    assert len(await listed(hub)) == 1
    assert (await hub.api.patch(SETTINGS, json={"review_bits": 40.0, "merge_bits": 40.0})).status_code == 200
    assert (await scan(hub))["pairs"] == 0


async def test_what_a_scan_is_sure_of_is_joined_by_itself(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    people = await twins(hub)
    await household(hub)
    tried = await bulk_merge(hub)
    answer = await hub.api.patch(SETTINGS, json={"auto_merge": True})
    assert (answer.status_code, answer.json()["auto_merge"]) == (200, True)
    await scan(hub)
    jobs = (await hub.api.get("/v1/jobs", params={"kind": "bulk_merge"})).json()["data"]
    (own,) = [job for job in jobs if job["id"] != tried["job_id"]]
    await run_job(hub, own)  # which the worker of the scan may have begun
    joined = [(await hub.api.get(path_of(customer))).json()["merged_into"] for customer in people]
    assert sum(into is not None for into in joined) == 1
