"""Every committed change is delivered, dead or skipped, whatever consumers and databases do (RELIABILITY 8)."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest

from custhub.kit.db import DatabaseUnavailable, DiskFull
from custhub.kit.writes import LostRace
from tests.faults import Fault, failing
from tests.features.webhooks.consumer import RESET, Answer, Consumer
from tests.features.webhooks.stage import Stage

ANSWERS = (Answer(200), Answer(200), Answer(500), Answer(429, {"retry-after": "1"}), Answer(302), RESET)


async def ledger(stage: Stage) -> dict[str, set[str]]:
    """The states of all deliveries of each event about a customer."""
    rows = await stage.hub.rows(
        "SELECT e.id, d.state FROM events e LEFT JOIN webhook_deliveries d ON d.event_id = e.id "
        "WHERE e.subject_type = 'customer'"
    )
    found: dict[str, set[str]] = {}
    for event_id, state in rows:
        found.setdefault(str(event_id), set()).add(str(state))
    return found


@pytest.mark.parametrize("seed", [1, 2])
async def test_ledger_closes_under_all_kinds_of_answers(stage: Stage, consumer: Consumer, seed: int) -> None:
    chance = random.Random(seed)
    consumer.decide = lambda _: chance.choice(ANSWERS)
    await stage.endpoint(consumer.url)
    revisions: dict[str, int] = {}
    for _ in range(6):
        customer = await stage.customer()
        patched = await stage.api.patch(f"/v1/customers/{customer['id']}", json={"note": str(chance.random())})
        revisions[customer["id"]] = patched.json()["revision"]
    for _ in range(200):
        await stage.make_due()
        await stage.settle()
        if {"pending"}.isdisjoint(state for states in (await ledger(stage)).values() for state in states):
            break
    found = await ledger(stage)
    assert len(found) == 12
    assert set().union(*found.values()) <= {"delivered", "dead"}
    delivered = {delivery["event_id"] for delivery in await stage.deliveries(state="delivered")}
    assert delivered <= {request.id for request in consumer.received}
    # A duplicate is always the same message.
    by_id: dict[str, set[bytes]] = {}
    for request in consumer.received:
        by_id.setdefault(request.id, set()).add(request.body)
    assert all(len(bodies) == 1 for bodies in by_id.values())


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_ledger_survives_the_failure_of_any_statement(stage: Stage, consumer: Consumer, after: bool) -> None:
    """Fan-out and turns with each of their statements failing once, before it ran and after."""
    await stage.endpoint(consumer.url)
    for at in range(1, 200):
        await stage.customer()
        fault = Fault(at, after=after)
        with failing(stage.hub, fault), suppress(DatabaseUnavailable, DiskFull, LostRace):
            await stage.place()
            await stage.send()
        if not fault.has_struck:
            break
        # The process that died is replaced: leases run out.
        await stage.shift("webhook_deliveries", "lease_until", 1, "state = 'sending'")
        await stage.make_due()
        await stage.settle()
        assert set().union(*(await ledger(stage)).values()) == {"delivered"}, at
    else:
        raise AssertionError("the loop met no end")
    assert at > 8
    rows: list[Any] = await stage.hub.rows(
        "SELECT event_id FROM webhook_deliveries GROUP BY event_id, endpoint_id HAVING count(*) > 1"
    )
    assert rows == []
    assert len({request.id for request in consumer.received}) == len(await ledger(stage))
