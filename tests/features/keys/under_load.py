"""Everyday work on numbers that knows what every answer must be, to run beside a rotation.

Each worker repeats one thing until told to stop and writes down every answer that was another. Clients may belong to
several processes; workers take turns on them.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import httpx

from tests.client import ApiClient
from tests.hub import make_customer, make_number


@dataclass(slots=True)
class LoadReport:
    """How often each kind of work was done, what went wrong, and every number with its only live holder."""

    done: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    holders: dict[str, str] = field(default_factory=dict)


class Load:
    """Workers over some clients. `holders` are numbers with the customers that hold them from the start."""

    def __init__(self, clients: Sequence[ApiClient], holders: dict[str, str], seed: int = 1) -> None:
        self._clients = itertools.cycle(clients)
        self._random = random.Random(seed)
        self.report = LoadReport(holders=dict(holders))

    async def run(self, stop: asyncio.Event) -> LoadReport:
        """Work until `stop`, with every kind of worker at once."""
        kinds = (self._seek, self._seek_by_end, self._create, self._race, self._retake, self._archive, self._change)
        await asyncio.gather(*(self._repeat(kind, stop) for kind in kinds))
        return self.report

    async def _repeat(self, work: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
        while not stop.is_set():
            await work()
            self.report.done[work.__name__.strip("_")] += 1
            await asyncio.sleep(0.001)

    async def _post(self, path: str, body: object = None) -> httpx.Response:
        return await next(self._clients).post(path, json=body)

    async def _store(self, number: str) -> httpx.Response:
        return await self._post("/v1/customers", make_customer(phones=[{"number": number}]))

    def _expect(self, what: str, answer: httpx.Response, *allowed: int) -> bool:
        if answer.status_code in allowed:
            return True
        self.report.wrong.append(f"{what}: {answer.status_code} {answer.text[:200]}")
        return False

    def _any_number(self) -> str:
        return self._random.choice(list(self.report.holders))

    async def _found(self, what: str, number: str, holders: list[str]) -> None:
        answer = await self._post("/v1/customers/lookup", {"phone": number})
        if self._expect(what, answer, 200):
            found = [customer["id"] for customer in answer.json()["data"]]
            if found != holders:
                self.report.wrong.append(f"{what}: found {found} instead of {holders}")

    async def _seek(self) -> None:
        """A known number is found at every moment, with one holder."""
        number = self._any_number()
        await self._found("seek", number, [self.report.holders[number]])

    async def _seek_by_end(self) -> None:
        """A known number is found by its last four digits."""
        number = self._any_number()
        body: dict[str, object] = {"phone_last4": number[-4:], "limit": 200}
        while True:
            answer = await self._post("/v1/customers/lookup", body)
            if not self._expect("seek by end", answer, 200):
                return
            page = answer.json()
            if self.report.holders[number] in [customer["id"] for customer in page["data"]]:
                return
            if not page["has_more"]:
                self.report.wrong.append("seek by end: not found")
                return
            body["cursor"] = page["next_cursor"]

    async def _create(self) -> None:
        """A new number is stored and found."""
        number = make_number()
        answer = await self._store(number)
        if self._expect("create", answer, 201):
            self.report.holders[number] = answer.json()["id"]
            await self._found("seek what was created", number, [answer.json()["id"]])

    async def _race(self) -> None:
        """Of three who want one new number one gets it."""
        number = make_number()
        answers = await asyncio.gather(*(self._store(number) for _ in range(3)))
        won = [answer for answer in answers if answer.status_code == 201]
        for answer in answers:
            self._expect("race", answer, 201, 409)
        if len(won) != 1:
            self.report.wrong.append(f"race: {len(won)} winners")
        else:
            self.report.holders[number] = won[0].json()["id"]

    async def _retake(self) -> None:
        """A number that somebody holds is taken."""
        self._expect("retake", await self._store(self._any_number()), 409)

    async def _archive(self) -> None:
        """Archiving frees a number, restoring claims it again, and not against its new holder."""
        number = make_number()
        first = await self._store(number)
        if not self._expect("archive: create", first, 201):
            return
        path = f"/v1/customers/{first.json()['id']}"
        self._expect("archive", await self._post(f"{path}/archive"), 200)
        self._expect("restore", await self._post(f"{path}/restore"), 200)
        self._expect("retake a restored number", await self._store(number), 409)
        self._expect("archive again", await self._post(f"{path}/archive"), 200)
        second = await self._store(number)
        if self._expect("take a freed number", second, 201):
            self._expect("restore a taken number", await self._post(f"{path}/restore"), 409)
            self.report.holders[number] = second.json()["id"]

    async def _change(self) -> None:
        """A dead number is free, a live one is claimed again; other changes touch no claim."""
        number = make_number()
        made = await self._store(number)
        if not self._expect("change: create", made, 201):
            return
        body = made.json()
        path = f"/v1/customers/{body['id']}/phones/{body['phones'][0]['id']}"
        for change in (
            {"label": "work"},
            {"status": "dead"},
            {"status": "active"},
            {"shared": True},
            {"shared": False},
        ):
            self._expect(f"change {change}", await next(self._clients).patch(path, json=change), 200)
        self._expect("retake a revived number", await self._store(number), 409)
        self.report.holders[number] = body["id"]
