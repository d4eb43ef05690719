"""Vocabularies: lists of values with names in two languages, and their history."""

from __future__ import annotations

import asyncio
from typing import Any

from custhub.features.customers.rules import LifecycleStage
from tests.client import ApiClient
from tests.customers import create_customer, declare, path_of, problem_of
from tests.hub import HubUnderTest
from tests.principals import make_principal

LIST = "/v1/vocabularies"


async def vocabulary(api: ApiClient, key: str) -> dict[str, Any]:
    found: dict[str, Any] = next(item for item in (await api.get(LIST)).json()["data"] if item["key"] == key)
    return found


async def add(api: ApiClient, key: str, entry: str, **members: Any) -> dict[str, Any]:
    path = f"{LIST}/{(await vocabulary(api, key))['id']}/entries"
    answer = await api.post(path, json={"key": entry, "labels": {"en": entry, "zh": entry}} | members)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_every_hub_starts_with_those_of_a_customers_members(api: ApiClient) -> None:
    known = {item["key"]: item for item in (await api.get(LIST)).json()["data"]}
    assert {"category", "stage", "source", "need"} <= set(known)
    assert [entry["key"] for entry in known["stage"]["entries"]] == [stage.value for stage in LifecycleStage]
    for item in known.values():
        assert all(entry["labels"]["en"] and entry["labels"]["zh"] for entry in item["entries"])
    one = await api.get(f"{LIST}/{known['need']['id']}")
    assert one.json() == known["need"]
    seen = await api.get(f"{LIST}/{known['need']['id']}", headers={"if-none-match": one.headers["etag"]})
    assert seen.status_code == 304
    problem_of(await api.get(f"{LIST}/voc_01m81amc1cfrnt9m7qcr38rxrh"), 404, "vocabulary_not_found")


async def test_an_entry_can_be_chosen_as_soon_as_it_is_there_and_no_more_when_it_is_inactive(api: ApiClient) -> None:
    body = {"display_name": "x", "category": "school", "stage": "trial", "needs": ["tuition", "delivery"]}
    problem = problem_of(await api.post("/v1/customers", json=body), 422, "vocabulary_value_unknown")
    assert problem["errors"][0]["pointer"] == "#/stage"
    await add(api, "stage", "trial")
    await add(api, "category", "school")
    problem = problem_of(await api.post("/v1/customers", json=body), 422, "vocabulary_value_unknown")
    assert problem["errors"][0]["pointer"] == "#/needs/0"
    await add(api, "need", "tuition")
    customer = await create_customer(api, **body)
    told = ("category", "stage", "needs")
    assert [customer[name] for name in told] == ["school", "trial", ["delivery", "tuition"]]
    path = f"{LIST}/{(await vocabulary(api, 'category'))['id']}/entries/school"
    assert (await api.patch(path, json={"active": False})).status_code == 200
    problem_of(await api.post("/v1/customers", json=body), 422, "vocabulary_value_unknown")
    # Who has it keeps it, and may send it back unchanged.
    same = await api.patch(path_of(customer), json={"category": "school", "needs": ["delivery"], "note": "x"})
    assert (same.status_code, same.json()["category"], same.json()["needs"]) == (200, "school", ["delivery"])
    cleared = await api.patch(path_of(customer), json={"category": None, "needs": []})
    assert (cleared.json()["category"], cleared.json()["needs"]) == (None, [])


async def test_the_entry_of_new_customers_stays_active(api: ApiClient) -> None:
    stage = await vocabulary(api, "stage")
    path = f"{LIST}/{stage['id']}/entries/lead"
    problem_of(await api.patch(path, json={"active": False}), 409, "vocabulary_entry_needed")
    renamed = await api.patch(path, json={"labels": {"en": "New", "zh": "新客"}})
    assert renamed.json()["entries"][0]["labels"] == {"en": "New", "zh": "新客"}


