"""The database itself refuses to change the log (S-74)."""

from __future__ import annotations

import pytest

from custhub.features.audit.repository import guard_of
from custhub.kit.db import Violation
from tests.features.audit.tampering import TABLES, Burglar, rows_of, sealed_log, store
from tests.hub import HubUnderTest

_UPDATES = {
    "audit_entries": "UPDATE audit_entries SET reason = 'x'",
    "audit_chain": "UPDATE audit_chain SET seq = seq + 1",
    "audit_checkpoints": "UPDATE audit_checkpoints SET number = number + 1",
    "audit_cuts": "UPDATE audit_cuts SET first_seq = 2",
}
_DELETES = {
    "audit_entries": "DELETE FROM audit_entries",
    "audit_chain": "DELETE FROM audit_chain",
    "audit_checkpoints": "DELETE FROM audit_checkpoints",
    "audit_cuts": "DELETE FROM audit_cuts",
}
_CUT = (
    "INSERT INTO audit_cuts (last_seq, at, first_seq, prev_hash, last_hash, content, kid, signature)"
    " SELECT 1, at, 1, root, root, root, 1, signature FROM audit_checkpoints"
)


async def run(hub: HubUnderTest, statement: str) -> int:
    async with hub.app.database.transaction() as connection:
        return int(await connection.execute(statement, ()))


@pytest.mark.parametrize("statement", [*_UPDATES.values(), *_DELETES.values()])
async def test_s74_update_and_delete_are_refused(fresh_hub: HubUnderTest, statement: str) -> None:
    await sealed_log(fresh_hub, 5, checkpoint_at=[5])
    await run(fresh_hub, _CUT)
    with pytest.raises(Violation):
        await run(fresh_hub, statement)


@pytest.mark.parametrize("table", TABLES)
async def test_s74_truncate_is_refused_where_there_is_one(fresh_hub: HubUnderTest, engine: str, table: str) -> None:
    if engine == "sqlite":
        return
    with pytest.raises(Violation):
        await run(fresh_hub, f"TRUNCATE {table}")


async def test_s74_appending_goes_on(fresh_hub: HubUnderTest) -> None:
    await sealed_log(fresh_hub, 5, checkpoint_at=[5])
    await store(fresh_hub, rows_of(fresh_hub, 1))
    assert await fresh_hub.app.audit.relay.run_once() == 1


async def definitions(hub: HubUnderTest) -> list[str]:
    """What the database says about its triggers on the log."""
    if hub.engine == "sqlite":
        sql = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%' ORDER BY name"
    else:
        sql = (
            "SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE c.relname LIKE 'audit%' AND NOT t.tgisinternal ORDER BY t.tgname"
        )
    return [row[0] for row in await hub.rows(sql)]


async def test_s74_the_guards_a_cut_restores_are_those_of_the_migration(fresh_hub: HubUnderTest) -> None:
    before = await definitions(fresh_hub)
    assert len(before) == (8 if fresh_hub.engine == "sqlite" else 4)
    if fresh_hub.engine == "sqlite":
        assert sorted(before) == sorted(s for table in TABLES for s in guard_of("sqlite", table).create)
    await Burglar(fresh_hub).do()
    assert await definitions(fresh_hub) == before
