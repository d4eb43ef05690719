"""Running rotations in tests, and dying in the middle of them."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from custhub.features.keys.queries import rotation_of
from custhub.features.keys.service.states import KeyStates
from custhub.features.keys.tasks import KeyRotation, KeyTender
from custhub.http.hub import Hub
from custhub.jobs.leases import NoLeases
from custhub.jobs.runner import JobRunner
from custhub.jobs.states import Queue
from custhub.kit.ids import Prefix, from_text
from tests.hub import HubUnderTest, make_customer, make_number

OPEN = ("queued", "running")
POLL = 0.02


class Killed(BaseException):
    """The process is gone."""


class KillSwitch:
    """A database whose user dies at its n-th contact with it: before it, or right after a commit.

    Or right after the commit that brought a rotation where a condition in SQL holds: how many contacts come before
    that one depends on how fast the machine is.
    """

    def __init__(self, database: Any, at: int | None = None, when: str | None = None) -> None:
        self._database = database
        self._left = at
        self._when = f"SELECT id FROM key_rotations WHERE {when}" if when else None  # noqa: S608  # no input
        self.dead = False
        self.name, self.dialect = database.name, database.dialect

    def _tick(self) -> None:
        if self._left is not None:
            self._left -= 1
            self.dead = self.dead or self._left <= 0
        self.check()

    def check(self) -> None:
        """The dead do nothing more, in no task."""
        if self.dead:
            raise Killed

    async def _committed(self) -> None:
        self._tick()
        if self._when is not None and await self._database.fetch(self._when, []):
            self.dead = True
            raise Killed

    async def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        self._tick()
        return await self._database.fetch(sql, values)  # type: ignore[no-any-return]

    async def send(self, writes: Any) -> None:
        self._tick()
        await self._database.send(writes)
        await self._committed()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        self._tick()
        async with self._database.transaction() as connection:
            yield _Connection(connection, self._tick)
        await self._committed()


class _Connection:
    def __init__(self, connection: Any, tick: Any) -> None:
        self._connection = connection
        self._tick = tick
        self.name = connection.name

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._connection, name)

        async def ticking(*args: Any) -> Any:
            self._tick()
            return await method(*args)

        return ticking


class Runner:
    """A worker that does nothing but keys, driven by the test."""

    def __init__(self, parts: Hub, states: KeyStates, **options: Any) -> None:
        self._check = parts.database.check if isinstance(parts.database, KillSwitch) else lambda: None
        patience = {name: value for name, value in options.items() if name not in ("most_rows", "refill")}
        self.tender = KeyTender(parts, states, **patience)
        leases = NoLeases() if parts.database.name == "sqlite" else _UntilKilled()
        kinds = [KeyRotation(parts, states, **options)]
        places = {Queue.MAINTENANCE: 2}
        self.jobs = JobRunner(parts.database, parts.clock, parts.unit_of_work, kinds, places, leases, poll_seconds=POLL)

    async def round(self) -> None:
        """Look after keys, take jobs, and let them work for a moment."""
        await self.tender.round()
        await self.jobs.tick()
        tasks = [run.task for run in self.jobs._runs.values() if run.task is not None]
        if tasks:
            done, _ = await asyncio.wait(tasks, timeout=0.02)
            for task in done:
                task.result()
        self._check()  # a task that died between two rounds has been forgotten by now

    async def run(self, stop: asyncio.Event) -> None:
        """As a process does."""
        await asyncio.gather(self.tender.run(stop), self.jobs.run(stop))

    async def die(self) -> None:
        """Nothing of this process goes on."""
        tasks = [run.task for run in self.jobs._runs.values() if run.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _UntilKilled(NoLeases):
    lease = timedelta(seconds=30)


def runner_of(
    hub: HubUnderTest, *, dies_at: int | None = None, dies_when: str | None = None, most_rows: int = 500, **more: Any
) -> Runner:
    """A runner that does not wait for other processes."""
    parts = hub.app.hub
    if dies_at or dies_when:
        database: Any = KillSwitch(parts.database, dies_at, dies_when)
        parts = dataclasses.replace(parts, database=database)
    states = KeyStates(parts.database, parts.keys, parts.clock, parts.unit_of_work)
    return Runner(parts, states, adoption_seconds=0, poll_seconds=0.0, most_rows=most_rows, **more)


async def start(hub: HubUnderTest, purpose: str) -> str:
    """Queue a rotation and give its address."""
    answer = await hub.api.post("/v1/key-rotations", json={"purpose": purpose})
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{body['job_id']}"
    return f"/v1/key-rotations/{body['id']}"


async def finish(hub: HubUnderTest, location: str, runner: Runner | None = None) -> dict[str, Any]:
    """Run a rotation to its end and give its body."""
    runner = runner or runner_of(hub)
    rotation_id = from_text(Prefix.KEY, location.rpartition("/")[2])
    for _ in range(2_000):
        try:
            await runner.round()
        except Killed:
            await runner.die()
            raise
        await asyncio.sleep(0.001)
        row = await rotation_of(hub.app.database, rotation_id)
        assert row is not None
        if row.state not in OPEN:
            await runner.jobs.settled()
            return (await hub.api.get(location)).json()  # type: ignore[no-any-return]
    raise AssertionError(f"the rotation does not end: {row}")


async def bury(hub: HubUnderTest) -> None:
    """A lease goes by after the death of a runner. These tests kill more often than a job survives without progress."""
    past = "clock_timestamp() - interval '1 second'" if hub.engine == "postgresql" else "0"
    async with hub.app.database.transaction() as connection:
        await connection.execute(
            f"UPDATE jobs SET lease_until = {past}, lost_leases = 0 WHERE state = 'running'",  # noqa: S608  # no input
            [],
        )


async def retire(hub: HubUnderTest, purpose: str, kid: int) -> None:
    """Retire a key and remove it from the keyring."""
    answer = await hub.api.post(f"/v1/keys/{(await key_of(hub, purpose, kid))['id']}/retire")
    assert answer.status_code == 200, answer.text
    await runner_of(hub).round()


async def make_customers(hub: HubUnderTest, count: int) -> dict[str, str]:
    """Customers with a number each: number -> id."""
    made: dict[str, str] = {}
    for _ in range(count):
        number = make_number()
        answer = await hub.api.post("/v1/customers", json=make_customer(phones=[{"number": number}]))
        assert answer.status_code == 201, answer.text
        made[number] = answer.json()["id"]
    return made


async def found(hub: HubUnderTest, number: str) -> list[str]:
    """Ids of the customers with this number."""
    answer = await hub.api.post("/v1/customers/lookup", json={"phone": number})
    assert answer.status_code == 200, answer.text
    return [customer["id"] for customer in answer.json()["data"]]


async def kids(hub: HubUnderTest, table: str, column: str) -> dict[int, int]:
    """Rows by key."""
    rows = await hub.rows(f"SELECT {column}, count(*) FROM {table} GROUP BY {column} ORDER BY 1")  # noqa: S608  # no input
    return {int(row[0]): int(row[1]) for row in rows}


async def key_of(hub: HubUnderTest, purpose: str, kid: int) -> dict[str, Any]:
    """One key as the API shows it."""
    keys = (await hub.api.get("/v1/keys", params={"purpose": purpose, "limit": 200})).json()["data"]
    return next(key for key in keys if key["kid"] == kid)


async def assert_moved(hub: HubUnderTest, made: dict[str, str], kid: int) -> None:
    """Every number is indexed and claimed under this key alone, found, open and unique."""
    assert set(await kids(hub, "customer_phones", "index_kid")) == {kid}
    assert set(await kids(hub, "phone_claims", "kid")) == {kid}
    await assert_found(hub, made)
    for number in made:
        again = await hub.api.post("/v1/customers", json=make_customer(phones=[{"number": number}]))
        assert (again.status_code, again.json()["code"]) == (409, "phone_taken")


async def assert_found(hub: HubUnderTest, made: dict[str, str]) -> None:
    """Every number is found, and opens to what it was."""
    for number, customer_id in made.items():
        assert await found(hub, number) == [customer_id]
        body = (await hub.api.get(f"/v1/customers/{customer_id}")).json()
        assert body["phones"][0]["masked"] == f"+86 {number[:3]}****{number[-4:]}"
