"""Scans: what they find, that they find it once, and that they go on where they stopped."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.features.quality.queries.scanning import next_slice
from custhub.features.quality.service import scanning
from custhub.features.quality.tasks import SCHEDULES, forget_quality
from custhub.kit.ids import Prefix, from_text
from tests.customers import declare, path_of, problem_of
from tests.features.jobs.working import finished, job_of, make_due, put, work_until
from tests.features.quality.desk import (
    DAY,
    FINDINGS,
    POLICY,
    SCANS,
    findings,
    person,
    reachable,
    run_scan,
    scan,
    scanner,
)
from tests.hub import HubUnderTest


async def test_a_scan_finds_what_is_wrong_once(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    good = await reachable(hub.api, display_name="Jane Doe")
    bad = await reachable(hub.api, display_name="测试", phones=[], emails=[])
    first = await scan(hub)
    assert (first["customers"], first["trigger"], first["resolved"]) == (2, "request", 0)
    found = await findings(hub, bad)
    assert {reason: finding["severity"] for reason, finding in found.items()} == {
        "unreachable": "high",
        "placeholder_name": "medium",
    }
    assert await findings(hub, good) == {}
    again = await scan(hub)
    assert (again["opened"], again["resolved"]) == (0, 0)
    assert (await findings(hub, bad)).keys() == found.keys()
    problem_of(await person(hub).post(f"{FINDINGS}/{found['unreachable']['id']}/accept"), 409, "finding_not_fixable")


async def test_a_finding_whose_reason_is_gone_is_resolved(fresh_hub: HubUnderTest) -> None:
    """reliability_e1: told in the bulk lane, with a summary behind it."""
    hub = fresh_hub
    customer = await reachable(hub.api, display_name="测试")
    await scan(hub)
    (finding,) = (await findings(hub, customer)).values()
    await hub.api.patch(path_of(customer), json={"display_name": "Jane Doe"})
    assert (await scan(hub))["resolved"] == 1
    now = (await hub.api.get(f"{FINDINGS}/{finding['id']}")).json()
    assert (now["state"], now["decided_by"]) == ("resolved", "system:quality_scan")
    problem_of(await person(hub).post(f"{FINDINGS}/{finding['id']}/undo"), 409, "finding_not_decided")
    told = await hub.rows("SELECT type FROM events WHERE subject_type IN ('finding', 'quality_scan') ORDER BY id")
    assert [row[0] for row in told] == [
        "finding.opened", "quality_scan.completed", "finding.resolved", "quality_scan.completed",
    ]  # fmt: skip


async def test_a_rejected_finding_comes_back_with_another_value_only(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    customer = await reachable(hub.api, display_name="Mr. Tom Sawyer")
    await scan(hub)
    (finding,) = (await findings(hub, customer)).values()
    api = person(hub)
    assert (await api.post(f"{FINDINGS}/{finding['id']}/reject")).json()["state"] == "rejected"
    assert (await scan(hub))["opened"] == 0
    await api.patch(path_of(customer), json={"display_name": "Dr. Tom Sawyer"})
    assert (await scan(hub))["opened"] == 1
    (newer,) = (await findings(hub, customer)).values()
    assert (newer["standing"], newer["proposed"]) == ("Dr. Tom Sawyer", "Tom Sawyer")
    problem_of(await api.post(f"{FINDINGS}/{finding['id']}/undo"), 409, "finding_reopened")


async def test_what_a_stage_or_a_definition_requires_is_missed(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    await declare(hub.api, "size", {"type": "string"}, required=True)
    rule = {"stage": "active", "interval": "never", "required_fields": ["language", "custom_fields.size", "emails"]}
    assert (await hub.api.put(POLICY, json={"default": "never", "stages": [rule]})).status_code == 200
    active = await reachable(hub.api, stage="active", emails=[], language=None)
    lead = await reachable(hub.api, stage="lead", emails=[], language=None)
    await scan(hub)
    answer = await hub.api.get(FINDINGS, params={"customer_id": active["id"], "kind": "missing"})
    assert sorted(finding["field"] for finding in answer.json()["data"]) == ["custom_fields.size", "emails", "language"]
    assert [found["field"] for found in (await findings(hub, lead)).values()] == ["custom_fields.size"]


async def test_findings_are_filtered(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    await reachable(hub.api, display_name="Mr. Tom Sawyer", phones=[], emails=[])
    await scan(hub)
    for params, count in (
        ({"kind": "missing"}, 1),
        ({"severity": "low"}, 1),
        ({"fixable": "false"}, 1),
        ({"fixable": "true", "kind": "missing"}, 0),
        ({"state": "resolved"}, 0),
    ):
        assert len((await hub.api.get(FINDINGS, params=params)).json()["data"]) == count, params


async def test_numbers_are_masked_in_findings(fresh_hub: HubUnderTest) -> None:
    """S-25: neither a number nor a name that holds one is shown in full."""
    hub = fresh_hub
    customer = await reachable(hub.api, display_name="张三丰 13812345678", phones=[{"number": "13812345679"}])
    phone = customer["phones"][0]
    await hub.api.post(f"{path_of(customer, phone)}/verify", json={"result": "wrong_person"})
    hub.clock.advance(91 * DAY)
    await scan(hub)
    found = await findings(hub, customer)
    assert found["number_in_name"]["standing"] == "张三丰 +86 138****5678"
    assert found["number_in_name"]["proposed"] == "张三丰"
    assert found["changed"]["standing"] == {"number": "+86 138****5679", "status": "changed"}
    assert found["changed"]["part_id"] == phone["id"]


async def test_a_scan_goes_on_where_it_was_killed(fresh_hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """reliability_j5: nothing is counted or found twice."""
    hub = fresh_hub
    monkeypatch.setattr(scanning, "_AT_ONCE", {"sqlite": 2, "postgresql": 2})
    for _ in range(5):
        await reachable(hub.api, display_name="测试")
    job = (await hub.api.post(SCANS)).json()
    slices = 0

    async def killed(*args: Any) -> Any:
        nonlocal slices
        slices += 1
        if slices == 2:
            raise RuntimeError("killed")
        return await next_slice(*args)

    monkeypatch.setattr(scanning, "next_slice", killed)
    job_id, worker = from_text(Prefix.JOB, job["id"]), scanner(hub)

    async def is_hit() -> bool:
        return (await job_of(hub, job_id)).state == "retryable"

    await work_until(worker, is_hit)
    half = (await hub.api.get(job["result_url"])).json()
    assert (half["customers"], half["opened"], half["finished_at"]) == (2, 2, None)
    await make_due(hub, job_id)
    await run_scan(hub, job)
    whole = (await hub.client().get(job["result_url"])).json()
    assert (whole["customers"], whole["opened"], slices) == (5, 5, 5)


async def test_one_scan_runs_at_a_time(fresh_hub: HubUnderTest) -> None:
    job = (await fresh_hub.api.post(SCANS)).json()
    problem_of(await fresh_hub.api.post(SCANS), 409, "scan_running")
    await run_scan(fresh_hub, job)
    assert (await fresh_hub.api.post(SCANS)).status_code == 202
    listed = (await fresh_hub.api.get(SCANS, params={"limit": 1})).json()
    assert (len(listed["data"]), listed["has_more"]) == (1, True)
    missing = f"{SCANS}/scn_01m81amc1cfrnt9m7qcr38rxrh"
    problem_of(await fresh_hub.api.get(missing), 404, "scan_not_found")


async def test_figures_are_taken_day_by_day(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    customer = await reachable(hub.api, display_name="测试")
    await scan(hub)
    await hub.api.post(f"{path_of(customer, customer['phones'][0])}/verify", json={"result": "reached_owner"})
    await scan(hub)
    hub.clock.advance(2 * DAY)
    await scan(hub)
    api = hub.client()
    days = (await api.get("/v1/quality")).json()["data"]
    assert [(day["customers"], day["phones"], day["phones_verified"], day["verified_share"]) for day in days] == [
        (1, 1, 1, 1.0),
        (1, 1, 1, 1.0),
    ]
    assert sum(days[0]["completeness"]) == 1
    assert {one["kind"]: one["open"] for one in days[0]["findings"]}["contradictory"] == 1
    first = days[1]["day"]
    for text in ("0", "1767225600", "2026-01-31T00:00:00Z", "2026-13-01"):
        issue = (await api.get("/v1/quality", params={"to": text})).json()["errors"][0]
        assert (issue["pointer"], issue["code"]) == ("#/to", "invalid_date"), text
    asked = (await api.get("/v1/quality", params={"from": first, "to": first})).json()["data"]
    assert [day["day"] for day in asked] == [first]


async def test_what_had_its_time_is_forgotten_but_what_was_rejected(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    customer = await reachable(hub.api, display_name="Mr. Tom Sawyer", emails=[{"email": "t@gmial.com"}])
    await scan(hub)
    found, api = await findings(hub, customer), person(hub)
    await api.post(f"{FINDINGS}/{found['title_in_name']['id']}/reject")
    await api.post(f"{FINDINGS}/{found['email_typo']['id']}/accept")
    hub.clock.advance(366 * DAY)
    await forget_quality(hub.app.hub)
    left = (await hub.client().get(FINDINGS)).json()["data"]
    assert [finding["reason"] for finding in left] == ["title_in_name"]
    assert (await hub.client().get(SCANS)).json()["data"] == []


async def test_a_scheduled_scan_gives_way_to_one_that_runs(fresh_hub: HubUnderTest) -> None:
    assert [(schedule.name, schedule.kind) for schedule in SCHEDULES] == [("quality_scan", "quality_scan")]
    hub = fresh_hub
    asked = (await hub.api.post(SCANS)).json()
    fired = await put(hub, "quality_scan", queue="maintenance", priority=-1)
    await finished(hub, scanner(hub), fired.id)
    await run_scan(hub, asked)
    scans = (await hub.api.get(SCANS)).json()["data"]
    assert [one["trigger"] for one in scans] == ["request"]
    alone = await put(hub, "quality_scan", queue="maintenance")
    await finished(hub, scanner(hub), alone.id)
    scans = (await hub.api.get(SCANS)).json()["data"]
    assert [one["trigger"] for one in scans] == ["schedule", "request"]
