"""Deadlocks of PostgreSQL: avoided where an order of rows can, resent where not (ARCHITECTURE section 5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from custhub.features.accounts.models import teams
from custhub.features.customers.models import customer_external_ids, customers
from custhub.features.phones.models import customer_phones, phone_claims
from custhub.kit.ids import new_id
from custhub.kit.postgresql import PostgresDatabase
from custhub.kit.writes import LostRace, WriteSet
from tests.databases import TestDatabases
from tests.repositories.rows import a_row

AT = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
SLOW_INSERTS = """
CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_sleep(0.1); RETURN NEW; END $$;
CREATE TRIGGER slowly BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION slowly();
"""


class Counting(PostgresDatabase):
    """Counts the statements that were chosen as a deadlock's victim."""

    victims = 0

    async def _resent(self, once: Any) -> Any:
        async def counted() -> Any:
            try:
                return await once()
            except asyncpg.DeadlockDetectedError:
                self.victims += 1
                raise

        return await super()._resent(counted)


@pytest.fixture
async def postgres(databases: TestDatabases) -> AsyncIterator[Counting]:
    """A database of one test."""
    database = Counting(
        databases.postgres_url(), pool_min=2, pool_max=4, statement_timeout_ms=20_000, lock_timeout_ms=20_000
    )
    await database.open()
    yield database
    await database.close()


async def _slow(database: PostgresDatabase, table: str) -> None:
    async with database.transaction() as connection:
        for statement in SLOW_INSERTS.format(table=table).split(";\n"):
            if statement.strip():
                await connection.execute(statement, ())


def _team(name: str) -> dict[str, Any]:
    return {"id": new_id(), "name": name, "parent_id": None, "created_at": AT, "updated_at": AT, "revision": 1}


async def test_the_victim_of_a_deadlock_is_sent_again(postgres: Counting) -> None:
    """40P01 only resends the same statement: both rivals succeed."""
    rows = [_team("a"), _team("b")]
    first = WriteSet()
    first.insert_all(teams, rows)
    await postgres.send(first)
    await _slow(postgres, "teams")
    writes = []
    for order in (rows, rows[::-1]):
        write = WriteSet()
        for row in order:
            write.update(teams, {"id": row["id"]}, {"revision": 2})
        writes.append(write)
    await asyncio.gather(*(postgres.send(write) for write in writes))
    assert postgres.victims >= 1
    assert [row[0] for row in await postgres.fetch("SELECT revision FROM teams", ())] == [2, 2]


async def test_a_deadlock_inside_an_explicit_transaction_is_a_lost_race(postgres: Counting) -> None:
    """What was read before cannot be resent: the whole request runs once more."""
    rows = [_team("a"), _team("b")]
    first = WriteSet()
    first.insert_all(teams, rows)
    await postgres.send(first)
    both = asyncio.Barrier(2)

    async def take(mine: dict[str, Any], theirs: dict[str, Any]) -> str:
        try:
            async with postgres.transaction() as connection:
                for i, row in enumerate((mine, theirs)):
                    write = WriteSet()
                    write.update(teams, {"id": row["id"]}, {"revision": 2})
                    await connection.send(write)
                    if i == 0:
                        await both.wait()
        except LostRace:
            return "lost"
        return "won"

    results = await asyncio.gather(take(*rows), take(*rows[::-1]))
    assert sorted(results) == ["lost", "won"]


@pytest.mark.parametrize("table", ["phone_claims", "customer_external_ids"])
async def test_contested_keys_go_in_sorted_so_that_rivals_do_not_deadlock(postgres: Counting, table: str) -> None:
    """Two creates that bring the same two keys in opposite order: one waits for the other and is refused."""
    from custhub.kit.db import Violation

    await _slow(postgres, table)
    keys = [new_id().bytes, new_id().bytes]

    def write(order: list[bytes]) -> WriteSet:
        made = WriteSet()
        customer = a_row(customers)
        made.insert(customers, customer)
        for key in order:
            if table == "phone_claims":
                phone = a_row(customer_phones, customer_id=customer["id"])
                made.insert(customer_phones, phone)
                made.insert(
                    phone_claims,
                    a_row(phone_claims, kid=1, exact_index=key, phone_id=phone["id"], customer_id=customer["id"]),
                )
            else:
                row = a_row(
                    customer_external_ids,
                    customer_id=customer["id"],
                    source="shop",
                    external_id=key.hex(),
                    is_live=True,
                )
                made.insert(customer_external_ids, row)
        return made

    results = await asyncio.gather(postgres.send(write(keys)), postgres.send(write(keys[::-1])), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NoneType", Violation.__name__]
    assert postgres.victims == 0
