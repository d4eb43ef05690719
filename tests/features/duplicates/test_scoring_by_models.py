"""Who is scored by which model: checks, scans from start to end, what joins by itself, every process."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.features.duplicates.queries.scoring import scoring_model
from custhub.features.duplicates.service import bench, scanning
from custhub.features.duplicates.service.scanning import ScanRun
from custhub.features.matching.rules.weights import shipped_weights
from custhub.kit.ids import Prefix, from_text
from tests.customers import problem_of
from tests.faults import counted
from tests.features.duplicates.desk import (
    BULK_MERGES,
    DUPLICATES,
    SCANS,
    SETTINGS,
    SHIPPED,
    activate,
    bulk_merge,
    listed,
    model_document,
    propose,
    scan,
    twins,
    worker,
)
from tests.features.jobs.working import finished, job_of, make_due, work_until
from tests.hub import HubUnderTest

OTHER = model_document(mail={"same": 3.0})


async def checked(hub: HubUnderTest, customer: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await hub.api.post(f"{DUPLICATES}/check", json={"customer_id": customer["id"]})
    assert answer.status_code == 200, answer.text
    return [found["explanation"] for found in answer.json()["data"]]


def mail_bits(said: dict[str, Any]) -> float:
    bits: dict[str, float] = {field["field"]: field["bits"] for field in said["fields"]}
    return bits["mail"]


async def test_a_check_scores_by_the_active_model(fresh_hub: HubUnderTest) -> None:
    """MATCHING 1: as does the next scan."""
    hub = fresh_hub
    one, _ = await twins(hub)
    own = await propose(hub, OTHER)
    with counted(hub) as calls:
        (before,) = await checked(hub, one)
    assert calls.fetches
    assert not [sql for sql in calls.fetches if "match_models" in sql or "duplicate_settings" in sql]
    assert (before["model_version"], mail_bits(before)) == (shipped_weights().model_version, 12)
    await activate(hub, own["id"])
    (after,) = await checked(hub, one)
    assert (after["model_version"], mail_bits(after), after["total"]) == ("own-1", 3, round(before["total"] - 9, 3))
    assert (await scan(hub))["model_version"] == "own-1"
    (pair,) = await listed(hub)
    assert (pair["explanation"]["model_version"], pair["total"]) == ("own-1", after["total"])
    await activate(hub, SHIPPED)
    assert await checked(hub, one) == [before]


async def test_a_check_goes_by_the_thresholds_of_the_settings(fresh_hub: HubUnderTest) -> None:
    """MATCHING 1: what a scan does not show, no check does, by whatever model."""
    hub = fresh_hub
    one, _ = await twins(hub)
    assert [said["decision"] for said in await checked(hub, one)] == ["merge"]
    await hub.api.patch(SETTINGS, json={"merge_bits": 39.0})
    assert [said["decision"] for said in await checked(hub, one)] == ["review"]
    await hub.api.patch(SETTINGS, json={"merge_bits": 40.0, "review_bits": 40.0})
    assert await checked(hub, one) == []
    await activate(hub, (await propose(hub, model_document()))["id"])
    assert await checked(hub, one) == []


async def test_every_process_scores_by_it(fresh_hub: HubUnderTest) -> None:
    """What another process keeps in memory follows; on PostgreSQL a whole second hub."""
    hub = fresh_hub
    one, _ = await twins(hub)
    elsewhere = scoring_model()
    await elsewhere.follow(hub.app.database)
    assert elsewhere.value == shipped_weights()
    await hub.api.patch(SETTINGS, json={"review_bits": 1.5})
    await activate(hub, (await propose(hub, OTHER))["id"])
    await elsewhere.follow(hub.app.database)
    assert elsewhere.value == hub.app.scoring.value
    assert (elsewhere.value.model_version, elsewhere.value.review) == ("own-1", 1.5)
    if hub.engine == "postgresql":
        second = HubUnderTest(hub.settings.home, hub.settings.database_url)
        try:
            await second.start()
            assert await checked(second, one) == await checked(hub, one)
            await activate(hub, SHIPPED)
            await second.app.follower.look()
            assert await checked(second, one) == await checked(hub, one)
        finally:
            await second.stop()


async def test_a_scan_ends_by_the_model_it_began_with(fresh_hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """MATCHING 1: also when it was killed and another worker goes on with it."""
    hub = fresh_hub
    monkeypatch.setattr(scanning, "_AT_ONCE", {"sqlite": 1, "postgresql": 1})
    await twins(hub, 3)
    own = await propose(hub, OTHER)
    job = (await hub.api.post(SCANS)).json()
    store, slices = ScanRun._store, 0

    async def killed(*args: Any, **named: Any) -> None:
        nonlocal slices
        slices += 1
        if slices == 2:
            raise RuntimeError("killed")
        await store(*args, **named)

    monkeypatch.setattr(ScanRun, "_store", killed)
    job_id = from_text(Prefix.JOB, job["id"])

    async def is_put_off() -> bool:
        return (await job_of(hub, job_id)).state == "retryable"

    await work_until(worker(hub), is_put_off)
    await activate(hub, own["id"])
    await make_due(hub, job_id)
    assert (await finished(hub, worker(hub), job_id)).state == "succeeded"
    shipped = shipped_weights().model_version
    assert (await hub.api.get(job["result_url"])).json()["model_version"] == shipped
    found = [pair["explanation"] for pair in await listed(hub)]
    assert [(said["model_version"], mail_bits(said)) for said in found] == [(shipped, 11.415)] * 3
    # The next one, here in a process of its own, scores them again.
    monkeypatch.setattr(bench, "FEW", 0)
    assert (await scan(hub))["opened"] == 0
    found = [pair["explanation"] for pair in await listed(hub)]
    assert [(said["model_version"], mail_bits(said)) for said in found] == [("own-1", 2.415)] * 3


async def test_a_scan_whose_model_is_gone_fails(fresh_hub: HubUnderTest) -> None:
    """A release brought another shipped model meanwhile: half a scan by each would be no scan."""
    hub = fresh_hub
    await twins(hub)
    job = (await hub.api.post(SCANS)).json()
    async with hub.app.database.transaction() as connection:
        await connection.execute("UPDATE duplicate_scans SET model_version = '2025-01'", ())
    row = await finished(hub, worker(hub), from_text(Prefix.JOB, job["id"]))
    assert (row.state, row.error["code"]) == ("failed", "duplicate_model_not_found")
    assert await listed(hub) == []
    assert (await scan(hub))["opened"] == 1


async def test_an_activation_switches_off_what_joins_by_itself(fresh_hub: HubUnderTest) -> None:
    """MATCHING 3: counts of a dry run are those of the model it was made by."""
    hub = fresh_hub
    await twins(hub)
    await bulk_merge(hub)
    assert (await hub.api.patch(SETTINGS, json={"auto_merge": True})).status_code == 200
    # Enough remains for a merge.
    own = await propose(hub, model_document(mail={"same": 11.0}))
    await activate(hub, own["id"])
    settings = (await hub.api.get(SETTINGS)).json()
    assert (settings["auto_merge"], settings["updated_by"]) == (False, own["created_by"])
    noted = await hub.rows("SELECT fields FROM audit_entries WHERE action = 'duplicate_model.activated'")
    assert "auto_merge" in str(noted[0][0])
    problem_of(await hub.api.patch(SETTINGS, json={"auto_merge": True}), 409, "dry_run_required")
    wet = {"threshold": 6.0, "dry_run": False}
    problem_of(await hub.api.post(BULK_MERGES, json=wet), 409, "dry_run_required")
    await scan(hub)
    assert [plan["dry_run"] for plan in (await hub.api.get(BULK_MERGES)).json()["data"]] == [True]
    assert (await bulk_merge(hub))["model_version"] == "own-1"
    assert (await hub.api.patch(SETTINGS, json={"auto_merge": True})).status_code == 200
    await scan(hub)
    assert [plan["trigger"] for plan in (await hub.api.get(BULK_MERGES)).json()["data"]] == [
        "scan", "request", "request",
    ]  # fmt: skip
