"""Runs scans and bulk merges to their end, and makes customers that may be one person."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from custhub.features.duplicates.tasks import BulkMergeJob, BulkMergeUndoJob, DuplicateScan
from custhub.features.matching.rules.weights import shipped_document
from custhub.jobs.models import JobRow
from custhub.jobs.runner import JobRunner
from custhub.jobs.states import Queue
from custhub.kit.ids import Prefix, from_text
from tests.customers import create_customer
from tests.features.jobs.working import Kind, job_of, work_until, worker_of
from tests.hub import HubUnderTest, make_number

DUPLICATES = "/v1/duplicates"
SCANS = f"{DUPLICATES}/scans"
SETTINGS = f"{DUPLICATES}/settings"
BULK_MERGES = f"{DUPLICATES}/bulk-merges"
MODELS = f"{DUPLICATES}/models"
#: The model that comes with the hub.
SHIPPED = f"mdl_{'0' * 26}"


def worker(hub: HubUnderTest) -> JobRunner:
    """A worker for the jobs of duplicates, one at a time."""
    inner = hub.app.hub
    kinds = (DuplicateScan(inner), BulkMergeJob(inner), BulkMergeUndoJob(inner))
    return worker_of(hub, *(Kind(kind.run, kind.name) for kind in kinds), places={Queue.MAINTENANCE: 1})


async def run_job(hub: HubUnderTest, job: dict[str, Any]) -> JobRow:
    """Run one to its end."""
    job_id = from_text(Prefix.JOB, job["id"])

    async def has_ended() -> bool:
        return (await job_of(hub, job_id)).state in ("succeeded", "failed", "canceled", "retryable")

    await work_until(worker(hub), has_ended)
    row = await job_of(hub, job_id)
    assert row.state == "succeeded", row.error
    return row


async def scan(hub: HubUnderTest) -> dict[str, Any]:
    """Ask for a scan and run it; what came of it."""
    asked = await hub.api.post(SCANS)
    assert asked.status_code == 202, asked.text
    await run_job(hub, asked.json())
    answer = await hub.api.get(asked.json()["result_url"])
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert body["status"] == "succeeded"
    return body


async def bulk_merge(hub: HubUnderTest, **body: Any) -> dict[str, Any]:
    """Ask for a bulk merge and run it; what came of it."""
    asked = await hub.api.post(BULK_MERGES, json={"threshold": 6.0, **body})
    assert asked.status_code == 202, asked.text
    await run_job(hub, asked.json())
    found: dict[str, Any] = (await hub.api.get(asked.json()["result_url"])).json()
    return found


async def listed(hub: HubUnderTest, **params: Any) -> list[dict[str, Any]]:
    """Pairs, the surest first."""
    answer = await hub.api.get(DUPLICATES, params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def twins(hub: HubUnderTest, count: int = 2, name: str = "Eleanor Rigby", **members: Any) -> list[dict[str, Any]]:
    """Records of one person: name, mailbox and birthday agree, each has a number of its own."""
    mailbox = f"{name.replace(' ', '.').lower()}@fastmail.com"
    body: dict[str, Any] = {"display_name": name, "birthday": {"date": "1984-07-09"}, "emails": [{"email": mailbox}]}
    return [
        await create_customer(hub.api, **(body | {"phones": [{"number": make_number()}]} | members))
        for _ in range(count)
    ]


async def household(hub: HubUnderTest) -> list[dict[str, Any]]:
    """Two people of one home: one mailbox, one family name."""
    mailbox = [{"email": "casa.moreno@fastmail.com"}]
    address = [{"street": "12 Baker Street", "city": "London", "country": "GB"}]
    return [
        await create_customer(hub.api, display_name=name, emails=mailbox, addresses=address)
        for name in ("Lucia Moreno", "Rafael Moreno")
    ]


def model_document(version: str = "own-1", decisions: int = 812, **changed: dict[str, float]) -> dict[str, Any]:
    """A model with other bits: `mail={"same": 3.0}`."""
    shipped = deepcopy(dict(shipped_document()))
    levels = {field: {**bits, **changed.get(field, {})} for field, bits in shipped["levels"].items()}
    sample = {"model_version": shipped["model_version"], "pairs": 48_210, "decisions": decisions}
    return {**shipped, "model_version": version, "levels": levels, "estimated_from": sample}


async def propose(hub: HubUnderTest, document: dict[str, Any], **members: Any) -> dict[str, Any]:
    """Keep a model."""
    answer = await hub.api.post(MODELS, json={"document": document, **members})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def activate(hub: HubUnderTest, model_id: str) -> dict[str, Any]:
    """Score by a model from now on."""
    answer = await hub.api.post(f"{MODELS}/{model_id}/activate", json={"reason": "tried on our list"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
