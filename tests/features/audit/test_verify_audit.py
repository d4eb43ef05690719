"""Whoever changes the log in the database is found, at the first place he touched (S-73)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from custhub.features.audit.rules import Fault
from custhub.features.audit.service import AuditVerifier
from custhub.features.audit.service.sink import CheckpointSink
from tests.features.audit.tampering import WHO, Burglar, commit, rows_of, sealed_log, store
from tests.hub import HubUnderTest

Attack = Callable[[Burglar], Awaitable[None]]


async def _edit_entry(burglar: Burglar) -> None:
    await burglar.do(
        ("UPDATE audit_entries SET reason = 'nothing' WHERE id = (SELECT entry_id FROM audit_chain WHERE seq = ?)", 7)
    )


async def _edit_mac(burglar: Burglar) -> None:
    await burglar.do(
        ("UPDATE audit_entries SET mac = ? WHERE id = (SELECT entry_id FROM audit_chain WHERE seq = ?)", bytes(32), 7)
    )


async def _edit_entry_and_hash_on(burglar: Burglar) -> None:
    await burglar.do(
        (
            "UPDATE audit_entries SET mac = ? WHERE id = (SELECT entry_id FROM audit_chain WHERE seq = ?)",
            bytes(32),
            7,
        )
    )
    await burglar.hash_on(7)


async def _edit_hash(burglar: Burglar) -> None:
    await burglar.do(("UPDATE audit_chain SET hash = ? WHERE seq = 7", bytes(32)))


async def _edit_prev(burglar: Burglar) -> None:
    await burglar.do(("UPDATE audit_chain SET prev = ? WHERE seq = 7", bytes(32)))


async def _edit_last_entry(burglar: Burglar) -> None:
    await burglar.do(
        ("UPDATE audit_entries SET actor_id = NULL WHERE id = (SELECT entry_id FROM audit_chain WHERE seq = ?)", 30)
    )


async def _delete_entry(burglar: Burglar) -> None:
    await burglar.do(("DELETE FROM audit_entries WHERE id = (SELECT entry_id FROM audit_chain WHERE seq = ?)", 7))


async def _delete_link_and_entry(burglar: Burglar) -> None:
    await burglar.do(
        ("DELETE FROM audit_entries WHERE id = (SELECT entry_id FROM audit_chain WHERE seq = ?)", 7),
        "DELETE FROM audit_chain WHERE seq = 7",
    )


async def _delete_and_renumber(burglar: Burglar) -> None:
    await _delete_link_and_entry(burglar)
    await burglar.renumber(8, -1)


async def _delete_first(burglar: Burglar) -> None:
    await burglar.do(
        ("DELETE FROM audit_entries WHERE id = (SELECT entry_id FROM audit_chain WHERE seq = ?)", 1),
        "DELETE FROM audit_chain WHERE seq = 1",
    )


async def _insert(burglar: Burglar) -> None:
    await burglar.renumber(7, 1)
    await burglar.forge(7)


async def _insert_with_foreign_prev(burglar: Burglar) -> None:
    await burglar.renumber(7, 1)
    await burglar.forge(7, prev=b"\x09" * 32)


async def _insert_and_hash_on(burglar: Burglar) -> None:
    await burglar.renumber(7, 1)
    await burglar.forge(7)
    await burglar.hash_on(8)


async def _swap_links(burglar: Burglar) -> None:
    await burglar.do(
        "UPDATE audit_chain SET seq = -1 WHERE seq = 7",
        "UPDATE audit_chain SET seq = 7 WHERE seq = 9",
        "UPDATE audit_chain SET seq = 9 WHERE seq = -1",
    )


async def _swap_entries(burglar: Burglar) -> None:
    first, second = (await burglar.link(7))[0], (await burglar.link(9))[0]
    nobody = b"\0" * 16 if isinstance(first, bytes) else "00000000-0000-0000-0000-000000000000"
    await burglar.do(
        ("UPDATE audit_chain SET entry_id = ? WHERE seq = 7", nobody),
        ("UPDATE audit_chain SET entry_id = ? WHERE seq = 9", first),
        ("UPDATE audit_chain SET entry_id = ? WHERE seq = 7", second),
    )


async def _move_to_the_end(burglar: Burglar) -> None:
    await burglar.do("UPDATE audit_chain SET seq = 31 WHERE seq = 7")


async def _unknown_key(burglar: Burglar) -> None:
    await burglar.do(
        ("UPDATE audit_entries SET mac_kid = 99 WHERE id = (SELECT entry_id FROM audit_chain WHERE seq = ?)", 7)
    )


@pytest.mark.parametrize(
    ("attack", "seq", "fault"),
    [
        (_edit_entry, 7, Fault.EDITED),
        (_edit_mac, 7, Fault.EDITED),
        (_edit_entry_and_hash_on, 7, Fault.EDITED),
        (_edit_hash, 7, Fault.EDITED),
        (_edit_prev, 7, Fault.EDITED),
        (_edit_last_entry, 30, Fault.EDITED),
        (_delete_entry, 7, Fault.DELETED),
        (_delete_link_and_entry, 7, Fault.DELETED),
        (_delete_and_renumber, 7, Fault.DELETED),
        (_delete_first, 1, Fault.DELETED),
        (_insert, 7, Fault.INSERTED),
        (_insert_with_foreign_prev, 7, Fault.INSERTED),
        (_insert_and_hash_on, 7, Fault.INSERTED),
        (_swap_links, 7, Fault.REORDERED),
        (_swap_entries, 7, Fault.REORDERED),
        (_move_to_the_end, 7, Fault.REORDERED),
        (_unknown_key, 7, Fault.KEY_MISSING),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else str(value),
)
async def test_s73_tampering_is_named_with_its_first_seq(
    fresh_hub: HubUnderTest, attack: Attack, seq: int, fault: Fault
) -> None:
    log = await sealed_log(fresh_hub, checkpoint_at=[20])
    assert (await log.verifier.verify()).status == "valid"
    await attack(Burglar(fresh_hub))
    result = await log.verifier.verify()
    assert result.finding is not None
    assert (result.finding.seq, result.finding.fault, result.status) == (seq, fault, "invalid")
    assert result.to_seq == seq - 1


async def test_s73_deleting_renumbering_and_hashing_on_breaks_the_signed_root(fresh_hub: HubUnderTest) -> None:
    log = await sealed_log(fresh_hub, checkpoint_at=[5, 20])
    burglar = Burglar(fresh_hub)
    await _delete_and_renumber(burglar)
    await burglar.hash_on(7)
    finding = (await log.verifier.verify()).finding
    assert finding is not None
    assert (finding.seq, finding.fault) == (6, Fault.CHECKPOINT_MISMATCH)


@pytest.mark.parametrize("tables", [("audit_chain",), ("audit_chain", "audit_checkpoints")])
async def test_s73_a_truncated_tail_is_found_by_the_sink(fresh_hub: HubUnderTest, tables: tuple[str, ...]) -> None:
    log = await sealed_log(fresh_hub, checkpoint_at=[10, 20, 30])
    burglar = Burglar(fresh_hub)
    await burglar.do("DELETE FROM audit_entries WHERE id IN (SELECT entry_id FROM audit_chain WHERE seq > 15)")
    await burglar.do("DELETE FROM audit_chain WHERE seq > 15")
    if "audit_checkpoints" in tables:
        await burglar.do("DELETE FROM audit_checkpoints WHERE last_seq > 15")
    result = await log.verifier.verify()
    assert result.finding is not None
    assert (result.finding.seq, result.finding.fault) == (16, Fault.TRUNCATED)


async def test_s73_a_log_emptied_altogether_is_found_by_the_sink(fresh_hub: HubUnderTest) -> None:
    log = await sealed_log(fresh_hub, 10, checkpoint_at=[10])
    await Burglar(fresh_hub).do("DELETE FROM audit_entries", "DELETE FROM audit_chain", "DELETE FROM audit_checkpoints")
    finding = (await log.verifier.verify()).finding
    assert finding is not None
    assert (finding.seq, finding.fault) == (1, Fault.TRUNCATED)


async def test_s73_other_entries_sealed_over_a_truncated_tail_do_not_match_what_was_signed(
    fresh_hub: HubUnderTest,
) -> None:
    log = await sealed_log(fresh_hub, checkpoint_at=[10, 30])
    burglar = Burglar(fresh_hub)
    await burglar.do("DELETE FROM audit_entries WHERE id IN (SELECT entry_id FROM audit_chain WHERE seq > 15)")
    await burglar.do("DELETE FROM audit_chain WHERE seq > 15", "DELETE FROM audit_checkpoints WHERE last_seq > 15")
    await store(fresh_hub, rows_of(fresh_hub, 40))
    await log.relay.seal_all()
    finding = (await log.verifier.verify()).finding
    assert finding is not None
    assert (finding.seq, finding.fault) == (11, Fault.CHECKPOINT_MISMATCH)


async def test_s73_an_entry_without_a_link_counts_after_sixty_seconds(fresh_hub: HubUnderTest) -> None:
    log = await sealed_log(fresh_hub, 5)
    await store(fresh_hub, rows_of(fresh_hub, 2))
    fresh_hub.clock.advance(59)
    assert (await log.verifier.verify()).status == "valid"
    fresh_hub.clock.advance(2)
    result = await log.verifier.verify()
    assert result.unsealed == 2
    assert result.finding is not None
    assert (result.finding.seq, result.finding.fault) == (6, Fault.UNSEALED)
    # The command seals first: a process that was killed leaves a second unsealed.
    assert (await log.verify()).status == "valid"


async def test_s73_an_old_entry_slipped_in_without_a_link_is_counted(fresh_hub: HubUnderTest) -> None:
    early = rows_of(fresh_hub, 1)
    log = await sealed_log(fresh_hub, 600)
    await store(fresh_hub, early)
    fresh_hub.clock.advance(61)
    result = await log.verifier.verify(limit=500)
    assert (result.unsealed, result.next_seq, result.status) == (1, 501, "invalid")


async def test_s73_verifying_while_others_write_seal_and_sign_raises_no_alarm(fresh_hub: HubUnderTest) -> None:
    log = await sealed_log(fresh_hub, 150, checkpoint_at=[50, 100])
    done = asyncio.Event()

    async def work() -> None:
        while not done.is_set():
            await commit(fresh_hub)
            await log.relay.checkpoint()

    working = asyncio.create_task(work())
    results = [await log.verifier.verify() for _ in range(15)]
    done.set()
    await working
    assert {result.status for result in results} == {"valid"}
    assert results[-1].checked > results[0].checked


class CutMeanwhile:
    """A database from which the verified part is cut off between two reads."""

    def __init__(self, hub: HubUnderTest) -> None:
        self._hub = hub
        self._cut = False
        self.name = hub.app.database.name
        self.dialect = hub.app.database.dialect

    async def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        if "LEFT OUTER JOIN audit_entries" in sql and not self._cut:
            self._cut = True
            assert [row.last_seq async for row in self._hub.app.audit.cut(WHO, "req-cut")] == [20]
        return await self._hub.app.database.fetch(sql, values)


async def test_s76_a_cut_during_a_verification_raises_no_alarm(fresh_hub: HubUnderTest) -> None:
    app = fresh_hub.app
    log = await sealed_log(fresh_hub, checkpoint_at=[20])
    fresh_hub.clock.advance((fresh_hub.settings.audit_retention_days + 1) * 86_400)
    await commit(fresh_hub)
    await log.relay.checkpoint()
    moving: Any = CutMeanwhile(fresh_hub)
    verifier = AuditVerifier(moving, app.keys, fresh_hub.clock, CheckpointSink(fresh_hub.settings.audit_dir))
    result = await verifier.verify()
    assert (result.status, result.from_seq, result.to_seq) == ("valid", 21, 31)
