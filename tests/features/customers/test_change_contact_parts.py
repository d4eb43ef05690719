"""Contacts of an organisation."""

from __future__ import annotations

from typing import Any

from custhub.kit.ids import Prefix, new_id, to_text
from custhub.security.reach import scoped
from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of, read_customer
from tests.hub import HubUnderTest
from tests.principals import make_principal


async def an_organisation(api: ApiClient, **members: Any) -> dict[str, Any]:
    return await create_customer(api, display_name="深圳某某有限公司", kind="organisation", **members)


async def test_add_contact_answers_what_get_shows(api: ApiClient) -> None:
    person = await create_customer(api)
    path = path_of(await an_organisation(api))
    body = {"name": "王伟", "job_title": "采购经理", "email": "w@example.com", "person_id": person["id"]}
    added = await api.post(f"{path}/contacts", json=body)
    assert added.status_code == 201
    assert {name: added.json()[name] for name in body} == body
    read = await api.get(added.headers["location"])
    assert (read.json(), read.headers["etag"]) == (added.json(), added.headers["etag"])
    assert (await api.get(f"{path}/contacts")).json()["data"] == [added.json()]


async def test_only_an_organisation_has_contacts(api: ApiClient) -> None:
    path = path_of(await create_customer(api))
    problem_of(await api.post(f"{path}/contacts", json={"name": "王伟"}), 409, "contact_not_allowed")
    assert (await api.get(f"{path}/contacts")).json()["data"] == []


async def test_patch_contact_changes_what_was_sent(api: ApiClient) -> None:
    customer = await an_organisation(api, contacts=[{"name": "王伟", "department": "采购部"}, {"name": "李雷"}])
    contact = customer["contacts"][0]
    path = f"{path_of(customer)}/contacts/{contact['id']}"
    changed = (await api.patch(path, json={"job_title": "总监", "department": None})).json()
    expected = {"job_title": "总监", "department": None, "revision": 2, "updated_at": changed["updated_at"]}
    assert changed == contact | expected
    problem_of(await api.patch(path, json={"name": None}), 422, "validation_failed")
    problem_of(await api.patch(path, json={"name": "\u200b"}), 422, "name_invalid")
    problem_of(await api.patch(path, json={"email": "x@"}), 422, "validation_failed")
    assert (await read_customer(api, customer))["revision"] == customer["revision"] + 1


async def test_number_in_a_contact_is_sealed_and_survives_other_changes(hub: HubUnderTest) -> None:
    """S-25: names and titles too."""
    customer = await an_organisation(hub.api, contacts=[{"name": "王伟 13912345678", "job_title": "总监"}])
    contact = customer["contacts"][0]
    assert contact["name"] == "王伟 +86 139****5678"
    path = f"{path_of(customer)}/contacts/{contact['id']}"
    changed = (await hub.api.patch(path, json={"job_title": "经理 13812345678", "email": "w@example.com"})).json()
    assert (changed["name"], changed["job_title"]) == (contact["name"], "经理 +86 138****5678")
    for row in await hub.rows("SELECT name, job_title FROM customer_contacts"):
        assert "12345678" not in f"{row[0]}{row[1]}"


async def test_contact_names_only_a_person_within_reach(hub: HubUnderTest) -> None:
    """S-64: an id in a body is checked for reach."""
    customer = await an_organisation(hub.api, source="shop", contacts=[{"name": "王伟"}])
    stranger = await create_customer(hub.api, source="elsewhere")
    path = f"{path_of(customer)}/contacts"
    nobody = {"name": "李雷", "person_id": to_text(Prefix.CUSTOMER, new_id())}
    problem_of(await hub.api.post(path, json=nobody), 409, "person_unknown")
    shop = hub.client_of(make_principal(reach=scoped(sources=["shop"])))
    problem = problem_of(
        await shop.post(path, json={"name": "李雷", "person_id": stranger["id"]}), 409, "person_unknown"
    )
    assert problem["errors"][0]["pointer"] == "#/person_id"
    contact = f"{path}/{customer['contacts'][0]['id']}"
    problem_of(await shop.patch(contact, json={"person_id": stranger["id"]}), 409, "person_unknown")
    assert (await shop.patch(contact, json={"person_id": customer["id"]})).status_code == 200


async def test_removed_primary_contact_leaves_the_oldest_as_primary(api: ApiClient) -> None:
    customer = await an_organisation(api, contacts=[{"name": "甲"}, {"name": "乙"}, {"name": "丙", "is_primary": True}])
    path = f"{path_of(customer)}/contacts"
    last = customer["contacts"][2]
    assert (await api.delete(f"{path}/{last['id']}")).status_code == 204
    left = (await api.get(path)).json()["data"]
    assert [(c["name"], c["is_primary"]) for c in left] == [("甲", True), ("乙", False)]
    for answer in (
        await api.get(f"{path}/{last['id']}"),
        await api.patch(f"{path}/{last['id']}", json={"name": "x"}),
        await api.delete(f"{path}/{last['id']}"),
    ):
        problem_of(answer, 404, "contact_not_found")


async def test_the_two_hundred_and_first_contact_is_one_too_many(api: ApiClient) -> None:
    customer = await an_organisation(api, contacts=[{"name": f"n{i}"} for i in range(100)])
    path = f"{path_of(customer)}/contacts"
    for i in range(100, 200):
        assert (await api.post(path, json={"name": f"n{i}"})).status_code == 201
    problem_of(await api.post(path, json={"name": "x"}), 409, "too_many_parts")
