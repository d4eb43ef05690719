"""E-mail addresses of a customer: add, change, remove; exactly one is the primary one."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.kit.ids import Prefix, new_id, to_text
from custhub.security.fields import Access, Field, everything
from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of, read_customer
from tests.hub import HubUnderTest
from tests.principals import make_principal

UNKNOWN = to_text(Prefix.EMAIL, new_id())


async def add_email(api: ApiClient, path: str, email: str, **members: Any) -> dict[str, Any]:
    answer = await api.post(f"{path}/emails", json={"email": email} | members)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def primaries(api: ApiClient, path: str) -> list[str]:
    listed = await api.get(f"{path}/emails")
    return [item["email"] for item in listed.json()["data"] if item["is_primary"]]


async def test_add_email_answers_what_get_and_the_customer_show(api: ApiClient) -> None:
    customer = await create_customer(api)
    path = path_of(customer)
    added = await api.post(f"{path}/emails", json={"email": " Li.Na@Example.COM", "label": "work"})
    assert added.status_code == 201
    assert added.json()["email"] == "Li.Na@example.com"
    assert added.json()["is_primary"] is True
    read = await api.get(added.headers["location"])
    assert read.json() == added.json()
    assert read.headers["etag"] == added.headers["etag"]
    now = await read_customer(api, customer)
    assert now["emails"] == [added.json()]
    assert now["revision"] == customer["revision"] + 1


async def test_get_email_unchanged_answers_304(api: ApiClient) -> None:
    """contract_c6: of parts too."""
    path = path_of(await create_customer(api))
    added = await api.post(f"{path}/emails", json={"email": "a@example.com"})
    again = await api.get(added.headers["location"], headers={"if-none-match": added.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_exactly_one_email_is_primary_the_last_that_says_so(api: ApiClient) -> None:
    path = path_of(await create_customer(api))
    first = await add_email(api, path, "a@example.com")
    second = await add_email(api, path, "b@example.com")
    assert (first["is_primary"], second["is_primary"]) == (True, False)
    await add_email(api, path, "c@example.com", is_primary=True)
    assert await primaries(api, path) == ["c@example.com"]
    changed = await api.patch(f"{path}/emails/{second['id']}", json={"is_primary": True})
    assert changed.json()["is_primary"] is True
    assert await primaries(api, path) == ["b@example.com"]


async def test_primary_email_that_steps_down_gives_way_to_the_oldest_other(api: ApiClient) -> None:
    path = path_of(await create_customer(api))
    first = await add_email(api, path, "a@example.com")
    await add_email(api, path, "b@example.com")
    changed = await api.patch(f"{path}/emails/{first['id']}", json={"is_primary": False})
    assert changed.json()["is_primary"] is False
    assert await primaries(api, path) == ["b@example.com"]


async def test_only_email_stays_primary_whatever_it_is_told(api: ApiClient) -> None:
    path = path_of(await create_customer(api))
    only = await add_email(api, path, "a@example.com")
    answer = await api.patch(f"{path}/emails/{only['id']}", json={"is_primary": False})
    assert answer.json() == only
    labelled = await api.patch(f"{path}/emails/{only['id']}", json={"is_primary": False, "label": "x"})
    assert (labelled.json()["is_primary"], labelled.json()["label"]) == (True, "x")


async def test_removed_primary_email_leaves_the_oldest_as_primary(api: ApiClient) -> None:
    path = path_of(await create_customer(api))
    for name in "ab":
        await add_email(api, path, f"{name}@example.com")
    last = await add_email(api, path, "c@example.com", is_primary=True)
    assert (await api.delete(f"{path}/emails/{last['id']}")).status_code == 204
    assert await primaries(api, path) == ["a@example.com"]
    problem_of(await api.delete(f"{path}/emails/{last['id']}"), 404, "email_not_found")


async def test_patch_email_with_null_label_empties_it_and_bumps_the_customer_once(api: ApiClient) -> None:
    """contract_a4, contract_p10: null empties; a part's change is a change of its customer."""
    customer = await create_customer(api, emails=[{"email": "a@example.com", "label": "work"}])
    email = customer["emails"][0]
    answer = await api.patch(f"{path_of(customer)}/emails/{email['id']}", json={"label": None})
    assert (answer.json()["label"], answer.json()["revision"]) == (None, 2)
    assert (await read_customer(api, customer))["revision"] == customer["revision"] + 1
    same = await api.patch(f"{path_of(customer)}/emails/{email['id']}", json={"label": None})
    assert same.json() == answer.json()
    assert (await read_customer(api, customer))["revision"] == customer["revision"] + 1


