"""Role x field: what each role sees of a customer, and what it may change (S-61)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from custhub.kit.ids import Prefix, to_text
from custhub.security.fields import Access, Field, everything
from custhub.security.roles import ROLES
from custhub.security.scopes import Scope
from tests.customers import add_phone, create_customer, path_of, problem_of, read_customer
from tests.hub import HubUnderTest, make_customer, make_number
from tests.principals import add_team, add_user, make_principal

LISTS = {"needs", "phones", "emails", "addresses", "contacts", "external_ids", "tags"}
#: A value that a PATCH can send for each field that one can change so.
PATCHES: dict[str, Any] = {
    "display_name": "新名", "given_name": "新", "family_name": "王", "company_name": "ACME", "tax_id": None,
    "birthday": {"date": "1991-01-01"}, "gender": "other", "language": "de", "time_zone": "Europe/Berlin",
    "preferred_channel": "sms", "stage": "former", "source": "fair", "owner_id": None, "team_id": None, "note": "new",
    "category": "dealer", "needs": ["renewal"], "custom_fields": {"policy_test": "y"},
}  # fmt: skip
READERS = sorted(role for role, seed in ROLES.items() if Scope.CUSTOMERS_READ in seed.scopes)
WRITERS = sorted(role for role, seed in ROLES.items() if Scope.CUSTOMERS_WRITE in seed.scopes)
MASKS: dict[str, Callable[[str], str | None]] = {
    "mask": lambda number: f"+86 {number[:3]}****{number[-4:]}",
    "last4": lambda number: f"+86 *******{number[-4:]}",
    "none": lambda _number: None,
}


async def _whole(hub: HubUnderTest, number: str) -> dict[str, Any]:
    """A customer with a value in every field."""
    if "policy_test" not in hub.app.catalogue.value.definitions:
        labels = {"en": "Policy", "zh": "权限"}
        declared = {"key": "policy_test", "labels": labels, "schema": {"type": "string"}}
        assert (await hub.api.post("/v1/field-definitions", json=declared)).status_code == 201
    team = await add_team(hub.app.hub)
    owner = await add_user(hub.app.hub, team)
    return await create_customer(
        hub.api,
        kind="organisation",
        display_name="明华有限公司",
        given_name="小明",
        family_name="王",
        company_name="明华",
        tax_id="91350100M000100Y43",
        birthday={"date": "1990-05-03"},
        gender="male",
        language="zh-CN",
        time_zone="Asia/Shanghai",
        preferred_channel="wechat",
        stage="active",
        source="web",
        owner_id=to_text(Prefix.USER, owner),
        team_id=to_text(Prefix.TEAM, team),
        note="prefers mornings",
        phones=[{"number": number}],
        emails=[{"email": "li.na@example.com"}],
        addresses=[{"full_text": "广东省深圳市南山区科技园路1号"}],
        contacts=[{"name": "王伟"}],
        external_ids=[{"source": "shop", "id": make_number()}],
        tags=["VIP"],
        category="business",
        needs=["service"],
        custom_fields={"policy_test": "x"},
    )


def _client(hub: HubUnderTest, role: str) -> Any:
    return hub.client_of(make_principal(role, scopes=ROLES[role].scopes))


def test_the_policy_names_every_member_that_a_customer_has() -> None:
    """S-61: a new member without a policy would be shown to everybody."""
    from custhub.features.customers.schemas.answers import CustomerRead

    facts = {"id", "object", "can", "provenance", "completeness", "candidates", "archived_at", "merged_into"}
    facts |= {"created_at", "updated_at", "revision"}
    assert set(CustomerRead.model_fields) - facts == {field.value for field in Field}


@pytest.mark.parametrize("role", READERS)
async def test_each_role_sees_its_fields_and_no_other(hub: HubUnderTest, role: str) -> None:
    """S-61: hidden ones are null or empty, on one customer, on pages and in lookups alike."""
    number = make_number()
    whole = await _whole(hub, number)
    seed, client = ROLES[role], _client(hub, role)
    one = (await client.get(path_of(whole))).json()
    pages = (await client.get("/v1/customers", params={"limit": 200})).json()["data"]
    seen = [one, next(customer for customer in pages if customer["id"] == whole["id"])]
    if Scope.PHONES_LOOKUP in seed.scopes:
        seen += (await client.post("/v1/customers/lookup", json={"phone": number})).json()["data"]
    for body in seen:
        for field in Field:
            level = seed.fields.get(field, seed.fields.get(field.value, Access.HIDDEN))
            expected = whole[field.value]
            if level is Access.HIDDEN:
                expected = [] if field.value in LISTS else None
            elif field is Field.PHONES:
                expected = [whole["phones"][0] | {"masked": MASKS[seed.phone_mask](number)}]
            assert body[field.value] == expected, (role, field)
        assert (body["id"], body["revision"]) == (whole["id"], whole["revision"])


async def test_a_masked_field_shows_that_something_is_there(hub: HubUnderTest) -> None:
    """S-61: names show their first character, mail addresses theirs and the domain; the rest is null or empty."""
    whole = await _whole(hub, make_number())
    body = (await hub.client_of(make_principal(fields=everything(Access.MASKED))).get(path_of(whole))).json()
    assert (body["display_name"], body["note"], body["given_name"]) == ("明***", "p***", "小***")
    assert body["emails"] == [whole["emails"][0] | {"email": "l***@example.com"}]
    assert body["phones"] == whole["phones"]
    for name in ("tax_id", "birthday", "gender", "stage", "source", "owner_id", "kind", "language"):
        assert body[name] is None, name
    for name in ("addresses", "contacts", "external_ids", "tags"):
        assert body[name] == [], name


@pytest.mark.parametrize("role", WRITERS)
async def test_each_writing_role_changes_its_fields_and_no_other(hub: HubUnderTest, role: str) -> None:
    """S-61: 403 field_not_writable with a pointer, and nothing is changed."""
    whole = await _whole(hub, make_number())
    writable = {str(field) for field, level in ROLES[role].fields.items() if level is Access.WRITE}
    client = _client(hub, role)
    for name, value in PATCHES.items():
        before = await read_customer(hub.api, whole)
        answer = await client.patch(path_of(whole), json={name: value})
        if name in writable:
            assert answer.status_code == 200, (role, name)
        else:
            problem = problem_of(answer, 403, "field_not_writable")
            assert [error["pointer"] for error in problem["errors"]] == [f"#/{name}"]
            assert await read_customer(hub.api, whole) == before
    phone = path_of(whole, whole["phones"][0])
    for method, path, body in (
        ("POST", f"{path_of(whole)}/phones", {"number": make_number()}),
        ("PATCH", phone, {"label": "x"}),
        ("DELETE", phone, None),
    ):
        answer = await client.request(method, path, json=body)
        if "phones" in writable:
            assert answer.status_code < 300, (role, method)
        else:
            problem = problem_of(answer, 403, "field_not_writable")
            assert [error["pointer"] for error in problem["errors"]] == ["#/phones"]


async def test_several_refused_fields_are_all_named_and_none_is_changed(hub: HubUnderTest) -> None:
    """S-61: also those that would have been allowed."""
    customer = await create_customer(hub.api)
    body = {"language": "en", "note": "x", "stage": "active", "preferred_channel": "sms"}
    problem = problem_of(await _client(hub, "support").patch(path_of(customer), json=body), 403, "field_not_writable")
    assert [error["pointer"] for error in problem["errors"]] == ["#/note", "#/stage"]
    assert await read_customer(hub.api, customer) == customer


@pytest.mark.parametrize("role", sorted(set(READERS) - set(WRITERS)))
async def test_a_role_without_the_scope_changes_nothing(hub: HubUnderTest, role: str) -> None:
    """SECURITY section 3: reading is not writing."""
    customer = await create_customer(hub.api, phones=[{"number": make_number()}])
    client = _client(hub, role)
    for name, value in PATCHES.items():
        answer = await client.patch(path_of(customer), json={name: value})
        assert problem_of(answer, 403, "insufficient_scope")["scope"] == "customers:write"
    assert await read_customer(hub.api, customer) == customer


async def test_a_salesperson_sees_purchases_but_cannot_change_basic_data(hub: HubUnderTest) -> None:
    """SECURITY section 3, the named test, field by field: basic data part.

    He creates; afterwards he reads every field and changes none, not even with the scope to write.
    """
    seed = ROLES["sales"]
    assert Scope.ORDERS_READ in seed.scopes
    assert Scope.ORDERS_WRITE not in seed.scopes
    assert Scope.CUSTOMERS_WRITE not in seed.scopes
    number = make_number()
    whole = await _whole(hub, number)
    sales = _client(hub, "sales")
    made = await sales.post("/v1/customers", json=make_customer(note="met at the fair"))
    assert (made.status_code, made.json()["note"]) == (201, "met at the fair")
    seen = (await sales.get(path_of(whole))).json()
    for field in Field:
        assert seen[field.value] == whole[field.value], field
    with_scope = hub.client_of(make_principal("sales", scopes=seed.scopes | {Scope.CUSTOMERS_WRITE.value}))
    for name, value in PATCHES.items():
        problem_of(await sales.patch(path_of(whole), json={name: value}), 403, "insufficient_scope")
        problem = problem_of(await with_scope.patch(path_of(whole), json={name: value}), 403, "field_not_writable")
        assert problem["errors"][0]["pointer"] == f"#/{name}"
    assert (await read_customer(hub.api, whole))["revision"] == 1


async def test_create_refuses_fields_one_does_not_see(hub: HubUnderTest) -> None:
    """S-61: whoever cannot read a field cannot fill it either; what he may read he may fill when he creates."""
    partner = _client(hub, "partner")
    body = make_customer(note="x", phones=[{"number": make_number()}], stage="lead")
    problem = problem_of(await partner.post("/v1/customers", json=body), 403, "field_not_writable")
    assert [error["pointer"] for error in problem["errors"]] == ["#/note", "#/phones"]
    allowed = make_customer(source="web", stage="lead", external_ids=[{"source": "shop", "id": make_number()}])
    answer = await partner.post("/v1/customers", json=allowed)
    assert answer.status_code == 201
    assert (answer.json()["stage"], answer.json()["phones"], answer.json()["gender"]) == ("lead", [], None)


async def test_a_role_that_does_not_see_phones_gets_no_phone_routes(hub: HubUnderTest) -> None:
    """S-61: hidden on the customer, refused on its own routes."""
    customer = await create_customer(hub.api)
    phone = await add_phone(hub.api, customer)
    blind = hub.client_of(make_principal(fields=everything(Access.WRITE) | {Field.PHONES.value: Access.HIDDEN}))
    path = path_of(customer, phone)
    for method, where, body, code in (
        ("GET", f"{path_of(customer)}/phones", None, "field_hidden"),
        ("GET", path, None, "field_hidden"),
        ("POST", f"{path}/verify", {"result": "no_answer"}, "field_hidden"),
        ("POST", f"{path}/reveal", {"reason": "call_back"}, "field_hidden"),
        ("PATCH", path, {"label": "x"}, "field_not_writable"),
        ("DELETE", path, None, "field_not_writable"),
        ("POST", f"{path_of(customer)}/phones", {"number": make_number()}, "field_not_writable"),
    ):
        problem_of(await blind.request(method, where, json=body), 403, code)


async def test_a_replayed_answer_is_the_one_its_caller_saw(hub: HubUnderTest) -> None:
    """S-61, contract_d3: a stored answer was filtered for this principal, and is shown to nobody else."""
    partner = _client(hub, "partner")
    key = {"Idempotency-Key": "filtered-key"}
    body = make_customer(source="web")
    first = await partner.post("/v1/customers", json=body, headers=key)
    again = await partner.post("/v1/customers", json=body, headers=key)
    assert first.json()["gender"] is None
    assert again.json() == first.json()
