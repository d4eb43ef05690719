"""Random merges: each comes to exactly what its preview said, and nothing that anybody had is lost."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import orjson

from custhub.kit.ids import Prefix, from_text
from tests.databases import TestDatabases
from tests.hub import HubUnderTest, make_number
from tests.merges import commit, preview
from tests.proofs.running import workplace

_NAMES: Final = ("曹伟", "曹先生", "Cao Wei", "Wei", "王芳", "王女士", "J. Smith", "John Smith", "張偉")
_DAYS: Final = ("1990-01-01", "1988-05-06", "--05-06", "1900-01-01", "2001-12-31")
_CHOSEN: Final = ("birthday", "language", "note", "company_name", "gender", "display_name", "given_name", "stage")
_PARTS: Final = ("phones", "emails", "addresses", "external_ids", "tags")
_PURPOSES: Final = (("marketing", "email"), ("service", "sms"))


@asynccontextmanager
async def running(engine: str, databases: TestDatabases | None) -> Any:
    """A hub on an empty database."""
    with workplace(databases) as (home, given):
        database: Path | str
        if engine == "postgresql":
            url = database = given.postgres_url()
        else:
            url, database = "", given.sqlite_copy(home / "data" / "custhub.db")
        hub = await HubUnderTest(home, url).start()
        try:
            yield hub
        finally:
            await hub.stop()
            given.drop(database)


async def prove(engine: str, plans: int, seed: int, databases: TestDatabases | None = None) -> tuple[int, list[str]]:
    """Merge so many times; how many customers went, and every difference."""
    rng, faults, absorbed = random.Random(seed), list[str](), 0
    async with running(engine, databases) as hub:
        known: list[dict[str, Any]] = []
        for number in range(plans):
            # The clock of the hub runs, and tokens end.
            hub.api = hub.client()
            while len(known) < 2 or rng.random() < 0.7:
                known.append(await _made(hub, rng))
            chosen = rng.sample(known, min(len(known), rng.choice((2, 2, 2, 3, 4, 7))))
            plan, found = await _merged(hub, rng, chosen)
            faults += [f"plan {number}: {fault}" for fault in found]
            absorbed += len(plan["customer_ids"]) - 1
            gone = set(plan["customer_ids"][1:])
            known = [one for one in known if one["id"] not in gone][-12:]
    return absorbed, faults


async def _made(hub: HubUnderTest, rng: random.Random) -> dict[str, Any]:
    """A customer with some of everything, of some time and source."""
    hub.clock.advance(rng.randrange(1, 200))
    shared = [{"number": "0755-26671234", "label": "office"}] if rng.random() < 0.3 else []
    number = make_number()
    body: dict[str, Any] = {
        "display_name": rng.choice(_NAMES),
        "source": rng.choice(("shop", "web", "fair")),
        "phones": [{"number": number}, *shared][rng.randrange(2) :],
        "emails": [{"email": f"{rng.choice('abc')}{rng.randrange(4)}@example.com"}] * rng.randrange(2),
        "addresses": [{"street": f"{rng.randrange(9)} Road", "country": "US"}] * rng.randrange(2),
        "external_ids": [{"source": "shop", "id": number}] * rng.randrange(2),
        "tags": rng.sample(["vip", "VIP ", "b2b", "new"], rng.randrange(3)),
    }
    for name, value in (
        ("birthday", {"date": rng.choice(_DAYS)}),
        ("language", rng.choice(("zh-CN", "en"))),
        ("note", rng.choice((f"call {make_number()}", "pays late", "x"))),
        ("company_name", rng.choice(("Acme", "深圳某某有限公司"))),
        ("gender", rng.choice(("female", "male"))),
        ("stage", rng.choice(("lead", "active"))),
        ("time_zone", "Asia/Shanghai"),
    ):
        if rng.random() < 0.5:
            body[name] = value
    body["tags"] = list({tag.strip().lower(): tag.strip() for tag in body["tags"]}.values())
    answer = await hub.api.post("/v1/customers", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    for purpose, channel in _PURPOSES:
        if rng.random() < 0.4:
            said = {"purpose": purpose, "channel": channel, "status": rng.choice(("granted", "denied", "withdrawn"))}
            told = await hub.api.post("/v1/consents", json={"customer_id": made["id"], **said})
            assert told.status_code == 201, told.text
    return made


async def _merged(
    hub: HubUnderTest, rng: random.Random, chosen: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any], list[str]]:
    given: dict[str, Any] = {}
    if rng.random() < 0.5:
        given["survivor_id"] = rng.choice(chosen)["id"]
    if rng.random() < 0.5:
        fields = rng.sample(_CHOSEN, rng.randrange(1, 4))
        given["choices"] = [{"field": field, "customer_id": rng.choice(chosen)["id"]} for field in fields]
    before = [(await hub.api.get(f"/v1/customers/{one['id']}")).json() for one in chosen]
    plan = await preview(hub.api, chosen, **given)
    turned = await preview(hub.api, rng.sample(chosen, len(chosen)), **given)
    if (turned["survivor_id"], turned["fields"]) != (plan["survivor_id"], plan["fields"]):
        return plan, ["another order gives another plan"]
    answer = await commit(hub.api, plan, **({"choices": given["choices"]} if "choices" in given else {}))
    if answer.status_code != 201:
        return plan, [f"{answer.status_code} {answer.text[:300]}"]
    return plan, [fault async for fault in _differences(hub, plan, answer.json(), before)]


async def _differences(
    hub: HubUnderTest, plan: Mapping[str, Any], merged: Mapping[str, Any], before: Sequence[Mapping[str, Any]]
) -> Any:
    """What is not as the plan had it."""
    now = (await hub.api.get(f"/v1/customers/{plan['survivor_id']}")).json()
    planned = {field["field"]: field["value"] for field in plan["fields"]}
    for name, value in planned.items():
        if now[name] != value:
            yield f"{name} is {now[name]!r}, not {value!r}"
    for name in _PARTS:
        identity = "tag" if name == "tags" else "id"
        had = {part[identity].lower() for one in before for part in one[name]}
        has = [part[identity].lower() for part in now[name]]
        if sorted(has) != sorted(had):
            yield f"{name}: {len(has)} of {len(had)}"
    for name in ("phones", "emails", "addresses"):
        if now[name] and sum(part["is_primary"] for part in now[name]) != 1:
            yield f"{name}: not one primary"
    told = (await hub.api.get(f"/v1/merges/{merged['id']}")).json()
    if [told[name] for name in ("fields", "moves", "conflicts", "consents")] != [
        plan[name] for name in ("fields", "moves", "conflicts", "consents")
    ]:
        yield "what is kept is not the plan"
    states = (await hub.api.get(f"/v1/customers/{plan['survivor_id']}/consents")).json()["data"]
    if {(s["purpose"], s["channel"]): s["status"] for s in states} != {
        (c["purpose"], c["channel"]): c["status"] for c in plan["consents"]
    }:
        yield "consents differ"
    if (moved := await _moved(hub, merged)) != {move["table"]: move["rows"] for move in plan["moves"] if move["rows"]}:
        yield f"moved {moved}"
    verified = (await hub.api.get(f"/v1/merges/{merged['id']}/verification")).json()
    if not verified["ok"] or verified["changed_since"]:
        yield f"verification: {verified}"


async def _moved(hub: HubUnderTest, merged: Mapping[str, Any]) -> dict[str, int]:
    """How many rows each table gave, as the members of the merge keep it for an undo, by the names that a plan has."""
    key = from_text(Prefix.MERGE, merged["id"])
    sign = "$1" if hub.engine == "postgresql" else "?"
    rows = await hub.rows(
        f"SELECT moved FROM merge_members WHERE merge_id = {sign}",  # noqa: S608  # a place for a value
        key if hub.engine == "postgresql" else key.bytes,
    )
    found: dict[str, int] = {}
    for (raw,) in rows:
        moved = raw if isinstance(raw, dict) else orjson.loads(raw)
        for table, keys in moved.items():
            if table in _PLANNED:
                told = table.removeprefix("customer_")
                found[told] = found.get(told, 0) + len(keys)
    return found


_PLANNED: Final = frozenset(
    {
        "customer_phones", "customer_emails", "customer_addresses", "customer_contacts", "customer_external_ids",
        "customer_tags", "messages", "findings", "customer_contacts.person_id",
    }
)  # fmt: skip
