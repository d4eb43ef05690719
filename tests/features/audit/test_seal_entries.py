"""The relay seals what is committed: in order, without gaps, one relay at a time (S-70)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custhub.features.audit.queries import page_of_entries
from custhub.features.audit.queries.chain import LOCK, UNSEALED
from custhub.features.audit.repository import ChainRepository
from custhub.features.audit.rules import GENESIS, first_id_at, link_hash
from custhub.features.audit.service.checkpoints import AGE, Checkpoints
from custhub.features.audit.service.relay import AuditRelay
from custhub.features.audit.service.sink import CheckpointSink
from custhub.kit.background import Part, Turns
from custhub.kit.clock import ManualClock
from custhub.kit.db import DatabaseUnavailable
from tests.features.audit.tampering import WHO, commit, note, rows_of, store
from tests.hub import HubUnderTest


class Gauge:
    """Remembers what it was last set to."""

    def __init__(self) -> None:
        self.value = -1.0

    def __call__(self, value: float) -> None:
        self.value = value


def make_relay(
    hub: HubUnderTest,
    gauge: Gauge | None = None,
    clock: ManualClock | None = None,
    age: timedelta = AGE,
    **sizes: int,
) -> AuditRelay:
    """Another relay on this hub's database, as another process has one."""
    clock = clock or hub.clock
    sink = CheckpointSink(hub.settings.audit_dir)
    checkpoints = Checkpoints(hub.app.database, hub.app.keys, clock, sink, age=age)
    return AuditRelay(hub.app.database, clock, checkpoints, gauge=gauge or Gauge(), statement_timeout_ms=5_000, **sizes)


def in_turns(relay: AuditRelay) -> Turns:
    """The task that a relay runs in, here alone."""
    return Turns("relay", [Part("audit relay", relay.turn)], gather_seconds=0.05)


async def chain_of(hub: HubUnderTest) -> list[Any]:
    return await hub.rows(
        "SELECT c.seq, c.entry_id, c.prev, c.hash, e.mac FROM audit_chain c JOIN audit_entries e ON e.id = c.entry_id"
        " ORDER BY c.seq"
    )


def assert_sound(chain: Sequence[Any], count: int) -> None:
    """Gapless, and each link follows the one before."""
    assert [link[0] for link in chain] == list(range(1, count + 1))
    prev = GENESIS
    for _, _, own_prev, own_hash, mac in chain:
        assert bytes(own_prev) == prev
        assert bytes(own_hash) == link_hash(prev, bytes(mac))
        prev = bytes(own_hash)


async def test_s70_entries_are_sealed_once_in_the_order_of_their_ids(fresh_hub: HubUnderTest) -> None:
    relay = fresh_hub.app.audit.relay
    await commit(fresh_hub, *[note() for _ in range(5)])
    assert await relay.run_once() == 5
    await commit(fresh_hub, *[note() for _ in range(3)])
    assert await relay.run_once() == 3
    assert await relay.run_once() == 0
    chain = await chain_of(fresh_hub)
    assert_sound(chain, 8)
    assert [link[1] for link in chain] == sorted(link[1] for link in chain)


async def test_s70_a_change_and_its_entry_are_sealed_by_the_running_relay_within_two_seconds(
    fresh_hub: HubUnderTest,
) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(fresh_hub.app.relay.run(stop))
    await asyncio.sleep(0.2)
    created = await fresh_hub.api.post("/v1/customers", json={"display_name": "李娜"})
    assert created.status_code == 201
    async with asyncio.timeout(2):
        while not await chain_of(fresh_hub):
            await asyncio.sleep(0.05)
    stop.set()
    await asyncio.wait_for(running, 1)


async def test_s70_a_transaction_that_commits_late_with_a_lower_id_is_not_lost(fresh_hub: HubUnderTest) -> None:
    late, early = rows_of(fresh_hub, 2)
    relay = fresh_hub.app.audit.relay
    await store(fresh_hub, [early])
    assert await relay.run_once() == 1
    await store(fresh_hub, [late])
    assert await relay.run_once() == 1
    assert late.id < early.id
    assert_sound(await chain_of(fresh_hub), 2)


