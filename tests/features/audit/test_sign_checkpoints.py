"""Checkpoints: signed, in the database and outside of it, whatever crashes in between (S-72)."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Sequence

import pytest

from custhub.features.audit.models import CheckpointRow
from custhub.features.audit.rules import GENESIS, digest, merkle_root
from custhub.features.audit.service.checkpoints import LINKS, Checkpoints
from custhub.features.audit.service.sink import CheckpointSink
from custhub.kit.clock import ManualClock
from tests.features.audit.tampering import Burglar, commit, rows_of, sealed_log, store
from tests.features.audit.test_seal_entries import make_relay
from tests.hub import START, HubUnderTest


class BrokenSink(CheckpointSink):
    """A process that dies before its line is written."""

    def append(self, rows: Sequence[CheckpointRow]) -> None:
        raise OSError("gone")


def checkpoints_of(hub: HubUnderTest, sink: CheckpointSink | None = None, links: int = LINKS) -> Checkpoints:
    sink = sink or CheckpointSink(hub.settings.audit_dir)
    return Checkpoints(hub.app.database, hub.app.keys, hub.clock, sink, links=links)


async def stored(hub: HubUnderTest) -> list[tuple[int, int, int]]:
    rows = await hub.rows("SELECT number, first_seq, last_seq FROM audit_checkpoints ORDER BY number")
    return [tuple(row) for row in rows]


async def test_s72_a_checkpoint_covers_a_thousand_links_and_the_rest_after_sixty_seconds(
    fresh_hub: HubUnderTest,
) -> None:
    relay = fresh_hub.app.audit.relay
    await store(fresh_hub, rows_of(fresh_hub, 2_100))
    await relay.run_once()
    assert await stored(fresh_hub) == [(1, 1, 1000), (2, 1001, 2000)]
    fresh_hub.clock.advance(55)
    await relay.run_once()
    assert len(await stored(fresh_hub)) == 2
    fresh_hub.clock.advance(6)
    await relay.run_once()
    assert (await stored(fresh_hub))[2:] == [(3, 2001, 2100)]
    fresh_hub.clock.advance(600)
    await relay.run_once()
    assert len(await stored(fresh_hub)) == 3


async def test_s72_the_line_outside_holds_root_and_signature_and_is_for_its_owner_alone(
    fresh_hub: HubUnderTest,
) -> None:
    await sealed_log(fresh_hub, 30, checkpoint_at=[12, 30])
    directory = fresh_hub.settings.audit_dir
    (path,) = directory.iterdir()
    assert path.name == f"checkpoints-{START.date().isoformat()}.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    hashes = [bytes(row[0]) for row in await fresh_hub.rows("SELECT hash FROM audit_chain ORDER BY seq")]
    assert second["root"] == merkle_root(hashes[12:]).hex()
    assert second["last_hash"] == hashes[-1].hex()
    assert (second["number"], second["first_seq"], second["last_seq"], second["count"]) == (2, 13, 30, 18)
    assert second["at"] == START.isoformat()
    assert first["prev"] == GENESIS.hex()
    bodies = []
    for line in (first, second):
        signature = bytes.fromhex(line.pop("signature"))
        bodies.append(json.dumps(line, sort_keys=True, separators=(",", ":")).encode())
        assert fresh_hub.app.keys.audit_signer.verify(bodies[-1], signature)
    assert second["prev"] == digest(bodies[0]).hex()


async def test_s72_each_day_has_a_file_of_its_own(fresh_hub: HubUnderTest) -> None:
    for _ in range(3):
        await commit(fresh_hub)
        await fresh_hub.app.audit.relay.checkpoint()
        fresh_hub.clock.advance(86_400)
    assert sorted(path.name for path in fresh_hub.settings.audit_dir.iterdir()) == [
        f"checkpoints-2026-03-0{day}.jsonl" for day in (1, 2, 3)
    ]
    assert (await fresh_hub.app.audit.verifier.verify()).status == "valid"


async def test_s72_a_checkpoint_first_seals_all_that_is_committed(fresh_hub: HubUnderTest) -> None:
    await commit(fresh_hub)
    await commit(fresh_hub)
    assert await fresh_hub.app.audit.relay.checkpoint() == 1
    assert await stored(fresh_hub) == [(1, 1, 2)]
    assert await fresh_hub.app.audit.relay.checkpoint() == 0


async def test_s72_a_crash_between_seal_and_checkpoint_delays_the_checkpoint_only(fresh_hub: HubUnderTest) -> None:
    await store(fresh_hub, rows_of(fresh_hub, 5))
    await fresh_hub.app.audit.relay.seal_all()
    assert await stored(fresh_hub) == []
    fresh_hub.clock.advance(61)
    await make_relay(fresh_hub).run_once()
    assert await stored(fresh_hub) == [(1, 1, 5)]


async def test_s72_a_crash_between_the_row_and_the_line_is_made_good_by_the_next_process(
    fresh_hub: HubUnderTest,
) -> None:
    await store(fresh_hub, rows_of(fresh_hub, 5))
    await fresh_hub.app.audit.relay.seal_all()
    with pytest.raises(OSError, match="gone"):
        await checkpoints_of(fresh_hub, BrokenSink(fresh_hub.settings.audit_dir)).write_due(force=True)
    assert await stored(fresh_hub) == [(1, 1, 5)]
    fresh_hub.clock.advance(61)
    assert (await fresh_hub.app.audit.verifier.verify()).status == "unproven"
    await make_relay(fresh_hub).run_once()
    assert (await fresh_hub.app.audit.verifier.verify()).status == "valid"


async def test_s72_a_line_cut_short_by_a_crash_is_written_again_behind_it(fresh_hub: HubUnderTest) -> None:
    await sealed_log(fresh_hub, 20, checkpoint_at=[10, 20])
    (path,) = fresh_hub.settings.audit_dir.iterdir()
    path.write_bytes(path.read_bytes()[:-40])
    fresh_hub.clock.advance(61)
    assert (await fresh_hub.app.audit.verifier.verify()).sink_missing == 1
    await make_relay(fresh_hub).run_once()
    assert (await fresh_hub.app.audit.verifier.verify()).status == "valid"
    assert len(path.read_text().splitlines()) == 3


async def test_s72_a_sink_that_lost_more_than_a_crash_can_is_not_quietly_filled_again(
    fresh_hub: HubUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    await store(fresh_hub, rows_of(fresh_hub, 103))
    await fresh_hub.app.audit.relay.seal_all()
    assert await checkpoints_of(fresh_hub, links=1).write_due() == 103
    for path in fresh_hub.settings.audit_dir.iterdir():
        path.unlink()
    await make_relay(fresh_hub).run_once()
    assert "audit sink and database do not agree" in caplog.text
    await commit(fresh_hub)
    await make_relay(fresh_hub).checkpoint()
    result = await fresh_hub.app.audit.verifier.verify()
    assert (result.status, result.sink_missing) == ("unproven", 103)


async def test_s72_two_processes_sign_the_same_links_once(fresh_hub: HubUnderTest) -> None:
    await store(fresh_hub, rows_of(fresh_hub, 5))
    await fresh_hub.app.audit.relay.seal_all()
    made = await asyncio.gather(*(checkpoints_of(fresh_hub).write_due(force=True) for _ in range(4)))
    assert sum(made) == 1
    assert await stored(fresh_hub) == [(1, 1, 5)]
    (path,) = fresh_hub.settings.audit_dir.iterdir()
    assert len(path.read_text().splitlines()) == 1


async def test_s72_a_chain_with_holes_is_not_signed(fresh_hub: HubUnderTest, caplog: pytest.LogCaptureFixture) -> None:
    await store(fresh_hub, rows_of(fresh_hub, 5))
    await fresh_hub.app.audit.relay.seal_all()
    await Burglar(fresh_hub).do("DELETE FROM audit_chain WHERE seq = 3")
    assert await checkpoints_of(fresh_hub).write_due(force=True) == 0
    assert await stored(fresh_hub) == []
    assert "audit chain is broken" in caplog.text


async def test_s72_checkpoints_stay_in_the_order_of_time_when_the_clock_is_set_back(fresh_hub: HubUnderTest) -> None:
    await sealed_log(fresh_hub, 5, checkpoint_at=[5])
    ((before,),) = await fresh_hub.rows("SELECT at FROM audit_checkpoints")
    await commit(fresh_hub)
    await make_relay(fresh_hub, clock=ManualClock(START.replace(year=2025))).checkpoint()
    rows = await fresh_hub.rows("SELECT at FROM audit_checkpoints ORDER BY number")
    assert [row[0] for row in rows] == [before, before]
    assert (await fresh_hub.app.audit.verifier.verify()).status == "valid"
