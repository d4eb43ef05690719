"""A consumer of the feed as partners write one: it keeps ids with revisions, and the checksum of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from custhub.events.checksum import State
from custhub.events.outbox import EventRow, events
from custhub.kit.db import TransactionConnection
from custhub.kit.ids import new_id
from custhub.kit.query import Query
from custhub.kit.uow import Actor
from custhub.kit.writes import WriteSet
from tests.client import ApiClient
from tests.hub import START, HubUnderTest


class Copy:
    """A copy of the subjects of one type, kept from the feed alone."""

    def __init__(self, api: ApiClient, subject_type: str = "customer") -> None:
        self.api = api
        self.subject_type = subject_type
        self.cursor: str | None = None
        self.position = 0
        self.revisions: dict[str, int] = {}
        self.gone: dict[str, int] = {}
        self.seen: list[dict[str, Any]] = []

    async def follow(self, limit: int = 200) -> None:
        """Read up to the end."""
        while True:
            params: dict[str, Any] = {"limit": limit} | ({} if self.cursor is None else {"cursor": self.cursor})
            answer = await self.api.get("/v1/events", params=params)
            assert answer.status_code == 200, answer.text
            body = answer.json()
            for event in body["data"]:
                self.take(event)
            self.cursor = body["next_cursor"]
            if not body["has_more"]:
                return

    def take(self, event: dict[str, Any]) -> None:
        """One event, in the order of the feed."""
        assert event["position"] > self.position
        self.position = event["position"]
        self.seen.append(event)
        subject = event["subject"]
        if subject["type"] != self.subject_type or subject["revision"] < self.revisions.get(subject["id"], 0):
            return
        if event["type"].endswith((".deleted", ".erased")):
            self.revisions.pop(subject["id"], None)
        else:
            self.revisions[subject["id"]] = subject["revision"]

    def state(self) -> tuple[int, str]:
        """Count and checksum, as the hub tells them."""
        state = State.of(self.revisions.items())
        return state.live, state.to_bytes().hex()


async def state_of(api: ApiClient, subject_type: str = "customer") -> dict[str, Any]:
    """What the hub tells of its own state."""
    answer = await api.get("/v1/events/checksum", params={"type": subject_type})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def relay(hub: HubUnderTest) -> None:
    """Give every committed event its position."""
    await hub.app.events.drain()


WHO = Actor("user", UUID("00000000-0000-7000-8000-0000000000aa"), "front-end")


def event_rows(count: int, **members: Any) -> list[EventRow]:
    """Events of as many customers, not stored; `members` win."""
    rows = []
    for _ in range(count):
        subject = new_id()
        made = EventRow(
            new_id(), "customer.updated", 1, START, "customer", subject, 1, subject, "user", WHO.id, "req-1", {}
        )
        rows.append(made._replace(**members))
    return rows


async def store(hub: HubUnderTest, rows: Sequence[EventRow], *, hold: float = 0.0) -> None:
    """Put events into the outbox in one transaction, which stays open for `hold` seconds."""
    async with hub.app.database.transaction() as connection:
        writes = WriteSet()
        writes.insert_all(events, [row._asdict() for row in rows])
        await connection.send(writes)
        await asyncio.sleep(hold)


async def feed_of(hub: HubUnderTest) -> list[EventRow]:
    """Every event that has a position, in order."""
    return await PLACED.all(hub.app.database)


PLACED = Query(select(events).where(events.c.position.is_not(None)).order_by(events.c.position), EventRow._make)


class Ledger:
    """A fan-out that writes down what it was told, in the relay's transaction."""

    def __init__(self, hub: HubUnderTest) -> None:
        self._hub = hub
        self.fails = False

    async def make(self) -> Ledger:
        """Its table."""
        async with self._hub.app.database.transaction() as connection:
            await connection.execute("CREATE TABLE ledger (position BIGINT NOT NULL)", ())
        return self

    async def spread(self, connection: TransactionConnection, events: Sequence[EventRow]) -> None:
        """Write each position down."""
        mark = "$1" if connection.name == "postgresql" else "?"
        for event in events:
            await connection.execute(f"INSERT INTO ledger VALUES ({mark})", [event.position])  # noqa: S608  # a mark
        if self.fails:
            raise ValueError("the fan-out stumbled")

    async def told(self) -> list[int]:
        """Positions as they stand in the table."""
        return [row[0] for row in await self._hub.rows("SELECT position FROM ledger ORDER BY position")]
