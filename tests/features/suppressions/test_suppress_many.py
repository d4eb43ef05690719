"""A number or address of hundreds of customers: the list counts at once, what is stored follows in small steps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from custhub.features.customers.service.contact_points import AT_ONCE, KIND
from custhub.features.customers.tasks import ContactPointMarking
from tests.features.jobs.working import Kind, finished, worker_of
from tests.hub import HubUnderTest, make_number

_MANY = 2 * AT_ONCE + 20


async def _run_jobs(hub: HubUnderTest) -> None:
    """Run the marking that waits; there is one."""
    job = ContactPointMarking(hub.app.contact_points)
    (row,) = await hub.rows(f"SELECT id FROM jobs WHERE kind = '{KIND}' AND finished_at IS NULL")  # noqa: S608  # ours
    job_id = UUID(bytes=bytes(row[0])) if isinstance(row[0], bytes) else UUID(str(row[0]))
    done = await finished(hub, worker_of(hub, Kind(job.run, job.name)), job_id)
    assert done.state == "succeeded", done.error


async def _held(hub: HubUnderTest) -> int:
    sql = "SELECT count(*) FROM customer_{} WHERE suppressed_by IS NOT NULL"
    return sum([(await hub.rows(sql.format(table)))[0][0] for table in ("phones", "emails")])


@pytest.mark.parametrize("channel", ["phone", "email"])
async def test_those_beyond_the_first_follow_by_a_job(fresh_hub: HubUnderTest, channel: str) -> None:
    hub, api = fresh_hub, fresh_hub.api
    number = make_number()
    point = {"phone": number, "email": "all@example.com"}[channel]
    parts: dict[str, dict[str, Any]] = {
        "phone": {"phones": [{"number": number, "shared": True}]},
        "email": {"emails": [{"email": point}]},
    }
    items = [{"display_name": f"Member {n}", **parts[channel]} for n in range(_MANY)]
    made = await api.post("/v1/customers/batch", json={"items": items}, headers={"Idempotency-Key": "suppress-many"})
    assert made.json()["succeeded"] == _MANY
    entry = (
        await api.post("/v1/suppressions", json={channel: point, "kind": "complaint", "reason": "complaint"})
    ).json()
    assert await _held(hub) == AT_ONCE
    await _run_jobs(hub)
    assert await _held(hub) == _MANY
    # Another entry for the same point takes over what the first one held.
    heir = {channel: point, "kind": "do_not_contact", "reason": "person_asked"}
    assert (await api.post("/v1/suppressions", json=heir)).status_code == 201
    lifted = await api.post(f"/v1/suppressions/{entry['id']}/lift", json={"reason": "mistake", "evidence": "x"})
    assert lifted.status_code == 200
    await _run_jobs(hub)
    assert await _held(hub) == _MANY
    table = f"customer_{channel}s"
    marks = await hub.rows(f"SELECT DISTINCT suppressed_by FROM {table}")  # noqa: S608  # ours
    assert len(marks) == 1
    revisions = await hub.rows("SELECT DISTINCT revision FROM customers")
    assert [row[0] for row in revisions] == [3]


async def test_an_entry_that_was_lifted_meanwhile_holds_back_nothing_more(fresh_hub: HubUnderTest) -> None:
    hub, api = fresh_hub, fresh_hub.api
    number = make_number()
    items = [{"display_name": "x", "phones": [{"number": number, "shared": True}]} for _ in range(AT_ONCE + 1)]
    await api.post("/v1/customers/batch", json={"items": items}, headers={"Idempotency-Key": "suppress-lifted"})
    body = {"phone": number, "kind": "complaint", "reason": "complaint"}
    entry = (await api.post("/v1/suppressions", json=body)).json()
    await api.post(f"/v1/suppressions/{entry['id']}/lift", json={"reason": "mistake", "evidence": "x"})
    ids = await hub.rows("SELECT id FROM jobs ORDER BY id")
    job = ContactPointMarking(hub.app.contact_points)
    for (raw,) in ids:
        own = UUID(bytes=bytes(raw)) if isinstance(raw, bytes) else UUID(str(raw))
        done = await finished(hub, worker_of(hub, Kind(job.run, job.name)), own)
        assert done.state == "succeeded", done.error
    assert await _held(hub) == 0
