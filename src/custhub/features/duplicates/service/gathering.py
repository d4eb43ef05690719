"""Everybody who may have a duplicate, gathered from the database and compared: the first half of scans and plans."""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Final, NamedTuple, Self
from uuid import UUID

from custhub.crypto.live import LiveKeys
from custhub.features.customers.queries.sources import personal_sources
from custhub.features.duplicates.errors import DuplicateModelNotFound
from custhub.features.duplicates.queries.pairs import LiveCustomer, live_customers
from custhub.features.duplicates.queries.scoring import model_by_version
from custhub.features.duplicates.rules import bits_of
from custhub.features.duplicates.service.bench import FEW, Bench, open_bench, watched
from custhub.features.duplicates.service.desk import Scored
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.rules.weights import weights_of
from custhub.features.matching.service.cannot_links import forbidden_among
from custhub.features.matching.service.reading import people_of
from custhub.jobs.work import JobWork
from custhub.kit.db import Database
from custhub.kit.ids import from_bytes

#: Customers that are opened at once: the loop stands still that long.
_READ_AT_ONCE: Final = 50
#: Pairs that are taken from the bench at once.
_AT_ONCE: Final = 500
_ID: Final = 16


class Parts(NamedTuple):
    """What scans and plans work with."""

    database: Database
    keys: LiveKeys


class Roll:
    """Who was compared, by place: a million fit in 20 MB."""

    def __init__(self) -> None:
        self._ids = bytearray()
        self._revisions = array("i")

    def __len__(self) -> int:
        return len(self._revisions)

    def add(self, customers: Sequence[LiveCustomer]) -> None:
        """The next ones."""
        for one in customers:
            self._ids += one.id.bytes
            self._revisions.append(one.revision)

    def id(self, place: int) -> UUID:
        """Who stands at this place."""
        return from_bytes(bytes(self._ids[place * _ID : place * _ID + _ID]))

    def revision(self, place: int) -> int:
        """The revision that was compared."""
        return self._revisions[place]


class Gathering:
    """People on a bench, with who they are."""

    def __init__(self, parts: Parts, work: JobWork, bench: Bench) -> None:
        self._parts = parts
        self._work = work
        self._bench = bench
        self.roll = Roll()
        self.found = 0

    @classmethod
    async def of_everybody(cls, parts: Parts, work: JobWork, model_version: str, review: int, merge: int) -> Self:
        """Read all live customers and compare them by this model, cut at these thresholds. Close it afterwards."""
        model = await model_by_version(parts.database, model_version)
        if model is None:
            # It came with the release before: what was begun by it cannot be ended by another one.
            work.fail_permanently(DuplicateModelNotFound())
        weights = weights_of(model.document).cut_at(bits_of(review), bits_of(merge))
        expected = len(await live_customers(parts.database, UUID(int=0), FEW + 1))
        made = cls(parts, work, await open_bench(weights, expected))
        try:
            await made._read()
            made.found = await watched(work, made._bench.match)
        except BaseException:
            await made.close()
            raise
        return made

    async def _read(self) -> None:
        database, after = self._parts.database, UUID(int=0)
        personal = await personal_sources(database)
        while customers := await live_customers(database, after, _READ_AT_ONCE):
            await self._work.check()
            people = await people_of(database, self._parts.keys, [one.id for one in customers], personal)
            # One who went between the two reads says nothing.
            await self._bench.add([people.get(one.id) or Person() for one in customers])
            self.roll.add(customers)
            after = customers[-1].id

    async def slices(self, count: int = _AT_ONCE) -> AsyncIterator[list[Scored]]:
        """All pairs in the order of their people, some at a time."""
        for first in range(0, self.found, count):
            await self._work.check()
            yield await self._bench.pairs(first, count)

    async def parted(self) -> set[tuple[int, int]]:
        """Pairs that somebody or an undo said never to join."""
        found: set[tuple[int, int]] = set()
        async for pairs in self.slices():
            ids = {self.roll.id(place) for pair in pairs for place in (pair.left, pair.right)}
            forbidden = await forbidden_among(self._parts.database, sorted(ids))
            if forbidden:
                found.update(
                    (pair.left, pair.right)
                    for pair in pairs
                    if (self.roll.id(pair.left), self.roll.id(pair.right)) in forbidden
                )
        return found

    async def groups(self, parted: Collection[tuple[int, int]]) -> list[list[int]]:
        """Groups as merging by itself would make them, by place."""
        groups: list[list[int]] = await watched(self._work, lambda: self._bench.groups(parted))
        return groups

    async def hot_keys(self, most: int) -> list[tuple[str, int]]:
        """Keys that so many hold that they bring nobody together, with how many; those of most holders first."""
        found: list[tuple[str, int]] = await watched(self._work, lambda: self._bench.hot_keys(most))
        return found

    async def close(self) -> None:
        """End the bench."""
        await self._bench.close()