async def test_s70_the_window_finds_what_was_frozen_and_the_start_finds_the_rest(fresh_hub: HubUnderTest) -> None:
    """Each look sees a minute, once a minute an hour, a new process everything."""
    clock = ManualClock(datetime.now(UTC))
    relay = make_relay(fresh_hub, clock=clock)
    await relay.run_once()
    minutes, hours = rows_of(fresh_hub, 2)
    aged = [
        row._replace(id=first_id_at(clock.now() - timedelta(minutes=age))) for row, age in ((minutes, 30), (hours, 180))
    ]
    await store(fresh_hub, aged)
    assert await relay.run_once() == 0
    clock.advance(61)
    assert await relay.run_once() == 1
    clock.advance(61)
    assert await relay.run_once() == 0
    assert await make_relay(fresh_hub, clock=clock).run_once() == 1
    assert_sound(await chain_of(fresh_hub), 2)


async def test_s70_the_check_at_start_goes_on_over_several_looks_and_pages(fresh_hub: HubUnderTest) -> None:
    rows = rows_of(fresh_hub, 1_000)
    await store(fresh_hub, rows[500:])
    clock = ManualClock(datetime.now(UTC) + timedelta(days=1))
    relay = make_relay(fresh_hub, clock=clock, page=300, start_pages=1)
    assert [await relay.run_once() for _ in range(4)] == [300, 200, 0, 0]
    await store(fresh_hub, rows[:500])
    assert await relay.run_once() == 0
    assert await relay.seal_all() == 500
    assert_sound(await chain_of(fresh_hub), 1_000)


async def test_s70_an_idle_look_costs_two_small_reads(fresh_hub: HubUnderTest) -> None:
    relay = fresh_hub.app.audit.relay
    await commit(fresh_hub)
    await relay.run_once()
    asked: list[str] = []
    database = fresh_hub.app.database
    fetch = database.fetch

    async def counted(sql: str, values: Sequence[Any]) -> Sequence[Any]:
        asked.append(sql)
        return await fetch(sql, values)

    database.fetch = counted  # type: ignore[method-assign]
    await relay.run_once()
    assert len(asked) == 2


async def test_s70_the_look_reads_a_range_of_both_indexes(fresh_hub: HubUnderTest) -> None:
    """However long the log is: no scan of a table, on either engine."""
    database = fresh_hub.app.database
    text = UNSEALED.text(database.dialect)
    low, high = first_id_at(datetime(2026, 1, 1, tzinfo=UTC)), first_id_at(datetime(2027, 1, 1, tzinfo=UTC))
    values = text.values({"after": low, "upto": high, "limit": 10})
    if fresh_hub.engine == "sqlite":
        plan = [row[3] for row in await fresh_hub.rows(f"EXPLAIN QUERY PLAN {text.sql}", *values)]
        assert not [line for line in plan if line.startswith("SCAN")]
        assert any("(id>? AND id<?)" in line for line in plan)
        assert any("COVERING INDEX" in line and "(entry_id=?)" in line for line in plan)
        return
    async with database.transaction() as connection:
        await connection.execute("SET LOCAL enable_seqscan = off", ())
        await connection.execute("SET LOCAL enable_bitmapscan = off", ())
        plan = [row[0] for row in await connection.fetch(f"EXPLAIN {text.sql}", values)]
    assert not [line for line in plan if "Seq Scan" in line]
    conditions = " ".join(line for line in plan if "Index Cond" in line)
    assert "(id > " in conditions
    assert "(entry_id > " in conditions


async def test_s70_four_writers_and_two_relays_leave_one_gapless_chain(fresh_hub: HubUnderTest) -> None:
    relays = [make_relay(fresh_hub), make_relay(fresh_hub)]
    done = asyncio.Event()

    async def write() -> None:
        for _ in range(40):
            await commit(fresh_hub)

    async def seal(relay: AuditRelay) -> int:
        sealed = 0
        while not done.is_set():
            sealed += await relay.run_once()
            await asyncio.sleep(0.005)
        return sealed + await relay.run_once()

    sealing = [asyncio.create_task(seal(relay)) for relay in relays]
    await asyncio.gather(*(write() for _ in range(4)))
    done.set()
    assert sum(await asyncio.gather(*sealing)) + await relays[0].run_once() == 160
    assert_sound(await chain_of(fresh_hub), 160)
    assert (await fresh_hub.app.audit.verifier.verify()).status == "valid"


