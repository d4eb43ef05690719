"""A copy that is kept from the feed alone is the hub's own state, by its checksum (E-7)."""

from __future__ import annotations

import asyncio
import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from custhub.events.catalogue import example
from custhub.events.checksum import State
from custhub.features.customers.events import CustomerUpdated
from custhub.kit.ids import Prefix, from_bytes, to_text
from tests.features.operations.feed import Copy, relay, state_of
from tests.hub import HubUnderTest, make_customer, make_number

#: Type of subject -> its table and prefix.
TABLES = {
    "customer": ("customers", Prefix.CUSTOMER),
    "team": ("teams", Prefix.TEAM),
    "user": ("users", Prefix.USER),
    "client": ("clients", Prefix.CLIENT),
}


async def revisions_of(hub: HubUnderTest, subject_type: str) -> dict[str, int]:
    """What the table of this type holds."""
    table, prefix = TABLES[subject_type]
    rows = await hub.rows(f"SELECT id, revision FROM {table}")  # noqa: S608  # a name of ours
    as_id: Any = from_bytes if hub.engine == "sqlite" else (lambda raw: raw)
    return {to_text(prefix, as_id(row[0])): row[1] for row in rows}


class Changes:
    """Changes that a seed chooses, through the API."""

    def __init__(self, hub: HubUnderTest, seed: int) -> None:
        self.api = hub.api
        self._dice = random.Random(seed)
        self._customers: list[str] = []
        self._teams: list[str] = []
        self._numbers = 0

    async def make(self) -> None:
        """One of them."""
        await self._dice.choice(
            [self._create, self._create, self._patch, self._patch, self._part, self._archive, self._restore, self._team]
        )()

    async def _send(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.api.request(method, path, json=body)
        # Archived customers refuse changes: that is no change, and no event.
        assert answer.status_code in (200, 201, 204, 404, 409, 422), answer.text
        return answer.json() if answer.status_code in (200, 201) else None

    def _any(self) -> str:
        return self._dice.choice(self._customers) if self._customers else "cus_01m81amc1cfrnt9m7qcr38rxrh"

    async def _create(self) -> None:
        made = await self._send("POST", "/v1/customers", make_customer(phones=[{"number": make_number()}]))
        self._customers.append(made["id"])

    async def _patch(self) -> None:
        await self._send("PATCH", f"/v1/customers/{self._any()}", {"note": f"n{self._dice.random()}"})

    async def _part(self) -> None:
        await self._send("POST", f"/v1/customers/{self._any()}/emails", {"email": "li.na@example.com"})

    async def _archive(self) -> None:
        await self._send("POST", f"/v1/customers/{self._any()}/archive")

    async def _restore(self) -> None:
        await self._send("POST", f"/v1/customers/{self._any()}/restore")

    async def _team(self) -> None:
        if self._teams and self._dice.random() < 0.3:
            await self._send("DELETE", f"/v1/teams/{self._teams.pop()}")
        elif self._teams and self._dice.random() < 0.5:
            self._numbers += 1
            await self._send("PATCH", f"/v1/teams/{self._teams[-1]}", {"name": f"team {self._numbers}"})
        else:
            self._numbers += 1
            made = await self._send("POST", "/v1/teams", {"name": f"team {self._numbers} {self._dice.random()}"})
            self._teams.append(made["id"])


async def test_e7_a_copy_followed_while_others_write_has_the_checksum_of_the_hub(fresh_hub: HubUnderTest) -> None:
    """Wherever the copy stands where the hub's state was taken, the two are the same."""
    stop = asyncio.Event()
    running = asyncio.create_task(fresh_hub.app.relay.run(stop))
    copy = Copy(fresh_hub.api)
    compared = 0

    async def write(seed: int) -> None:
        changes = Changes(fresh_hub, seed)
        for _ in range(60):
            await changes.make()

    async def follow() -> None:
        nonlocal compared
        while not stop.is_set():
            await copy.follow()
            told = await state_of(fresh_hub.api)
            if told["position"] == copy.position:
                assert (told["count"], told["checksum"]) == copy.state()
                compared += 1
            await asyncio.sleep(0.02)

    following = asyncio.create_task(follow())
    await asyncio.gather(write(1), write(2), write(3))
    await asyncio.sleep(0.3)
    stop.set()
    await asyncio.gather(running, following)
    await relay(fresh_hub)
    await copy.follow()
    assert compared > 3
    told = await state_of(fresh_hub.api)
    assert (told["count"], told["checksum"], told["position"]) == (*copy.state(), copy.position)
    assert copy.revisions == await revisions_of(fresh_hub, "customer")
    for subject_type in TABLES:
        rebuilt = Copy(fresh_hub.api, subject_type)
        await rebuilt.follow(limit=37)
        told = await state_of(fresh_hub.api, subject_type)
        assert (told["count"], told["checksum"]) == rebuilt.state()


@pytest.mark.parametrize("seed", [4, 5])
async def test_e7_the_last_event_of_each_subject_tells_the_revision_of_its_row(
    fresh_hub: HubUnderTest, seed: int
) -> None:
    """Through retention as well: what is thinned out is never the last word on a subject."""
    dice = random.Random(seed)
    changes = Changes(fresh_hub, seed)
    for _ in range(4):
        for _ in range(25):
            await changes.make()
        if dice.random() < 0.7:
            await relay(fresh_hub)
        fresh_hub.clock.advance(dice.randint(5, 25) * 86_400)
        changes.api = fresh_hub.api = fresh_hub.client()
        await fresh_hub.app.upkeep.retention.run()
    await relay(fresh_hub)
    await fresh_hub.app.upkeep.retention.run()
    for subject_type in TABLES:
        stored = await revisions_of(fresh_hub, subject_type)
        told = await state_of(fresh_hub.api, subject_type)
        state = State.of(stored.items())
        assert (told["count"], told["checksum"]) == (state.live, state.to_bytes().hex()), subject_type
        rebuilt = Copy(fresh_hub.api, subject_type)
        await rebuilt.follow(limit=11)
        assert rebuilt.revisions == stored, subject_type


async def test_e7_users_and_clients_are_told_from_the_first_on(fresh_hub: HubUnderTest) -> None:
    api = fresh_hub.api
    made = await api.post("/v1/users", json={"email": "wang.wei@example.com", "name": "王伟"})
    assert made.status_code == 201, made.text
    user = f"/v1/users/{made.json()['id']}"
    await api.patch(user, json={"name": "王伟伟"})
    await api.post(f"{user}/disable")
    await api.post(f"{user}/enable")
    clients = [await api.post("/v1/clients", json={"name": f"c{i}", "scopes": ["customers:read"]}) for i in range(2)]
    first, second = (f"/v1/clients/{answer.json()['id']}" for answer in clients)
    await api.post(f"{first}/disable")
    await api.post(f"{first}/enable")
    assert (await api.delete(second)).status_code == 204
    await relay(fresh_hub)
    for subject_type in ("user", "client"):
        stored = await revisions_of(fresh_hub, subject_type)
        rebuilt = Copy(api, subject_type)
        await rebuilt.follow()
        assert rebuilt.revisions == stored, subject_type
        told = await state_of(api, subject_type)
        assert (told["count"], told["checksum"]) == rebuilt.state()


def test_the_sample_of_the_guide_computes_the_checksum() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "events.md").read_text(encoding="utf-8")
    (sample,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    names: dict[str, Any] = {}
    exec(sample, names)  # noqa: S102  # our own guide
    revisions = {"cus_a": 1, "cus_b": 7}
    assert names["checksum"](revisions) == State.of(revisions.items()).to_bytes().hex()
    assert names["checksum"]({}) == "0" * 64


def test_the_guide_shows_an_event_as_the_feed_does() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "events.md").read_text(encoding="utf-8")
    shown = json.loads(re.findall(r"```json\n(.*?)```", guide, re.DOTALL)[0])
    assert shown == example(CustomerUpdated)
