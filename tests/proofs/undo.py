"""Merges and undos in any order among edits: everybody is who they were, but for what is told, and nothing is lost."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from custhub.features.customers.queries.naming import tokens_among
from custhub.features.customers.queries.sources import personal_sources
from custhub.features.customers.queries.whole import whole_customers
from custhub.features.customers.rules import tokens_of
from custhub.features.matching.service.rekeying import rekey
from custhub.features.phones.rules import PhoneStatus, holds_claim
from custhub.kit.uow import SYSTEM
from tests.canonical import id_of
from tests.customers import declare
from tests.databases import TestDatabases
from tests.hub import HubUnderTest
from tests.merges import merge, undo
from tests.proofs.running import workplace
from tests.proofs.undo_world import Export, World

#: Members of an export that are lists of rows by id, with the name that an undo tells of them by.
_ROWS = {name: name for name in ("phones", "emails", "addresses", "contacts", "external_ids", "tags", "findings")} | {
    "consents": "consent_entries",
    "touchpoints": "touchpoints",
}
_PART_AGAIN = 0.35


@dataclass(slots=True)
class Proved:
    """What was done and seen."""

    sequences: int = 0
    merges: int = 0
    undos: int = 0
    refused: int = 0
    exact: int = 0
    conflicts: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Merge:
    body: dict[str, Any]
    members: list[dict[str, Any]]
    before: dict[str, Export]
    left: Export
    #: How often anything was done since, before this merge.
    deeds: int


async def prove(engine: str, sequences: int, seed: int, databases: TestDatabases | None = None) -> Proved:
    """So many sequences in one hub."""
    proved = Proved()
    with workplace(databases) as (home, given):
        url, database = "", Path()
        if engine == "postgresql":
            url = given.postgres_url()
        else:
            database = given.sqlite_copy(home / "hub" / "data" / "custhub.db")
        hub = await HubUnderTest(home / "hub", url).start()
        try:
            await declare(hub.api, "size", {"type": "string"}, filterable=True)
            await declare(hub.api, "card", {"type": "string"}, sensitive=True)
            for i in range(sequences):
                sequence = _Sequence(World(hub, random.Random(seed + i)), proved)
                await sequence.run()
                proved.sequences += 1
                if proved.faults:
                    proved.faults.append(f"seed {seed + i}: {'; '.join(sequence.story)}")
                    break
        finally:
            await hub.stop()
            given.drop(url or database)
    return proved


class _Sequence:
    def __init__(self, world: World, proved: Proved) -> None:
        self._world = world
        self._proved = proved
        self._rng = world.rng
        self._merges: list[_Merge] = []
        self._deeds = 0
        self.story: list[str] = []

    async def run(self) -> None:
        world = self._world
        await world.begin()
        for _ in range(self._rng.randint(4, 10)):
            chance = self._rng.random()
            if chance < 0.3 and len(world.standing()) > 1:
                await self._merge()
            elif chance < 0.45 and self._merges:
                await self._undo(self._rng.choice(self._merges))
            else:
                self._deeds += 1
                self.story.append(await world.happen())
        while self._merges and not self._proved.faults:
            await self._undo(self._merges[-1])
        await world.api.aclose()

    async def _merge(self) -> None:
        world = self._world
        standing = world.standing()
        members = self._rng.sample(standing, self._rng.randint(2, min(3, len(standing))))
        before = {one["id"]: await world.export(one) for one in members}
        world.hub.clock.advance(1)
        body = await merge(world.api, members, override=True)
        self._deeds += 1
        self._proved.merges += 1
        self.story.append(f"merge {[one['id'] for one in members]}")
        check = (await world.api.get(f"/v1/merges/{body['id']}/verification")).json()
        self._expect("verification of a merge", True, check["ok"])
        for one in members[1:]:
            world.into[one["id"]] = members[0]["id"]
        await self._derived([id_of(one) for one in members])
        left = await world.export(members[0])
        self._merges.append(_Merge(body, members, before, left, self._deeds))

    async def _undo(self, made: _Merge) -> None:
        world, own = self._world, made.members[0]
        now = await world.export(own)
        world.hub.clock.advance(1)
        answer = await undo(world.api, made.body)
        if answer.status_code == 409:
            needed = answer.json()["merge_ids"]
            later = [one.body["id"] for one in self._merges[self._merges.index(made) + 1 :]]
            self._expect("an undo that is refused names later merges", set(), set(needed) - set(later))
            self._expect("an undo that is refused names one", True, bool(needed))
            self._proved.refused += 1
            return
        self._expect(f"answer {answer.text[:300]}", 200, answer.status_code)
        if answer.status_code != 200:
            return
        told = answer.json()["undo"]
        self.story.append(f"undo of {[one['id'] for one in made.members]}")
        self._proved.undos += 1
        self._proved.conflicts += len(told["conflicts"])
        self._merges.remove(made)
        after = {one["id"]: await world.export(one) for one in made.members}
        for one in made.members[1:]:
            del world.into[one["id"]]
            self._absorbed(one["id"], made.before[one["id"]], after[one["id"]], told["conflicts"])
        self._survivor(made, now, after, told["conflicts"])
        if made.deeds == self._deeds:
            same = {name: {k: v for k, v in one.items() if k != "consents"} for name, one in made.before.items()}
            found = {name: {k: v for k, v in one.items() if k != "consents"} for name, one in after.items()}
            self._expect("byte for byte", same, found)
            self._expect("conflicts of an undo at once", [], told["conflicts"])
            self._proved.exact += 1
        self._deeds += 1
        await self._derived([id_of(one) for one in made.members])

    def _absorbed(self, own: str, was: Export, now: Export, conflicts: list[dict[str, Any]]) -> None:
        """It is what it was but for rows that are told, and that somebody had touched."""
        world = self._world
        mine = {(one["table"], one["id"]): one["reason"] for one in conflicts if one["customer_id"] == own}
        self._expect(f"record of {own}", was["customer"], now["customer"])
        for member, table in _ROWS.items():
            before, after = _by_key(was, member), _by_key(now, member)
            for key in before.keys() - after.keys():
                self._expect(f"{member} {key} is told to be gone", "gone", mine.get((table, key)))
                self._expect(f"{member} {key} was removed by somebody", True, key in world.removed)
            lost_primary = any(before[key].get("is_primary") for key in before.keys() - after.keys())
            for key in before.keys() & after.keys():
                changed = {name for name in before[key] if before[key][name] != after[key][name]}
                if changed and not (changed == {"is_primary"} and lost_primary):
                    self._expect(f"{member} {key} {changed} is told", True, (table, key) in mine)
                    self._expect(f"{member} {key} was touched", True, key in world.edited | world.removed)
            added = after.keys() - before.keys()
            if member != "consents" or not any(reason == "said_since" for reason in mine.values()):
                self._expect(f"new {member} of {own}", set(), added)

    def _survivor(self, made: _Merge, now: Export, after: dict[str, Export], conflicts: list[dict[str, Any]]) -> None:
        """Its own fields are put back where nobody changed them since; no row of the two is lost."""
        own = made.members[0]["id"]
        was, left, end = made.before[own]["customer"], made.left["customer"], after[own]["customer"]
        told = {one["field"] for one in conflicts if one["field"] is not None}
        for name in was.keys() - {"id", "custom_fields"}:
            self._field(name, was[name], left[name], now["customer"][name], end[name], told=told)
        for key in {key for one in (was, left, now["customer"], end) for key in one["custom_fields"]}:
            values = (one["custom_fields"].get(key) for one in (was, left, now["customer"], end))
            self._field(f"custom_fields.{key}", *values, told=told)
        for member in _ROWS:
            if member in ("consents", "touchpoints"):
                continue
            held = set(_by_key(now, member))
            parted = {key for one in after.values() for key in _by_key(one, member)}
            self._expect(f"{member} that are lost", set(), held - parted)
            before = set(_by_key(made.before[own], member)) & held
            self._expect(f"{member} that went away with others", set(), before - set(_by_key(after[own], member)))

    def _field(self, name: str, was: Any, left: Any, now: Any, end: Any, *, told: set[Any]) -> None:
        member = "birthday" if name.startswith("birthday") else name
        if name.startswith("birthday"):
            # Three columns are one member: what another of them says decides too.
            self._expect(f"{name} is one of those", True, end in (was, now))
            return
        self._expect(f"{name} of the survivor", was if now == left else now, end)
        self._expect(f"{name} is told", was != left and now not in (was, left), member in told)

    async def _derived(self, undone: list[UUID]) -> None:
        """What follows from content is what a rebuild would make of it: tokens, match keys, claims."""
        world, database = self._world, self._world.hub.app.database
        ids = [id_of(one) for one in world.standing()]
        records = await whole_customers(database, set(ids))
        tokens = await tokens_among(database, ids)
        for own, record in records.items():
            found = set(tokens_of(record.row, record.emails, record.external_ids))
            self._expect(f"tokens of {own}", found, tokens[own])
        uow = world.hub.app.hub.unit_of_work(SYSTEM, "proof")
        self._expect("match keys", 0, await rekey(uow, world.hub.app.keys, await personal_sources(uow), undone))
        await uow.rollback()
        phones = {p.id: p for record in records.values() for p in record.phones}
        claims = await world.hub.rows("SELECT phone_id, customer_id FROM phone_claims")
        held = {_id(phone): _id(own) for phone, own in claims}
        claimed = [phone for phone in phones.values() if holds_claim(PhoneStatus(phone.status), phone.shared)]
        known = {phone.id.hex: held.get(phone.id.hex) for phone in claimed}
        self._expect("claims", {phone.id.hex: phone.customer_id.hex for phone in claimed}, known)

    def _expect(self, what: str, wanted: Any, found: Any) -> None:
        if wanted != found:
            self._proved.faults.append(f"{what}: {str(found)[:600]}, not {str(wanted)[:600]}")


def _by_key(export: Export, member: str) -> dict[str, Any]:
    return {row["tag"].casefold() if member == "tags" else row["id"]: row for row in export[member]}


def _id(value: Any) -> str:
    return bytes(value).hex() if isinstance(value, bytes) else value.hex
