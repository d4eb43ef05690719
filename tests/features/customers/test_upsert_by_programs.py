"""Upserts by programs: what people confirmed stands, and what sources that are believed more say; nothing is silent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.client import ApiClient
from tests.customers import create_customer, path_of, read_customer
from tests.hub import START, HubUnderTest, make_number
from tests.principals import make_principal


def at(hours: float) -> str:
    return (START - timedelta(hours=hours)).isoformat()


@pytest.fixture
async def program(hub: HubUnderTest) -> ApiClient:
    """A client that nobody sits at, and sources that are believed more and less."""
    await hub.api.put("/v1/external-sources/master", json={"priority": 900})
    await hub.api.put("/v1/external-sources/list", json={"priority": 100})
    return hub.client_of(make_principal(kind="client"))


async def upsert(api: ApiClient, key: dict[str, Any], occurred_at: str | None = None, **members: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"match_on": ["external_id"], "customer": {"display_name": "李娜", **key, **members}}
    if occurred_at is not None:
        body["occurred_at"] = occurred_at
    answer = await api.post("/v1/customers/upsert", json=body)
    assert answer.status_code in (200, 201), answer.text
    told: dict[str, Any] = answer.json()
    return told


def make_key() -> dict[str, Any]:
    return {"external_ids": [{"source": "shop", "id": make_number()}]}


async def proposed(hub: HubUnderTest, customer: dict[str, Any]) -> list[tuple[str, str, Any]]:
    answer = await hub.api.get("/v1/findings", params={"customer_id": customer["id"]})
    return sorted((found["field"], found["reason"], found["proposed"]) for found in answer.json()["data"])


async def origins(hub: HubUnderTest, customer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    answer = await hub.api.get(path_of(customer), params={"include": "provenance"})
    return {entry["part_id"] or entry["field"]: entry for entry in answer.json()["provenance"]}


async def test_a_source_that_is_believed_more_stands_whatever_comes_later(
    hub: HubUnderTest, program: ApiClient
) -> None:
    key = make_key()
    customer = (await upsert(program, key, at(5), language="en", source="master"))["customer"]
    told = await upsert(program, key, at(1), language="de", note="new", source="list")
    assert (told["customer"]["language"], told["customer"]["note"]) == ("en", "new")
    # Where it came from is a value as any other.
    assert told["customer"]["source"] == "master"
    found = await proposed(hub, customer)
    assert ("language", "source_priority", "de") in found
    again = await upsert(program, key, at(0.5), note="newer", source="master")
    assert again["customer"]["note"] == "newer"
    older = await upsert(program, key, at(9), note="much older", language="fr", source="master")
    assert (older["outcome"], older["customer"]["note"], older["customer"]["language"]) == ("unchanged", "newer", "en")


async def test_another_source_leaves_where_everything_else_came_from(hub: HubUnderTest, program: ApiClient) -> None:
    key = make_key()
    customer = await create_customer(hub.api, source="list", language="en", **key)
    told = await upsert(program, key, source="master")
    assert told["customer"]["source"] == "master"
    found = await origins(hub, customer)
    assert (found["source"]["source"], found["language"]["source"]) == ("master", "list")


async def test_labels_and_primary_parts_follow_the_last_to_speak(hub: HubUnderTest, program: ApiClient) -> None:
    """Whatever arrives first; what a person chose stays."""
    key, mails = make_key(), [f"{name}{make_number()}@example.com" for name in "ab"]
    first, second = ({"email": mail, "is_primary": True, "label": "work"} for mail in mails)
    await upsert(program, key, at(2), emails=[first], source="shop")
    await upsert(program, key, at(4), emails=[second, {"email": mails[0], "label": "home"}], source="shop")
    seen = (await upsert(program, key, at(3), emails=[second], source="shop"))["customer"]["emails"]
    assert [(mail["email"], mail["label"], mail["is_primary"]) for mail in seen] == [
        (mails[0], "work", True), (mails[1], "work", False),
    ]  # fmt: skip
    customer = (await upsert(program, key, at(1), emails=[second], source="shop"))["customer"]
    assert [mail["is_primary"] for mail in customer["emails"]] == [False, True]
    path = f"{path_of(customer)}/emails/{customer['emails'][0]['id']}"
    assert (await hub.api.patch(path, json={"is_primary": True, "label": "mine"})).status_code == 200
    await upsert(program, key, at(0), emails=[second, {"email": mails[0], "label": "work"}], source="shop")
    kept = (await read_customer(hub.api, customer))["emails"]
    assert [(mail["label"], mail["is_primary"]) for mail in kept] == [("mine", True), ("work", False)]


async def test_a_confirmed_value_stands_until_its_confirmation_expires(hub: HubUnderTest, program: ApiClient) -> None:
    key = make_key()
    customer = (await upsert(program, key, language="de", source="list"))["customer"]
    body = {"fields": ["language"], "expires_at": "2026-03-02T00:00:00Z"}
    assert (await hub.api.post(f"{path_of(customer)}/confirm", json=body)).status_code == 200
    told = await upsert(program, key, language="fr", time_zone="Asia/Tokyo", source="master")
    now = told["customer"]
    assert (told["outcome"], now["language"], now["time_zone"]) == ("updated", "de", "Asia/Tokyo")
    assert await proposed(hub, customer) == [("language", "confirmed", "fr")]
    # The last test: tokens that were issued do not outlive this.
    hub.clock.advance(2 * 86_400)
    assert (await upsert(program, key, language="fr", source="master"))["customer"]["language"] == "fr"