async def test_patch_email_refuses_null_for_what_cannot_be_null(api: ApiClient) -> None:
    """contract_p10."""
    customer = await create_customer(api, emails=[{"email": "a@example.com"}])
    path = f"{path_of(customer)}/emails/{customer['emails'][0]['id']}"
    problem = problem_of(await api.patch(path, json={"is_primary": None}), 422, "validation_failed")
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [("#/is_primary", "null_not_allowed")]


@pytest.mark.parametrize("method", ["patch", "delete"])
async def test_stale_if_match_of_an_email_answers_412(api: ApiClient, method: str) -> None:
    """contract_d2."""
    customer = await create_customer(api, emails=[{"email": "a@example.com"}])
    path = f"{path_of(customer)}/emails/{customer['emails'][0]['id']}"
    first = await api.get(path)
    changed = await api.patch(path, json={"label": "x"}, headers={"if-match": first.headers["etag"]})
    assert changed.status_code == 200
    body: dict[str, Any] = {"json": {"label": "y"}} if method == "patch" else {}
    stale = await api.request(method, path, headers={"if-match": first.headers["etag"]}, **body)
    problem_of(stale, 412, "precondition_failed")
    assert stale.headers["etag"] == changed.headers["etag"]


async def test_malformed_email_is_refused_at_its_place(api: ApiClient) -> None:
    path = path_of(await create_customer(api))
    problem = problem_of(await api.post(f"{path}/emails", json={"email": "no mail"}), 422, "email_invalid")
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [("#/email", "email_invalid")]


async def test_the_fifty_first_email_is_one_too_many(api: ApiClient) -> None:
    customer = await create_customer(api, emails=[{"email": f"a{i}@example.com"} for i in range(20)])
    path = path_of(customer)
    for i in range(20, 50):
        await add_email(api, path, f"a{i}@example.com")
    problem_of(await api.post(f"{path}/emails", json={"email": "b@example.com"}), 409, "too_many_parts")


async def test_emails_of_an_archived_or_unknown_customer_are_not_changed(api: ApiClient) -> None:
    customer = await create_customer(api, emails=[{"email": "a@example.com"}])
    path = f"{path_of(customer)}/emails"
    assert (await api.post(f"{path_of(customer)}/archive")).status_code == 200
    problem_of(await api.post(path, json={"email": "b@example.com"}), 409, "customer_archived")
    problem_of(await api.patch(f"{path}/{customer['emails'][0]['id']}", json={"label": "x"}), 409, "customer_archived")
    problem_of(await api.delete(f"{path}/{customer['emails'][0]['id']}"), 409, "customer_archived")
    nobody = f"/v1/customers/{to_text(Prefix.CUSTOMER, new_id())}/emails"
    problem_of(await api.get(nobody), 404, "customer_not_found")
    problem_of(await api.post(nobody, json={"email": "b@example.com"}), 404, "customer_not_found")


async def test_unknown_email_answers_404(api: ApiClient) -> None:
    path = path_of(await create_customer(api))
    for answer in (
        await api.get(f"{path}/emails/{UNKNOWN}"),
        await api.patch(f"{path}/emails/{UNKNOWN}", json={"label": "x"}),
        await api.delete(f"{path}/emails/{UNKNOWN}"),
    ):
        problem_of(answer, 404, "email_not_found")


async def test_email_of_another_customer_is_not_found_here(api: ApiClient) -> None:
    """S-63: nested ids too."""
    mine = await create_customer(api, emails=[{"email": "a@example.com"}])
    other = await create_customer(api)
    problem_of(await api.get(f"{path_of(other)}/emails/{mine['emails'][0]['id']}"), 404, "email_not_found")


async def test_field_policy_decides_who_sees_and_changes_emails(hub: HubUnderTest) -> None:
    """S-61: hidden or masked addresses are not listed, read-only ones not changed."""
    customer = await create_customer(hub.api, emails=[{"email": "a@example.com"}])
    path = f"{path_of(customer)}/emails"
    for access in (Access.HIDDEN, Access.MASKED):
        blind = hub.client_of(make_principal(fields=everything(Access.WRITE) | {Field.EMAILS: access}))
        problem_of(await blind.get(path), 403, "field_hidden")
        problem_of(await blind.get(f"{path}/{customer['emails'][0]['id']}"), 403, "field_hidden")
    reader = hub.client_of(make_principal(fields=everything(Access.WRITE) | {Field.EMAILS: Access.READ}))
    assert (await reader.get(path)).status_code == 200
    for answer in (
        await reader.post(path, json={"email": "b@example.com"}),
        await reader.patch(f"{path}/{customer['emails'][0]['id']}", json={"label": "x"}),
        await reader.delete(f"{path}/{customer['emails'][0]['id']}"),
    ):
        assert problem_of(answer, 403, "field_not_writable")["errors"][0]["pointer"] == "#/emails"