async def test_s70_a_relay_gives_way_to_another_and_says_how_old_the_oldest_entry_is(
    fresh_hub: HubUnderTest, engine: str
) -> None:
    if engine == "sqlite":
        return  # one process has the one writer
    await commit(fresh_hub)
    fresh_hub.clock.advance(3)
    gauge = Gauge()
    relay = make_relay(fresh_hub, gauge)
    async with fresh_hub.app.database.transaction() as connection:
        await LOCK.first(ChainRepository(fresh_hub.app.database, connection))
        assert await relay.run_once() == 0
        assert gauge.value == 3.0
    assert await relay.run_once() == 1
    assert gauge.value == 0.0


async def test_s70_the_gauge_grows_while_the_relay_cannot_work(fresh_hub: HubUnderTest) -> None:
    gauge = Gauge()
    relay = make_relay(fresh_hub, gauge)
    await commit(fresh_hub)
    await relay.run_once()
    assert gauge.value == 0.0
    await fresh_hub.app.database.close()
    fresh_hub.clock.advance(45)
    with pytest.raises(DatabaseUnavailable):
        await relay.run_once()
    assert gauge.value == 45.0
    await fresh_hub.app.database.open()


async def test_s70_a_sink_that_cannot_be_written_does_not_slow_the_sealing(
    fresh_hub: HubUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    fresh_hub.settings.audit_dir.write_text("in the way")
    relay = make_relay(fresh_hub, age=timedelta(0))
    stop = asyncio.Event()
    with caplog.at_level(logging.ERROR, "custhub.audit"):
        running = asyncio.create_task(in_turns(relay).run(stop))
        for expected in (1, 2, 3):
            await commit(fresh_hub)
            async with asyncio.timeout(3):
                while len(await chain_of(fresh_hub)) < expected:
                    await asyncio.sleep(0.05)
        stop.set()
        await asyncio.wait_for(running, 2)
    assert [record.getMessage() for record in caplog.records] == ["audit sink cannot be written"]
    fresh_hub.settings.audit_dir.unlink()
    await fresh_hub.app.audit.relay.checkpoint()
    assert (await fresh_hub.app.audit.verifier.verify()).status == "valid"


class StumblingGauge(Gauge):
    """Fails once, as anything inside a look may."""

    def __call__(self, value: float) -> None:
        stumbles, self.value = self.value == -1.0, value
        if stumbles:
            raise ValueError("stumbled")


async def test_s70_the_loop_logs_an_error_tries_again_and_stops(
    fresh_hub: HubUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    relay = make_relay(fresh_hub, StumblingGauge())
    await commit(fresh_hub)
    stop = asyncio.Event()
    running = asyncio.create_task(in_turns(relay).run(stop))
    async with asyncio.timeout(10):
        while not await chain_of(fresh_hub):
            await asyncio.sleep(0.05)
    stop.set()
    await asyncio.wait_for(running, 2)
    assert [record.getMessage() for record in caplog.records] == ["audit relay failed"]


async def test_s70_a_unit_of_work_leaves_an_entry_for_each_of_its_notes(fresh_hub: HubUnderTest) -> None:
    work = fresh_hub.app.hub.unit_of_work(WHO, "req-1")
    for fields in (["note", "stage"], [], ["display_name"]):
        work.audit(note(fields=fields))
    await work.commit()
    assert await fresh_hub.app.audit.relay.run_once() == 3
    assert (await fresh_hub.app.audit.verifier.verify()).status == "valid"
    page = await page_of_entries(fresh_hub.app.database, {}, None, 10)
    assert [entry.fields for entry in page.items] == [["display_name"], [], ["note", "stage"]]
