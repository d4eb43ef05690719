"""Runs scans to their end, and makes customers whose data is as bad as no route would let it become."""

from __future__ import annotations

from typing import Any

from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.standards import STANDARDS
from custhub.features.phones.models import customer_phones
from custhub.features.phones.vault import seal_canonical
from custhub.features.quality.tasks import QualityScan
from custhub.jobs.models import JobRow
from custhub.jobs.runner import JobRunner
from custhub.jobs.states import Queue
from custhub.kit.ids import Prefix, from_text
from tests.client import ApiClient
from tests.customers import create_customer, path_of
from tests.features.jobs.working import Kind, finished, worker_of
from tests.hub import HubUnderTest, make_number
from tests.principals import make_principal

SCANS = "/v1/quality/scans"
FINDINGS = "/v1/findings"
POLICY = "/v1/verification-policy"
DAY = 86_400.0


def person(hub: HubUnderTest, role: str = "admin", **more: Any) -> ApiClient:
    return hub.client_of(make_principal(role, **more))


def scanner(hub: HubUnderTest) -> JobRunner:
    """A worker that does nothing else, and one at a time."""
    return worker_of(hub, Kind(QualityScan(hub.app.hub).run, QualityScan.name), places={Queue.MAINTENANCE: 1})


async def reachable(api: ApiClient, **members: Any) -> dict[str, Any]:
    """A customer with a number; members given win."""
    return await create_customer(api, **({"phones": [{"number": make_number()}]} | members))


async def run_scan(hub: HubUnderTest, job: dict[str, Any]) -> JobRow:
    """Run the job of a scan."""
    row = await finished(hub, scanner(hub), from_text(Prefix.JOB, job["id"]))
    assert row.state == "succeeded", row.error
    return row


async def scan(hub: HubUnderTest) -> dict[str, Any]:
    """Ask for a scan and run it; what came of it."""
    api = hub.client()
    asked = await api.post(SCANS)
    assert asked.status_code == 202, asked.text
    await run_scan(hub, asked.json())
    answer = await api.get(asked.json()["result_url"])
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert body["status"] == "succeeded"
    return body


async def findings(hub: HubUnderTest, customer: dict[str, Any], **params: Any) -> dict[str, dict[str, Any]]:
    """Open findings of a customer, by reason."""
    asked = {"customer_id": customer["id"], "state": "open", **params}
    answer = await hub.client().get(FINDINGS, params=asked)
    assert answer.status_code == 200, answer.text
    return {finding["reason"]: finding for finding in answer.json()["data"]}


async def spoil_number(hub: HubUnderTest, customer: dict[str, Any], number: str) -> None:
    """Make the first number of a customer one that no numbering plan gives out."""
    inner, who = hub.app.hub, make_principal(kind="client")
    uow = inner.unit_of_work(who.actor, "spoil")
    context = CustomerContext(uow, who, inner.keys, inner.settings, inner.parts[STANDARDS])
    record = await context.live(from_text(Prefix.CUSTOMER, customer["id"]))
    phone = record.phones[0]
    e164, raw = seal_canonical(context.dek(record), phone.id, number, number)
    uow.update(customer_phones, {"id": phone.id}, {"e164": e164, "raw": raw})
    await uow.commit()


async def content(hub: HubUnderTest, customer: dict[str, Any]) -> dict[str, Any]:
    """A customer with the origins of its values, without what counts changes."""
    answer = await hub.client().get(path_of(customer), params={"include": "provenance"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = _timeless(answer.json())
    return found


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _timeless(held) for name, held in value.items() if name not in ("revision", "updated_at")}
    return [_timeless(held) for held in value] if isinstance(value, list) else value
