"""Small tables kept in memory: changes of others follow, a change of one's own is never lost again."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from custhub.kit.db import DatabaseUnavailable
from custhub.kit.followed import Followed, Follower
from custhub.kit.query import Query, Reader

READER = cast(Reader, object())


class Table:
    """A stamp and a value; `away` while the database does not answer."""

    def __init__(self) -> None:
        self.stamp: tuple[Any, ...] = (1,)
        self.value = "a"
        self.loads = 0
        self.away = False
        self.meanwhile: Any = lambda: None

    async def first(self, _reader: Reader) -> tuple[Any, ...]:
        if self.away:
            raise DatabaseUnavailable
        return self.stamp

    async def load(self, _reader: Reader) -> str:
        self.loads += 1
        value = self.value
        self.meanwhile()
        return value

    def followed(self) -> Followed[str]:
        return Followed(cast(Query[tuple[Any, ...]], self), self.load, "")


async def test_only_what_changed_is_read() -> None:
    table = Table()
    followed = table.followed()
    for _ in range(3):
        await followed.follow(READER)
    assert (followed.value, table.loads) == ("a", 1)
    table.stamp, table.value = (2,), "b"
    await followed.follow(READER)
    assert (followed.value, table.loads) == ("b", 2)


async def test_a_change_of_our_own_during_a_look_stays_and_is_read_next_time() -> None:
    table = Table()
    followed = table.followed()
    table.meanwhile = lambda: followed.put(lambda _old: "mine")
    await followed.follow(READER)
    assert followed.value == "mine"
    table.meanwhile, table.value = (lambda: None), "mine and theirs"
    await followed.follow(READER)
    assert followed.value == "mine and theirs"


async def test_the_task_waits_for_tables_and_survives_a_lost_database() -> None:
    table = Table()
    followed, stop = table.followed(), asyncio.Event()
    ready = False
    follower = Follower(READER, lambda: ready, followed)
    waiting = asyncio.create_task(follower.run(stop))
    await asyncio.sleep(0.01)
    assert table.loads == 0
    stop.set()
    await waiting
    stop.clear()
    ready, table.away = True, True
    running = asyncio.create_task(follower.run(stop))
    await asyncio.sleep(0.01)
    assert not running.done()
    stop.set()
    await running
    table.away = False
    await follower.look()
    assert followed.value == "a"
