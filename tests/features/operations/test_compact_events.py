"""Retention: 30 days of everything, and the last word on each subject for good (E-7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from custhub.features.customers.events import CustomerUpdated
from custhub.features.phones.events import ContactPointVerified, RevealQuotaNeared
from custhub.kit.ids import new_id
from tests.features.operations.feed import WHO, event_rows, feed_of, relay, store
from tests.hub import START, HubUnderTest


async def pass_days(hub: HubUnderTest, days: float) -> int:
    hub.clock.advance(timedelta(days=days).total_seconds())
    return await hub.app.upkeep.retention.run()


async def positions(hub: HubUnderTest) -> list[Any]:
    return [row.position for row in await feed_of(hub)]


async def test_e7_everything_stays_for_thirty_days(fresh_hub: HubUnderTest) -> None:
    subject = new_id()
    for revision in (1, 2, 3):
        await store(fresh_hub, event_rows(1, subject_id=subject, subject_revision=revision))
    await relay(fresh_hub)
    assert await pass_days(fresh_hub, 29.9) == 0
    assert await positions(fresh_hub) == [1, 2, 3]
    assert await pass_days(fresh_hub, 0.2) == 2
    assert await positions(fresh_hub) == [3]
    assert await pass_days(fresh_hub, 400) == 0
    assert await positions(fresh_hub) == [3]


async def test_e7_what_was_kept_goes_when_a_later_event_is_old_itself(fresh_hub: HubUnderTest) -> None:
    subject = new_id()
    await store(fresh_hub, event_rows(1, subject_id=subject))
    await relay(fresh_hub)
    assert await pass_days(fresh_hub, 31) == 0
    later = START + timedelta(days=31)
    await store(fresh_hub, event_rows(1, subject_id=subject, subject_revision=2, occurred_at=later))
    await relay(fresh_hub)
    assert await pass_days(fresh_hub, 1) == 0
    assert await positions(fresh_hub) == [1, 2]
    assert await pass_days(fresh_hub, 31) == 1
    assert await positions(fresh_hub) == [2]


async def test_e7_what_is_no_resource_goes_altogether(fresh_hub: HubUnderTest) -> None:
    work = fresh_hub.app.hub.unit_of_work(WHO, "req-1")
    customer = new_id()
    work.emit(CustomerUpdated(customer, 2, customer, ("note",)))
    work.emit(ContactPointVerified(new_id(), 2, customer, extra={"result": "reached_owner"}))
    work.emit(RevealQuotaNeared(new_id(), 1, extra={"principal": "user", "per_day": 100}))
    await work.commit()
    await relay(fresh_hub)
    assert await pass_days(fresh_hub, 31) == 1
    left = await feed_of(fresh_hub)
    assert {row.type for row in left} == {"customer.updated", "contact_point.verified"}
    states = await fresh_hub.rows("SELECT subject_type FROM event_states")
    assert [row[0] for row in states] == ["customer"]


async def test_e7_what_has_no_position_is_not_touched(fresh_hub: HubUnderTest) -> None:
    await store(fresh_hub, event_rows(2))
    assert await pass_days(fresh_hub, 31) == 0
    await relay(fresh_hub)
    assert await positions(fresh_hub) == [1, 2]


async def test_e7_many_old_events_go_in_small_transactions(fresh_hub: HubUnderTest) -> None:
    subjects = [row.subject_id for row in event_rows(300)]
    for revision in range(1, 5):
        rows = [event_rows(1, subject_id=subject, subject_revision=revision)[0] for subject in subjects]
        await store(fresh_hub, rows)
    await relay(fresh_hub)
    assert await pass_days(fresh_hub, 31) == 900
    assert await positions(fresh_hub) == list(range(901, 1_201))
