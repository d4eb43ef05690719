"""Checkpoints, and their copies outside the database, hold the chain to what was signed (S-72, S-73)."""

from __future__ import annotations

import pytest

from custhub.features.audit.rules import Fault
from tests.features.audit.tampering import WHO, Burglar, rows_of, sealed_log, store
from tests.hub import HubUnderTest


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        ("UPDATE audit_checkpoints SET root = ? WHERE number = 2", bytes(32)),
        ("UPDATE audit_checkpoints SET last_hash = ? WHERE number = 2", bytes(32)),
        ("UPDATE audit_checkpoints SET prev = ? WHERE number = 2", bytes(32)),
        ("UPDATE audit_checkpoints SET signature = ? WHERE number = 2", bytes(64)),
        ("UPDATE audit_checkpoints SET number = ? WHERE number = 2", 7),
    ],
)
async def test_s72_a_changed_checkpoint_is_found(fresh_hub: HubUnderTest, statement: str, value: object) -> None:
    log = await sealed_log(fresh_hub, checkpoint_at=[10, 20, 30])
    await Burglar(fresh_hub).do((statement, value))
    finding = (await log.verifier.verify()).finding
    assert finding is not None
    assert (finding.seq, finding.fault) == (11, Fault.CHECKPOINT_MISMATCH)


@pytest.mark.parametrize(("number", "seq"), [(1, 11), (2, 21), (3, 21)])
async def test_s72_a_deleted_checkpoint_is_found(fresh_hub: HubUnderTest, number: int, seq: int) -> None:
    log = await sealed_log(fresh_hub, checkpoint_at=[10, 20, 30])
    await Burglar(fresh_hub).do(("DELETE FROM audit_checkpoints WHERE number = ?", number))
    finding = (await log.verifier.verify()).finding
    assert finding is not None
    assert (finding.seq, finding.fault) == (seq, Fault.CHECKPOINT_MISMATCH)


async def test_s72_a_checkpoint_that_differs_from_its_copy_outside_is_found(fresh_hub: HubUnderTest) -> None:
    """Whoever holds the database and an old key of ours still cannot change what left the database."""
    log = await sealed_log(fresh_hub, checkpoint_at=[10, 20])
    ((signature,),) = await fresh_hub.rows("SELECT signature FROM audit_checkpoints WHERE number = 1")
    row = (await log.verifier.verify()).checkpoints
    assert row == 2
    (path,) = fresh_hub.settings.audit_dir.glob("*.jsonl")
    text = path.read_text()
    again = fresh_hub.app.keys.audit_signer.sign(b"something else").hex()
    path.write_text(text.replace(bytes(signature).hex(), again))
    finding = (await log.verifier.verify()).finding
    assert finding is not None
    assert (finding.seq, finding.fault) == (1, Fault.CHECKPOINT_MISMATCH)


async def test_s73_a_lost_sink_leaves_the_log_unproven_until_it_is_refilled(fresh_hub: HubUnderTest) -> None:
    log = await sealed_log(fresh_hub, checkpoint_at=[10, 20])
    for path in fresh_hub.settings.audit_dir.iterdir():
        path.unlink()
    assert (await log.verifier.verify()).status == "valid"  # they may still be on their way
    fresh_hub.clock.advance(61)
    result = await log.verifier.verify()
    assert (result.status, result.sink_missing, result.finding) == ("unproven", 2, None)
    await store(fresh_hub, rows_of(fresh_hub, 1))
    await log.relay.checkpoint()
    assert (await log.verifier.verify()).sink_missing == 2
    assert await log.refill_sink(WHO, "req-9") == 2
    assert (await log.verify()).status == "valid"
    assert await log.refill_sink(WHO, "req-9") == 0
    ((reason,),) = await fresh_hub.rows("SELECT reason FROM audit_entries WHERE action = 'audit.sink_refilled'")
    assert reason == "2"
