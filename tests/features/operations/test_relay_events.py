"""The relay: every committed event gets one position, in no time and without a gap (E-1, E-6, E-8)."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest

from custhub.events import relay as relay_module
from custhub.events.queries import TRY_LOCK
from custhub.events.relay import EventRelay
from custhub.events.repository import Outbox
from custhub.features.customers.events import CustomerUpdated
from custhub.kit.clock import ManualClock
from custhub.kit.db import DatabaseUnavailable, DiskFull
from custhub.kit.ids import new_id
from tests.faults import Fault, failing
from tests.features.operations.feed import WHO, Copy, Ledger, event_rows, feed_of, relay, store
from tests.hub import START, HubUnderTest, make_customer


async def test_e6_four_writers_lose_nothing_and_leave_no_gap(fresh_hub: HubUnderTest) -> None:
    """Their transactions end in any order; two relays are at work, and a reader follows all the while."""
    total = 4_000 if fresh_hub.engine == "postgresql" else 800
    dice = random.Random(20261122)
    written: set[Any] = set()
    stop = asyncio.Event()

    async def write() -> None:
        left = total // 4
        while left:
            rows = event_rows(min(left, dice.randint(1, 9)))
            left -= len(rows)
            await store(fresh_hub, rows, hold=dice.choice([0, 0, 0.001, 0.01]) if total == 4_000 else 0)
            written.update(row.id for row in rows)

    async def place() -> None:
        own = EventRelay(fresh_hub.app.database, fresh_hub.clock)
        while not stop.is_set():
            await own.turn()
            await asyncio.sleep(0.002)
        await own.drain()

    copy = Copy(fresh_hub.api)

    async def read() -> None:
        while not stop.is_set():
            await copy.follow()
            await asyncio.sleep(0.01)

    others = [asyncio.create_task(work()) for work in (place, place, read)]
    await asyncio.gather(*(write() for _ in range(4)))
    stop.set()
    await asyncio.gather(*others)
    await relay(fresh_hub)
    await copy.follow()
    feed = await feed_of(fresh_hub)
    assert [row.position for row in feed] == list(range(1, total + 1))
    assert {row.id for row in feed} == written
    assert [event["position"] for event in copy.seen] == list(range(1, total + 1))
    assert await fresh_hub.rows("SELECT count(*) FROM events WHERE position IS NULL") in ([(0,)], [[0]])


async def test_e1_a_change_that_is_rolled_back_leaves_no_event(fresh_hub: HubUnderTest) -> None:
    work = fresh_hub.app.hub.unit_of_work(WHO, "req-1")
    work.emit(CustomerUpdated(new_id(), 2, fields=("note",)))
    await work.rollback()
    await work.commit()
    await relay(fresh_hub)
    assert await feed_of(fresh_hub) == []


@pytest.mark.parametrize("after", [False, True])
async def test_e6_whichever_statement_of_a_pass_fails_nothing_is_lost_or_told_twice(
    fresh_hub: HubUnderTest, after: bool
) -> None:
    """RELIABILITY, "How custhub tests itself", 2: with `after` the statement was done, and its answer lost."""
    ledger = await Ledger(fresh_hub).make()
    own = EventRelay(fresh_hub.app.database, fresh_hub.clock, fan_outs=[ledger])
    expected = 0
    subjects = [row.subject_id for row in event_rows(3)]
    for at in range(1, 40):
        for subject in subjects:
            await store(fresh_hub, event_rows(1, subject_id=subject, subject_revision=at))
        expected += 3
        with failing(fresh_hub, Fault(at, after=after)) as fault:
            try:
                await own.drain()
            except (DatabaseUnavailable, DiskFull):
                assert fault.has_struck
        await own.drain()
        positions = [row.position for row in await feed_of(fresh_hub)]
        assert positions == list(range(1, expected + 1))
        assert await ledger.told() == positions
        known = await fresh_hub.rows("SELECT revision FROM event_subjects")
        assert [row[0] for row in known] == [at] * 3
        if not fault.has_struck:
            break
    else:
        pytest.fail("a pass has more statements than that")
    assert at > 8
    copy = Copy(fresh_hub.api)
    await copy.follow()
    answer = (await fresh_hub.api.get("/v1/events/checksum", params={"type": "customer"})).json()
    assert (answer["count"], answer["checksum"], answer["position"]) == (*copy.state(), expected)


async def test_e6_a_fan_out_that_fails_leaves_the_events_where_they_were(fresh_hub: HubUnderTest) -> None:
    ledger = await Ledger(fresh_hub).make()
    own = EventRelay(fresh_hub.app.database, fresh_hub.clock, fan_outs=[ledger])
    await store(fresh_hub, event_rows(3))
    ledger.fails = True
    with pytest.raises(ValueError, match="stumbled"):
        await own.drain()
    assert await feed_of(fresh_hub) == []
    assert await ledger.told() == []
    ledger.fails = False
    await own.drain()
    assert await ledger.told() == [1, 2, 3]


async def test_e6_revisions_of_a_subject_rise_whatever_clocks_made_the_ids(fresh_hub: HubUnderTest) -> None:
    first, second, other = event_rows(3)
    later = second._replace(subject_id=first.subject_id, subject_revision=2)
    early, late = sorted([first.id, later.id])
    await store(fresh_hub, [first._replace(id=late), later._replace(id=early), other])
    await relay(fresh_hub)
    feed = await feed_of(fresh_hub)
    assert [row.subject_revision for row in feed if row.subject_id == first.subject_id] == [1, 2]
    assert [row.position for row in feed] == [1, 2, 3]


async def test_e6_an_older_revision_that_comes_late_changes_no_state(fresh_hub: HubUnderTest) -> None:
    old, new = event_rows(2)
    await store(fresh_hub, [new._replace(subject_id=old.subject_id, subject_revision=5)])
    await relay(fresh_hub)
    await store(fresh_hub, [old._replace(subject_revision=4)])
    await relay(fresh_hub)
    copy = Copy(fresh_hub.api)
    await copy.follow()
    answer = (await fresh_hub.api.get("/v1/events/checksum", params={"type": "customer"})).json()
    assert (answer["count"], answer["checksum"]) == copy.state()
    assert list(copy.revisions.values()) == [5]
    assert [list(row) for row in await fresh_hub.rows("SELECT revision, position FROM event_subjects")] == [[5, 1]]


async def test_e6_what_a_frozen_process_commits_late_is_found_within_a_minute(fresh_hub: HubUnderTest) -> None:
    clock = ManualClock(START + timedelta(days=400))  # later than any id of this test
    own = EventRelay(fresh_hub.app.database, clock)
    frozen, fresh = event_rows(2)
    await store(fresh_hub, [fresh])
    await own.drain()
    await store(fresh_hub, [frozen])
    await own.turn()
    assert len(await feed_of(fresh_hub)) == 1
    clock.advance(61)
    await own.turn()
    assert [row.id for row in await feed_of(fresh_hub)] == [fresh.id, frozen.id]


async def test_e8_others_do_not_wait_behind_a_bulk_job(fresh_hub: HubUnderTest) -> None:
    """What is left of a pass is for bulk events, and never less than a quarter of it."""
    bulk = new_id()
    await store(fresh_hub, event_rows(3_000, bulk_id=bulk))
    normal = event_rows(400)
    await store(fresh_hub, normal)
    own = EventRelay(fresh_hub.app.database, fresh_hub.clock)
    for _ in range(2_000 // own.rows + 1):
        if any(row.bulk_id is None for row in await feed_of(fresh_hub)):
            break
        await own.step()
    first = await feed_of(fresh_hub)
    assert [row.bulk_id for row in first[: min(own.rows, 100)]] == [None] * min(own.rows, 100)
    assert any(row.bulk_id == bulk for row in first)
    await own.drain()
    feed = await feed_of(fresh_hub)
    assert [row.position for row in feed] == list(range(1, 3_401))
    assert {row.id for row in feed[:2_000]} >= {row.id for row in normal}


async def test_e8_a_bulk_event_names_its_job(fresh_hub: HubUnderTest) -> None:
    job = new_id()
    work = fresh_hub.app.hub.unit_of_work(WHO, "req-1")
    work.bulk_id = job
    work.emit(CustomerUpdated(new_id(), 2, fields=("note",)))
    await work.commit()
    await relay(fresh_hub)
    (event,) = (await fresh_hub.api.get("/v1/events")).json()["data"]
    assert event["data"]["bulk_id"].startswith("job_")


async def test_e6_a_commit_wakes_the_relay_of_its_process(
    fresh_hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "POLL_SECONDS", 600.0)
    stop = asyncio.Event()
    running = asyncio.create_task(fresh_hub.app.relay.run(stop))
    await asyncio.sleep(0.2)
    for expected in (1, 2, 3):
        assert (await fresh_hub.api.post("/v1/customers", json=make_customer())).status_code == 201
        async with asyncio.timeout(5):
            while len(await feed_of(fresh_hub)) < expected:
                await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(running, 2)


async def test_e6_the_relay_goes_on_after_an_error(fresh_hub: HubUnderTest, caplog: pytest.LogCaptureFixture) -> None:
    stop = asyncio.Event()
    await store(fresh_hub, event_rows(1))
    with failing(fresh_hub, Fault(1, hits=lambda sql: "UPDATE events" in sql)) as fault:
        running = asyncio.create_task(fresh_hub.app.relay.run(stop))
        async with asyncio.timeout(10):
            while not await feed_of(fresh_hub):
                await asyncio.sleep(0.05)
    assert fault.has_struck
    stop.set()
    await asyncio.wait_for(running, 2)
    assert [record.getMessage().split(" ")[:2] for record in caplog.records] == [["event", "relay"]]


async def test_e6_one_relay_at_a_time(fresh_hub: HubUnderTest) -> None:
    if fresh_hub.engine == "sqlite":
        return  # one process, one writer: nothing can be at work beside it
    await store(fresh_hub, event_rows(1))
    database = fresh_hub.app.database
    async with database.transaction() as connection:
        assert await TRY_LOCK.first(Outbox(database, connection))
        await relay(fresh_hub)
        assert await feed_of(fresh_hub) == []
    await relay(fresh_hub)
    assert len(await feed_of(fresh_hub)) == 1


async def test_r9_what_waits_is_measured(fresh_hub: HubUnderTest) -> None:
    told: dict[str, float] = {}

    async def measure() -> dict[str, float]:
        await fresh_hub.app.events.measure(
            lambda value: told.update(waiting=value), lambda value: told.update(oldest=value)
        )
        return told

    assert await measure() == {"waiting": 0, "oldest": 0.0}
    await store(fresh_hub, [*event_rows(3), *event_rows(2, bulk_id=new_id())])
    fresh_hub.clock.advance(7)
    assert await measure() == {"waiting": 5, "oldest": 7.0}
    await relay(fresh_hub)
    assert await measure() == {"waiting": 0, "oldest": 0.0}
