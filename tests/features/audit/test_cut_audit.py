"""The retention cut: old entries leave for a signed archive, and verifying goes on behind it (S-76)."""

from __future__ import annotations

import asyncio
import gzip
import json
import stat
from pathlib import Path

import pytest

from custhub.features.audit.errors import AuditBroken
from custhub.features.audit.models import CutRow
from custhub.features.audit.rules import Fault
from custhub.features.audit.service import AuditLog
from custhub.features.audit.service.cut import RetentionCut
from custhub.features.audit.service.record import AuditWriter
from custhub.kit.db import Violation
from tests.features.audit.tampering import WHO, Burglar, commit, rows_of, sealed_log, store
from tests.features.audit.test_append_only import definitions
from tests.hub import HubUnderTest

DAY = 86_400


def make_cut(hub: HubUnderTest, days: int = 30) -> RetentionCut:
    app = hub.app
    return RetentionCut(
        app.database,
        app.keys,
        hub.clock,
        app.audit.verifier,
        AuditWriter(app.keys),
        app.hub.unit_of_work,
        archive=hub.settings.audit_dir / "archive",
        retention_days=days,
    )


async def aged_log(hub: HubUnderTest) -> AuditLog:
    """Twenty entries of 40 days ago in two checkpoints, ten of today."""
    log = await sealed_log(hub, 20, checkpoint_at=[10, 20])
    hub.clock.advance(40 * DAY)
    await store(hub, rows_of(hub, 10))
    await log.relay.checkpoint()
    return log


async def cut(hub: HubUnderTest, most: int | None = None) -> CutRow | None:
    return await make_cut(hub).cut(WHO, "req-cut", most)


async def seqs(hub: HubUnderTest) -> tuple[int, int]:
    ((low, high),) = await hub.rows("SELECT min(seq), max(seq) FROM audit_chain")
    return low, high


def archives(hub: HubUnderTest) -> list[Path]:
    return sorted((hub.settings.audit_dir / "archive").iterdir())


async def test_s76_a_cut_moves_old_entries_into_an_archive_and_verify_goes_on(fresh_hub: HubUnderTest) -> None:
    log = await aged_log(fresh_hub)
    guards = await definitions(fresh_hub)
    done = await cut(fresh_hub)
    assert done is not None
    assert (done.first_seq, done.last_seq) == (1, 20)
    assert await seqs(fresh_hub) == (21, 30)
    ((entries,),) = await fresh_hub.rows("SELECT count(*) FROM audit_entries")
    assert entries == 11  # ten of today, and the cut's own
    assert await definitions(fresh_hub) == guards
    with pytest.raises(Violation):
        await _delete(fresh_hub)
    assert await log.relay.run_once() == 1
    result = await log.verifier.verify()
    assert (result.status, result.from_seq, result.to_seq, result.checkpoints) == ("valid", 21, 31, 1)
    assert await cut(fresh_hub) is None


async def _delete(hub: HubUnderTest) -> None:
    async with hub.app.database.transaction() as connection:
        await connection.execute("DELETE FROM audit_entries", ())


async def test_s76_the_cut_is_audited_in_its_own_transaction(fresh_hub: HubUnderTest) -> None:
    await aged_log(fresh_hub)
    await cut(fresh_hub)
    rows = await fresh_hub.rows("SELECT reason, request_id, actor_kind FROM audit_entries WHERE action = 'audit.cut'")
    assert [tuple(row) for row in rows] == [("1 to 20", "req-cut", "user")]


async def test_s76_the_archive_verifies_by_itself_and_joins_the_chain(fresh_hub: HubUnderTest) -> None:
    log = await aged_log(fresh_hub)
    await cut(fresh_hub)
    (path,) = archives(fresh_hub)
    assert path.name == "audit-000000000001-000000000020.jsonl.gz"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    report = await log.verify_archive(path)
    assert (report.checked, report.finding) == (20, None)
    ((prev,),) = await fresh_hub.rows("SELECT prev FROM audit_chain WHERE seq = 21")
    assert report.header.last_hash == bytes(prev)
    header, first, *_ = (json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines())
    assert (header["type"], header["count"]) == ("audit_archive", 20)
    assert first["entry"]["action"] == "customer.updated"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"action":"customer.updated"', '"action":"customer.created"', Fault.EDITED),
        ('"seq":7,', '"seq":8,', Fault.REORDERED),
        ('"last_seq":20', '"last_seq":19', Fault.CHECKPOINT_MISMATCH),
    ],
)
async def test_s76_a_changed_archive_is_found(fresh_hub: HubUnderTest, old: str, new: str, fault: Fault) -> None:
    log = await aged_log(fresh_hub)
    await cut(fresh_hub)
    (path,) = archives(fresh_hub)
    text = gzip.decompress(path.read_bytes()).decode()
    assert old in text
    path.write_bytes(gzip.compress(text.replace(old, new, 1).encode()))
    finding = (await log.verify_archive(path)).finding
    assert finding is not None
    assert finding.fault is fault


async def test_s76_a_shortened_archive_is_found_and_another_file_is_refused(fresh_hub: HubUnderTest) -> None:
    log = await aged_log(fresh_hub)
    await cut(fresh_hub)
    (path,) = archives(fresh_hub)
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join(lines[:11])))
    assert (await log.verify_archive(path)).finding is not None
    path.write_bytes(gzip.compress(b"{}\n"))
    with pytest.raises(ValueError, match="no audit archive"):
        await log.verify_archive(path)


