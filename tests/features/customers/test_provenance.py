"""Where values come from, what a person's word is worth, and how complete a customer is."""

from __future__ import annotations

from typing import Any

from custhub.security.fields import Access, everything
from tests.client import ApiClient
from tests.customers import create_customer, declare, path_of, problem_of, read_customer
from tests.hub import HubUnderTest, make_number
from tests.principals import make_principal


async def origins(api: ApiClient, customer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    answer = await api.get(path_of(customer), params={"include": "provenance"})
    assert answer.status_code == 200, answer.text
    return {entry["part_id"] or entry["field"]: entry for entry in answer.json()["provenance"]}


async def test_every_value_says_where_it_comes_from(hub: HubUnderTest) -> None:
    """A new customer stores nothing of that: its values came with it."""
    customer = await create_customer(
        hub.api, source="shop", language="en", emails=[{"email": "a@example.com"}], phones=[{"number": make_number()}]
    )
    found = await origins(hub.api, customer)
    assert {"display_name", "language", "kind", "source", customer["emails"][0]["id"], customer["phones"][0]["id"]} <= (
        set(found)
    )
    assert "birthday" not in found
    told = {(entry["source"], entry["at"], entry["rule"], entry["by"]) for entry in found.values()}
    assert told == {("shop", customer["created_at"], "created", None)}
    (stored,) = await hub.rows("SELECT count(*) FROM customers WHERE source = 'shop' AND provenance IS NOT NULL")
    assert stored[0] == 0
    assert (await read_customer(hub.api, customer))["provenance"] is None


async def test_what_a_person_changes_is_confirmed(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api, source="shop", language="en")
    person = hub.client_of(make_principal("admin"))
    await person.patch(path_of(customer), json={"language": "zh-CN", "birthday": {"date": "1990-05-03"}})
    email = (await person.post(f"{path_of(customer)}/emails", json={"email": "b@example.com"})).json()
    found = await origins(hub.api, customer)
    for key in ("language", "birthday", email["id"]):
        assert (found[key]["source"], found[key]["rule"]) == ("person", "confirmed"), key
        assert found[key]["by"].startswith("user:usr_")
        assert found[key]["confirmed_until"].startswith("2027-03-01")
    assert found["display_name"]["rule"] == "created"
    await person.patch(path_of(customer), json={"source": "fair"})
    found = await origins(hub.api, customer)
    assert (found["source"]["rule"], found["display_name"]["source"]) == ("confirmed", "shop")
    await person.delete(f"{path_of(customer)}/emails/{email['id']}")
    assert email["id"] not in await origins(hub.api, customer)


async def test_a_program_does_not_overwrite_what_a_person_confirmed(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api, language="en")
    person, program = (hub.client_of(make_principal("admin", kind=kind)) for kind in ("user", "client"))
    path = path_of(customer)
    assert (await program.patch(path, json={"language": "de"})).status_code == 200
    assert (await origins(hub.api, customer))["language"]["rule"] == "changed"
    await person.patch(path, json={"language": "zh-CN"})
    refused = problem_of(await program.patch(path, json={"language": "fr", "note": "x"}), 409, "field_confirmed")
    assert [error["pointer"] for error in refused["errors"]] == ["#/language"]
    now = await read_customer(hub.api, customer)
    assert (now["language"], now["note"]) == ("zh-CN", None)
    assert (await program.patch(path, json={"language": "zh-CN", "note": "x"})).status_code == 200


async def test_a_person_confirms_fields_as_they_are(hub: HubUnderTest) -> None:
    await declare(hub.api, "hat", {"type": "string"})
    customer = await create_customer(hub.api, language="en", custom_fields={"hat": "M"})
    person = hub.client_of(make_principal("admin"))
    path = f"{path_of(customer)}/confirm"
    body = {"fields": ["language", "birthday", "custom_fields.hat"], "expires_at": "2026-04-01T00:00:00Z"}
    answer = await person.post(path, json=body)
    assert (answer.status_code, answer.json()["revision"]) == (200, 2)
    found = {entry["field"]: entry for entry in answer.json()["provenance"]}
    for name in body["fields"]:
        assert (found[name]["rule"], found[name]["confirmed_until"]) == ("confirmed", "2026-04-01T00:00:00Z")
    program = hub.client_of(make_principal("admin", kind="client"))
    for changed in ({"birthday": {"date": "1990-05-03"}}, {"custom_fields": {"hat": "L"}}):
        problem_of(await program.patch(path_of(customer), json=changed), 409, "field_confirmed")
    events = await hub.rows("SELECT 1 FROM events WHERE type = 'customer.confirmed'")
    assert len(events) == 1


async def test_what_cannot_be_confirmed(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api)
    path = f"{path_of(customer)}/confirm"
    person = hub.client_of(make_principal("admin"))
    program = hub.client_of(make_principal("admin", kind="client"))
    problem_of(await program.post(path, json={"fields": ["language"]}), 403, "person_required")
    for name in ("phones", "tags", "id", "custom_fields", "custom_fields.nothing"):
        problem = problem_of(await person.post(path, json={"fields": ["language", name]}), 422, "field_not_confirmable")
        assert [error["pointer"] for error in problem["errors"]] == ["#/fields/1"]
    support = hub.client_of(make_principal("support"))
    problem_of(await support.post(path, json={"fields": ["birthday"]}), 403, "field_not_writable")
    assert (await support.post(path, json={"fields": ["language"]})).status_code == 200
    stale = {"if-match": '"1-00000000"'}
    problem_of(await person.post(path, json={"fields": ["language"]}, headers=stale), 412, "precondition_failed")
    await hub.api.post(f"{path_of(customer)}/archive")
    problem_of(await person.post(path, json={"fields": ["language"]}), 409, "customer_archived")


async def test_provenance_tells_nothing_of_hidden_fields(hub: HubUnderTest) -> None:
    """S-61."""
    customer = await create_customer(hub.api, language="en", emails=[{"email": "a@example.com"}])
    hidden = everything(Access.READ) | {"language": Access.HIDDEN, "emails": Access.MASKED}
    found = await origins(hub.client_of(make_principal(fields=hidden)), customer)
    assert "language" not in found
    assert customer["emails"][0]["id"] not in found


async def test_completeness_names_what_is_missing(hub: HubUnderTest) -> None:
    async def of(customer: dict[str, Any], api: ApiClient = hub.api) -> dict[str, Any]:
        answer = await api.get(path_of(customer), params={"include": "completeness"})
        found: dict[str, Any] = answer.json()["completeness"]
        return found

    bare = await create_customer(hub.api, source="nowhere")
    little = await of(bare)
    reasons = {item["field"]: item["reason"] for item in little["missing"]}
    assert reasons["phones"] == "missing"
    assert reasons["source"] == "unusable"
    assert little["missing"][0]["field"] == "phones"
    whole = await create_customer(
        hub.api, source="web", language="zh-CN", gender="female", category="consumer", birthday={"date": "1990-05-03"},
        phones=[{"number": make_number()}], emails=[{"email": "a@example.com"}],
        addresses=[{"full_text": "广东省深圳市南山区科技园路1号"}],
    )  # fmt: skip
    assert await of(whole) == {"score": 100, "missing": []}
    assert 0 < little["score"] < 50
    await declare(hub.api, "needed", {"type": "string"}, required=True)
    lacking = await of(whole)
    assert lacking["score"] < 100
    assert lacking["missing"] == [{"field": "custom_fields.needed", "reason": "missing", "points": 10}]
    await hub.api.patch(path_of(whole), json={"custom_fields": {"needed": "x"}})
    assert (await of(whole))["score"] == 100
    page = await hub.api.get("/v1/customers", params={"include": "completeness", "source": "nowhere"})
    assert page.json()["data"][0]["completeness"]["score"] == (await of(bare))["score"]


async def test_completeness_tells_nothing_of_hidden_fields(hub: HubUnderTest) -> None:
    """S-61: neither the reasons nor the score depend on what the reader does not see."""
    customer = await create_customer(hub.api, source="web")
    reader = hub.client_of(make_principal(fields=everything(Access.READ) | {"phones": Access.HIDDEN}))
    before = (await reader.get(path_of(customer), params={"include": "completeness"})).json()["completeness"]
    assert "phones" not in {item["field"] for item in before["missing"]}
    await hub.api.post(f"{path_of(customer)}/phones", json={"number": make_number()})
    after = (await reader.get(path_of(customer), params={"include": "completeness"})).json()["completeness"]
    assert after == before


async def test_each_include_has_an_entity_tag_of_its_own(hub: HubUnderTest) -> None:
    """contract_c6: what is declared anew makes another body of completeness."""
    path = path_of(await create_customer(hub.api))

    async def tag(*include: str) -> str:
        return str((await hub.api.get(path, params={"include": list(include)})).headers["etag"])

    known = [
        await tag(*include) for include in ((), ("can",), ("provenance",), ("completeness",), ("can", "provenance"))
    ]
    assert len(set(known)) == 5
    assert await tag("provenance", "can") == known[4]
    await declare(hub.api, "another", {"type": "string"}, required=True)
    assert await tag("completeness") != known[3]
    assert await tag() == known[0]
