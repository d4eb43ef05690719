"""Ids of merged customers never die: they tell who they became, and what is written to them is written to that one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from custhub.security.scopes import ALL
from tests.customers import create_customer, path_of, problem_of, read_customer
from tests.features.imports.importing import imported, ndjson_of, rows_of
from tests.hub import HubUnderTest, make_customer, make_number
from tests.merges import merge

PATH = "/v1/customers"


async def chain(hub: HubUnderTest) -> list[dict[str, Any]]:
    """Three customers: the first became the second, that the third."""
    made = [
        await create_customer(hub.api, display_name=name, phones=[{"number": make_number()}], note=name)
        for name in ("陈一", "陈二", "陈三")
    ]
    await merge(hub.api, [made[1], made[0]])
    await merge(hub.api, [made[2], made[1]])
    return made


async def test_a_merged_customer_is_read_as_it_was_or_as_who_it_became(hub: HubUnderTest) -> None:
    """MATCHING 4."""
    first, second, third = await chain(hub)
    old = await read_customer(hub.api, first)
    assert (old["merged_into"], old["note"], old["phones"]) == (second["id"], "陈一", [])
    followed = (await hub.api.get(f"{path_of(first)}?follow=true")).json()
    assert (followed["id"], followed["merged_into"], len(followed["phones"])) == (third["id"], None, 3)
    assert {one["id"] for one in (await hub.api.get(f"{path_of(first)}/phones")).json()["data"]} == {
        phone["id"] for phone in followed["phones"]
    }
    history = (await hub.api.get(f"{path_of(first)}/history")).json()["data"]
    assert [entry["action"] for entry in history] == ["customer.merged", "customer.created"]


async def test_what_is_written_to_a_merged_customer_is_written_to_who_it_became(hub: HubUnderTest) -> None:
    """MATCHING 4: If-Match names the revision of the survivor."""
    first, _, third = await chain(hub)
    path = path_of(first)
    stale = await hub.api.patch(path, json={"language": "en"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    patched = await hub.api.patch(path, json={"language": "en"}, headers={"If-Match": stale.headers["etag"]})
    assert (patched.status_code, patched.json()["id"], patched.json()["language"]) == (200, third["id"], "en")
    added = await hub.api.post(f"{path}/emails", json={"email": "chen@example.com"})
    assert added.status_code == 201
    assert (await hub.api.get(added.headers["location"])).json()["email"] == "chen@example.com"
    phone = (await hub.api.post(f"{path}/phones", json={"number": make_number()})).json()
    assert (
        await hub.api.post(f"{path}/phones/{phone['id']}/verify", json={"result": "reached_owner"})
    ).status_code == 200
    assert (await hub.api.put(f"{path}/tags/vip")).status_code in (200, 201)
    consent = {"customer_id": first["id"], "purpose": "marketing", "channel": "email", "status": "denied"}
    told = await hub.api.post("/v1/consents", json=consent)
    assert (told.status_code, told.json()["customer_id"]) == (201, third["id"]), told.text
    now = await read_customer(hub.api, third)
    assert (len(now["phones"]), len(now["emails"]), [tag["tag"] for tag in now["tags"]]) == (4, 1, ["vip"])
    problem_of(await hub.api.post(f"{path}/restore"), 409, "customer_not_archived")
    archived = await hub.api.post(f"{path}/archive")
    assert (archived.status_code, archived.json()["id"]) == (200, third["id"])


async def test_what_counts_of_a_merged_customer_is_what_counts_of_who_it_became(hub: HubUnderTest) -> None:
    """MATCHING 4, S-81: a caller with an old id must not take a consent for one that was refused."""
    survivor, old = await create_customer(hub.api), await create_customer(hub.api)
    for one, status in ((survivor, "denied"), (old, "granted")):
        said = {"customer_id": one["id"], "purpose": "marketing", "channel": "sms", "status": status}
        assert (await hub.api.post("/v1/consents", json=said)).status_code == 201
    await merge(hub.api, [survivor, old])
    for one in (survivor, old):
        told = (await hub.api.get(f"{path_of(one)}/consents")).json()["data"]
        assert [state["status"] for state in told] == ["denied"]


async def test_who_is_named_in_a_body_is_who_it_became(hub: HubUnderTest) -> None:
    """MATCHING 4: create, batch and upsert, of somebody new and of somebody known."""
    first, _, third = await chain(hub)
    contacts = [{"name": "陈一", "person_id": first["id"]}]
    company = make_customer(kind="organisation", contacts=contacts)
    key = make_customer(kind="organisation", external_ids=[{"source": "crm", "id": make_number()}])
    created = await create_customer(hub.api, **company)
    batch = (
        await hub.api.post(f"{PATH}/batch", json={"items": [company]}, headers={"idempotency-key": make_number()})
    ).json()
    sent = {"match_on": ["external_id"], "customer": key}
    assert (await hub.api.post(f"{PATH}/upsert", json=sent)).status_code == 201
    sent["customer"] = key | {"contacts": contacts}
    upserted = (await hub.api.post(f"{PATH}/upsert", json=sent)).json()["customer"]
    for who in (created, {"id": batch["results"][0]["id"]}, upserted):
        now = await read_customer(hub.api, who)
        assert [one["person_id"] for one in now["contacts"]] == [third["id"]]


@pytest.mark.parametrize("mode", ["create", "upsert"])
async def test_who_is_named_in_a_file_is_who_it_became(mode: str, hub: HubUnderTest) -> None:
    """MATCHING 4: as in a body; others that rows name stay who they are."""
    first, _, third = await chain(hub)
    other = await create_customer(hub.api)
    rows = [
        make_customer(
            kind="organisation",
            external_ids=[{"source": "shop", "id": make_number()}],
            contacts=[{"name": "陈一", "person_id": person["id"]}, {"name": "王五"}],
        )
        for person in (first, third, other)
    ]
    matching = {"match_on": ["external_id"]} if mode == "upsert" else {}
    done = await imported(hub, ndjson_of(rows), mode=mode, **matching)
    made = [{"id": row["customer_id"]} for row in await rows_of(hub.api, done["id"])]
    named = [[one["person_id"] for one in (await read_customer(hub.api, who))["contacts"]] for who in made]
    assert named == [[third["id"], None], [third["id"], None], [other["id"], None]]


async def test_a_merged_customer_stands_in_no_list_and_is_found_by_nobody(hub: HubUnderTest) -> None:
    number, name = make_number(), "欧阳独一"
    survivor = await create_customer(hub.api, display_name=name)
    other = await create_customer(hub.api, display_name=name, phones=[{"number": number}])
    await merge(hub.api, [survivor, other])
    for archived in ("false", "true", "any"):
        listed = (await hub.api.get(f"/v1/customers?archived={archived}&limit=200")).json()["data"]
        assert other["id"] not in {one["id"] for one in listed}
        asked = {"q": name, "filters": {"archived": archived}}
        found = (await hub.api.post("/v1/customers/search", json=asked)).json()["data"]
        assert {hit["customer"]["id"] for hit in found} == ({survivor["id"]} if archived != "true" else set())
    looked = (await hub.api.post("/v1/customers/lookup", json={"phone": number})).json()["data"]
    assert [one["id"] for one in looked] == [survivor["id"]]
    changes = (await hub.api.get("/v1/customers/changes?limit=200")).json()["data"]
    (change,) = [change for change in changes if change["id"] == other["id"]]
    assert (change["state"], change["merged_into"]) == ("merged", survivor["id"])


async def test_events_name_every_id(hub: HubUnderTest) -> None:
    client = hub.client(ALL)
    survivor, other = [await create_customer(client) for _ in range(2)]
    merged = await merge(client, [survivor, other])
    rows = await hub.rows("SELECT data FROM events WHERE type = 'customer.merged' ORDER BY subject_id")
    told = [row[0] if isinstance(row[0], dict) else json.loads(row[0]) for row in rows]
    mine = [data for data in told if data["merge_id"] == merged["id"]]
    assert [data["merged_ids"] for data in mine] == [[other["id"]], [other["id"]]]
    assert {data["id"] for data in mine} == {survivor["id"], other["id"]}