async def test_s76_cuts_are_bounded_and_follow_each_other(fresh_hub: HubUnderTest) -> None:
    log = await aged_log(fresh_hub)
    assert await cut(fresh_hub, most=9) is None  # no checkpoint within nine entries
    first = await cut(fresh_hub, most=15)
    second = await cut(fresh_hub, most=15)
    assert first is not None
    assert second is not None
    assert (first.last_seq, second.first_seq, second.last_seq) == (10, 11, 20)
    assert second.prev_hash == first.last_hash
    assert len(archives(fresh_hub)) == 2
    assert all([(await log.verify_archive(path)).finding is None for path in archives(fresh_hub)])
    assert (await log.verify()).status == "valid"


async def test_s76_everything_old_may_be_cut_and_the_chain_goes_on_from_it(fresh_hub: HubUnderTest) -> None:
    log = await sealed_log(fresh_hub, 10, checkpoint_at=[10])
    fresh_hub.clock.advance(40 * DAY)
    await cut(fresh_hub)
    assert (await fresh_hub.rows("SELECT count(*) FROM audit_chain"))[0][0] == 0
    assert (await log.verifier.verify()).status == "valid"
    assert await log.relay.checkpoint() == 1
    assert await seqs(fresh_hub) == (11, 11)
    assert (await log.verify()).status == "valid"


async def test_s76_nothing_young_or_unsigned_is_cut(fresh_hub: HubUnderTest) -> None:
    await sealed_log(fresh_hub, 20, checkpoint_at=[10])
    fresh_hub.clock.advance(29 * DAY)
    assert await cut(fresh_hub) is None
    fresh_hub.clock.advance(2 * DAY)
    done = await cut(fresh_hub)
    assert done is not None
    assert done.last_seq == 10


async def test_s76_a_log_that_does_not_verify_is_not_cut(fresh_hub: HubUnderTest) -> None:
    await aged_log(fresh_hub)
    await Burglar(fresh_hub).do(
        "UPDATE audit_entries SET reason = 'x' WHERE id = (SELECT entry_id FROM audit_chain WHERE seq = 5)"
    )
    with pytest.raises(AuditBroken):
        await cut(fresh_hub)
    assert await seqs(fresh_hub) == (1, 30)


async def test_s76_deleting_the_start_without_a_signed_cut_is_found(fresh_hub: HubUnderTest) -> None:
    log = await aged_log(fresh_hub)
    burglar = Burglar(fresh_hub)
    await burglar.do(
        "DELETE FROM audit_entries WHERE id IN (SELECT entry_id FROM audit_chain WHERE seq <= 10)",
        "DELETE FROM audit_chain WHERE seq <= 10",
    )
    finding = (await log.verifier.verify()).finding
    assert finding is not None
    assert (finding.seq, finding.fault) == (1, Fault.DELETED)
    await burglar.do(
        "INSERT INTO audit_cuts (last_seq, at, first_seq, prev_hash, last_hash, content, kid, signature)"
        " SELECT 10, at, 1, prev, last_hash, root, kid, signature FROM audit_checkpoints WHERE last_seq = 10"
    )
    finding = (await log.verifier.verify()).finding
    assert finding is not None
    assert (finding.seq, finding.fault) == (1, Fault.CHECKPOINT_MISMATCH)


async def test_s76_a_failed_removal_leaves_everything_and_the_next_cut_does_it(fresh_hub: HubUnderTest) -> None:
    """The archive is written first; a crash behind it removes nothing."""
    log = await aged_log(fresh_hub)
    fresh_hub.settings.audit_dir.joinpath("archive").mkdir()
    fresh_hub.settings.audit_dir.joinpath("archive/audit-000000000001-000000000020.jsonl.part").mkdir()
    with pytest.raises(OSError, match="directory"):
        await cut(fresh_hub)
    assert await seqs(fresh_hub) == (1, 30)
    fresh_hub.settings.audit_dir.joinpath("archive/audit-000000000001-000000000020.jsonl.part").rmdir()
    assert await cut(fresh_hub) is not None
    assert (await log.verify()).status == "valid"


async def test_s76_requests_go_on_while_the_log_is_cut(fresh_hub: HubUnderTest) -> None:
    log = await aged_log(fresh_hub)
    writing = asyncio.gather(*(commit(fresh_hub) for _ in range(20)))
    done = await cut(fresh_hub)
    await writing
    assert done is not None
    assert done.last_seq == 20
    assert (await log.verify()).status == "valid"


async def test_s76_the_setting_says_how_long_entries_stay(fresh_hub: HubUnderTest) -> None:
    log = await sealed_log(fresh_hub, 10, checkpoint_at=[10])
    fresh_hub.clock.advance((fresh_hub.settings.audit_retention_days - 1) * DAY)
    assert [row async for row in log.cut(WHO, "req-cut")] == []
    fresh_hub.clock.advance(2 * DAY)
    assert [row.last_seq async for row in log.cut(WHO, "req-cut")] == [10]


async def test_s76_a_cut_gives_way_to_a_long_transaction_and_comes_back(fresh_hub: HubUnderTest, engine: str) -> None:
    if engine == "sqlite":
        return  # the writer's own lock is fair
    await aged_log(fresh_hub)
    async with fresh_hub.app.database.transaction() as connection:
        await connection.execute("LOCK TABLE audit_chain IN ROW EXCLUSIVE MODE", ())
        cutting = asyncio.create_task(cut(fresh_hub))
        await asyncio.sleep(0.2)
        async with asyncio.timeout(2):
            await commit(fresh_hub)  # waits no longer than the cut does
        assert not cutting.done()
    done = await cutting
    assert done is not None
    assert done.last_seq == 20