async def test_a_vocabulary_of_ones_own_serves_a_custom_field(api: ApiClient) -> None:
    labels = {"en": "Fabric", "zh": "面料"}
    entries = [{"key": "silk", "labels": {"en": "Silk", "zh": "真丝"}}]
    made = await api.post(LIST, json={"key": "fabric", "labels": labels, "entries": entries})
    assert (made.status_code, made.json()["is_builtin"], len(made.json()["entries"])) == (201, False, 1)
    problem_of(await api.post(LIST, json={"key": "fabric", "labels": labels}), 409, "vocabulary_key_taken")
    twice = {"key": "twice", "labels": labels, "entries": entries * 2}
    assert problem_of(await api.post(LIST, json=twice), 409, "vocabulary_entry_taken")["errors"][0]["pointer"] == (
        "#/entries/1/key"
    )
    await declare(api, "likes", {"type": "array", "items": {"type": "string", "x-vocabulary": "fabric"}})
    await create_customer(api, custom_fields={"likes": ["silk"]})
    refused = await api.post("/v1/customers", json={"display_name": "x", "custom_fields": {"likes": ["wool"]}})
    problem_of(refused, 422, "custom_field_invalid")
    await add(api, "fabric", "wool")
    await create_customer(api, custom_fields={"likes": ["wool"]})
    problem_of(
        await api.post(f"{LIST}/{made.json()['id']}/entries", json={"key": "wool", "labels": labels}),
        409,
        "vocabulary_entry_taken",
    )


async def test_the_history_says_who_changed_what_when(fresh_hub: HubUnderTest) -> None:
    who = make_principal("admin")
    api = fresh_hub.client_of(who)
    source = await vocabulary(api, "source")
    path = f"{LIST}/{source['id']}"
    await add(api, "source", "fair")
    await api.patch(f"{path}/entries/fair", json={"active": False})
    await api.patch(f"{path}/entries/fair", json={"active": False})
    renamed = await api.patch(path, json={"labels": {"en": "Origin", "zh": "渠道"}})
    assert renamed.json()["revision"] == 4
    page = (await api.get(f"{path}/history", params={"limit": 2})).json()
    assert [(item["action"], item["entry"], item["old"], item["new"]) for item in page["data"]] == [
        ("changed", None, {"label_en": "Source", "label_zh": "来源"}, {"label_en": "Origin", "label_zh": "渠道"}),
        ("changed", "fair", {"active": True}, {"active": False}),
    ]
    assert page["data"][0]["actor"]["kind"] == "user"
    rest = (await api.get(f"{path}/history", params={"limit": 2, "cursor": page["next_cursor"]})).json()
    assert [(item["action"], item["entry"], item["old"]) for item in rest["data"]] == [("added", "fair", None)]
    assert rest["has_more"] is False
    problem_of(await api.get(f"{LIST}/voc_01m81amc1cfrnt9m7qcr38rxrh/history"), 404, "vocabulary_not_found")


async def test_rights_bounds_and_revisions(hub: HubUnderTest) -> None:
    """contract_d2; S-60."""
    reader = hub.client(scopes=["customers:read"])
    need = await vocabulary(reader, "need")
    path = f"{LIST}/{need['id']}"
    entry = {"key": "y", "labels": {"en": "y", "zh": "y"}}
    for method, url, body in (
        ("POST", LIST, {"key": "x", "labels": entry["labels"]}),
        ("PATCH", path, {"labels": entry["labels"]}),
        ("POST", f"{path}/entries", entry),
        ("PATCH", f"{path}/entries/other", {"active": False}),
    ):
        problem_of(await reader.request(method, url, json=body), 403, "insufficient_scope")
    stale = {"if-match": f'"{need["revision"] + 5}-00000000"'}
    answer = await hub.api.patch(f"{path}/entries/other", json={"position": 50}, headers=stale)
    problem_of(answer, 412, "precondition_failed")
    problem_of(await hub.api.patch(f"{path}/entries/none", json={"active": False}), 404, "vocabulary_entry_not_found")
    stage = await vocabulary(reader, "stage")
    long = {"key": "x" * 17, "labels": entry["labels"]}
    problem_of(await hub.api.post(f"{LIST}/{stage['id']}/entries", json=long), 422, "vocabulary_key_too_long")


async def test_racing_entries_are_all_there_afterwards(hub: HubUnderTest) -> None:
    await asyncio.gather(*(add(hub.api, "need", f"raced_{i}") for i in range(5)))
    keys = {entry["key"] for entry in (await vocabulary(hub.api, "need"))["entries"]}
    assert {f"raced_{i}" for i in range(5)} <= keys
    known = hub.app.catalogue.value.vocabularies["need"].entries
    assert {f"raced_{i}" for i in range(5)} <= set(known)
