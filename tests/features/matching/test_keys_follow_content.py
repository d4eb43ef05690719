"""Match keys are written with what they are made of, whatever road it comes by (MATCHING 2)."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.customers import create_customer
from tests.features.imports.importing import csv_of, imported, rows_of, undo
from tests.features.matching.keys_now import all_ids, differing, stored
from tests.features.selfservice.counter import browser, correct, make_link, page_of
from tests.hub import HubUnderTest, make_number

NAMES = ["王伟", "王小伟", "Wang Wei", "张三 13800138000", "Anna Lindqvist", "客户", "李先生"]
STREETS = ["文一西路969号3幢2单元501室", "1 High Street, Flat 3", "中山路 12 号 call 13900139000"]
DAYS = ["1990-05-03", "1990-05-30", "--05-03", "1990-01-01"]


def a_body(random: Random) -> dict[str, Any]:
    """Some customer."""
    body: dict[str, Any] = {
        "display_name": random.choice(NAMES),
        "phones": [{"number": make_number()} for _ in range(random.randint(0, 2))],
        "emails": [{"email": f"somebody{random.randint(1, 9)}@mail.se"}] * random.randint(0, 1),
        "birthday": {"date": random.choice(DAYS)},
        "addresses": [{"country": "CN", "street": random.choice(STREETS)}] * random.randint(0, 1),
        "external_ids": [{"source": "wechat", "id": f"o{random.randint(10**6, 10**9)}"}] * random.randint(0, 1),
    }
    if random.random() < 0.2:
        body |= {"kind": "organisation", "company_name": "杭州某某科技有限公司"}
    elif random.random() < 0.5:
        body["company_name"] = random.choice(["Acme Ltd", "杭州某某科技有限公司"])
    return body


async def change_something(hub: HubUnderTest, random: Random, known: list[str]) -> None:
    """One change by one of the roads; a refusal changes nothing."""
    api, path = hub.api, f"/v1/customers/{random.choice(known)}"
    shown = (await api.get(path)).json()

    def part(name: str) -> str:
        parts = shown.get(name) or [{"id": "none"}]
        return f"{path}/{name.replace('_', '-')}/{random.choice(parts)['id']}"

    road = random.randrange(15)
    if road == 0:
        await api.patch(path, json={"display_name": random.choice(NAMES)})
    elif road == 1:
        await api.patch(path, json={"birthday": random.choice([None, *({"date": day} for day in DAYS)])})
    elif road == 2:
        await api.patch(path, json={"company_name": random.choice([None, "Acme Ltd", "Beta GmbH"]), "stage": "active"})
    elif road == 3:
        await api.post(f"{path}/phones", json={"number": make_number(), "is_primary": random.random() < 0.5})
    elif road == 4 and shown.get("phones"):
        await api.delete(part("phones"))
    elif road == 5:
        await api.post(f"{path}/emails", json={"email": f"other{random.randint(1, 9)}@mail.se"})
    elif road == 6 and shown.get("emails"):
        await api.delete(part("emails"))
    elif road == 7:
        await api.post(f"{path}/addresses", json={"country": "CN", "street": random.choice(STREETS)})
    elif road == 8 and shown.get("addresses"):
        await api.patch(part("addresses"), json={"street": random.choice(STREETS)})
    elif road == 9 and shown.get("addresses"):
        await api.delete(part("addresses"))
    elif road == 10:
        await api.post(f"{path}/external-ids", json={"source": "wechat", "id": f"p{random.randint(10**6, 10**9)}"})
    elif road == 11 and shown.get("external_ids"):
        await api.delete(part("external_ids"))
    elif road == 12:
        await api.post(f"{path}/{'restore' if shown.get('archived_at') else 'archive'}")
    elif road == 13:
        body = {**a_body(random), "phones": [{"number": make_number()}], "emails": [{"email": "somebody1@mail.se"}]}
        answer = await api.post("/v1/customers/upsert", json={"customer": body, "match_on": ["email"]})
        if answer.status_code != 409:
            known.append(answer.json()["customer"]["id"])
    else:
        key = {"idempotency-key": f"keys-{random.getrandbits(60):015x}"}
        answer = await api.post("/v1/customers/batch", json={"items": [a_body(random)] * 2}, headers=key)
        known += [item["id"] for item in answer.json()["results"] if item["status"] == 201]


@pytest.mark.parametrize("seed", range(2))
async def test_stored_keys_are_those_of_a_rebuild(fresh_hub: HubUnderTest, seed: int) -> None:
    random, known = Random(seed), list[str]()
    await fresh_hub.api.put("/v1/external-sources/wechat", json={"identity": "person", "priority": 10})
    for _ in range(5):
        known.append((await fresh_hub.api.post("/v1/customers", json=a_body(random))).json()["id"])
    for _ in range(45):
        await change_something(fresh_hub, random, known)
    assert await differing(fresh_hub) == []


async def test_keys_of_an_import_and_of_its_undo_are_those_of_a_rebuild(fresh_hub: HubUnderTest) -> None:
    known = await create_customer(fresh_hub.api, display_name="王伟", emails=[{"email": "wei@mail.se"}])
    before = await stored(fresh_hub, known["id"])
    columns = ["display_name", "phones[0].number", "emails[0].email", "addresses[0].street", "birthday.date"]
    rows = [[name, make_number(), "wei@mail.se", STREETS[0], DAYS[0]] for name in NAMES]
    done = await imported(fresh_hub, csv_of(rows, columns))
    made = [row["customer_id"] for row in await rows_of(fresh_hub.api, done["id"], outcome="created")]
    assert len(made) == len(NAMES)
    assert all([await stored(fresh_hub, customer) for customer in made])
    assert await differing(fresh_hub) == []
    await undo(fresh_hub, done["id"])
    assert [await stored(fresh_hub, customer) for customer in made] == [set()] * len(made)
    assert await stored(fresh_hub, known["id"]) == before
    assert await differing(fresh_hub) == []


async def test_keys_of_what_somebody_corrects_are_those_of_a_rebuild(fresh_hub: HubUnderTest) -> None:
    customer = await create_customer(fresh_hub.api, addresses=[{"country": "CN", "street": STREETS[0]}])
    before = await stored(fresh_hub, customer["id"])
    link = await make_link(fresh_hub.api, customer, "display_name", "addresses")
    async with browser(fresh_hub) as person:
        answer = await correct(person, page_of(fresh_hub, link), display_name="张三", addresses__street="科技园路2号")
    assert answer.status_code == 200, answer.text
    assert not await stored(fresh_hub, customer["id"]) & before
    assert len(await all_ids(fresh_hub)) == 1
    assert await differing(fresh_hub) == []


async def test_a_virtual_number_is_no_key(fresh_hub: HubUnderTest) -> None:
    """Privacy numbers of platforms are handed to one after the other."""
    body = {"display_name": "客户", "phones": [{"number": make_number(), "kind": "virtual"}]}
    made = await fresh_hub.api.post("/v1/customers", json=body)
    assert made.json()["phones"][0]["kind"] == "virtual"
    assert await stored(fresh_hub, made.json()["id"]) == set()


async def test_who_is_archived_meets_nobody_until_it_is_restored(fresh_hub: HubUnderTest) -> None:
    body = {"display_name": "王伟", "phones": [{"number": make_number()}]}
    customer = (await fresh_hub.api.post("/v1/customers", json=body)).json()["id"]
    before = await stored(fresh_hub, customer)
    assert len(before) > 4
    await fresh_hub.api.post(f"/v1/customers/{customer}/archive")
    assert await stored(fresh_hub, customer) == set()
    await fresh_hub.api.post(f"/v1/customers/{customer}/restore")
    assert await stored(fresh_hub, customer) == before
