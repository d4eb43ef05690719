"""POST /v1/customers/upsert: found by a key or created, what is sent meets what stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from custhub.kit.ids import Prefix, from_text
from custhub.security.fields import Access, everything
from custhub.security.reach import scoped
from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of, read_customer
from tests.faults import counted
from tests.hub import START, HubUnderTest, make_customer, make_number
from tests.principals import make_principal

PATH = "/v1/customers/upsert"


def make_mail() -> str:
    return f"u{make_number()}@example.com"


async def upsert(api: ApiClient, match_on: list[str] | None = None, **members: Any) -> httpx.Response:
    more: dict[str, Any] = {name: members.pop(name) for name in ("on_conflict", "occurred_at") if name in members}
    body: dict[str, Any] = {
        "match_on": match_on or ["external_id", "phone", "email"],
        "customer": make_customer(**members),
        **more,
    }
    return await api.post(PATH, json=body)


async def upserted(api: ApiClient, outcome: str, *args: Any, **members: Any) -> dict[str, Any]:
    answer = await upsert(api, *args, **members)
    assert (answer.status_code, answer.json().get("outcome")) == (201 if outcome == "created" else 200, outcome), (
        answer.text
    )
    customer: dict[str, Any] = answer.json()["customer"]
    assert await read_customer(api, customer) == customer
    return customer


@pytest.mark.parametrize("kind", ["external_id", "phone", "email"])
async def test_each_key_finds_what_it_created(api: ApiClient, kind: str) -> None:
    members: dict[str, Any] = {
        "external_id": {"external_ids": [{"source": "shop", "id": make_number()}]},
        "phone": {"phones": [{"number": make_number()}]},
        "email": {"emails": [{"email": make_mail()}]},
    }[kind]
    first = await upserted(api, "created", [kind], **members)
    again = await upserted(api, "unchanged", [kind], **members)
    assert again == first
    changed = await upserted(api, "updated", [kind], **members, stage="active")
    assert (changed["id"], changed["revision"], changed["stage"]) == (first["id"], 2, "active")


async def test_created_answers_as_a_create_does(api: ApiClient) -> None:
    """contract_d1."""
    answer = await upsert(api, emails=[{"email": make_mail()}])
    customer = answer.json()["customer"]
    assert answer.headers["location"] == path_of(customer)
    assert answer.headers["etag"] == (await api.get(path_of(customer))).headers["etag"]


async def test_other_spellings_are_the_same_keys(api: ApiClient) -> None:
    number, mail = make_number(), make_mail()
    first = await upserted(api, "created", phones=[{"number": number}], emails=[{"email": mail}])
    spelled = f"+86 {number[:3]} {number[3:7]} {number[7:]}"
    second = await upserted(
        api, "unchanged", phones=[{"number": spelled}], emails=[{"email": mail.upper().replace("@", "+news@")}]
    )
    assert second["id"] == first["id"]


async def test_parts_are_added_and_never_removed(api: ApiClient) -> None:
    key = {"external_ids": [{"source": "shop", "id": make_number()}]}
    old = await upserted(
        api, "created", **key, phones=[{"number": make_number()}], emails=[{"email": make_mail()}], tags=["VIP"],
        addresses=[{"full_text": "广东省深圳市南山区科技园路1号"}],
    )  # fmt: skip
    new = await upserted(
        api, "updated", **key, phones=[{"number": make_number(), "is_primary": True}], emails=[{"email": make_mail()}],
        addresses=[{"full_text": "广东省深圳市南山区科技园路1号"}, {"street": "2 Road", "country": "US"}],
        tags=["vip", "B2B"],
    )  # fmt: skip
    assert [len(new[name]) for name in ("phones", "emails", "addresses", "external_ids")] == [2, 2, 2, 1]
    assert [phone["is_primary"] for phone in new["phones"]] == [False, True]
    assert [email["is_primary"] for email in new["emails"]] == [True, False]
    assert {tag["tag"] for tag in new["tags"]} == {"VIP", "B2B"}
    assert new["emails"][0] == old["emails"][0]
    assert new["revision"] == 2


async def test_what_is_not_sent_or_null_stays(api: ApiClient) -> None:
    key = {"emails": [{"email": make_mail()}]}
    first = await upserted(api, "created", **key, note="n", stage="active", source="web", gender="female")
    again = await upserted(api, "unchanged", **key, note=None, phones=[], gender="female")
    assert again == first


async def test_conflict_rules_decide_by_field(api: ApiClient) -> None:
    key = {"emails": [{"email": make_mail()}]}
    await upserted(api, "created", **key, note="old", stage="lead", company_name=None, tags=["a"])
    rules = {"default": "replace", "keep": ["stage", "tags"], "fill_empty": ["note", "company_name", "addresses"]}
    new = await upserted(
        api, "updated", **key, on_conflict=rules, display_name="王伟", note="new", stage="active",
        company_name="A 公司", tags=["b"], addresses=[{"street": "1 Road", "country": "US"}],
    )  # fmt: skip
    assert (new["display_name"], new["note"], new["stage"], new["company_name"]) == ("王伟", "old", "lead", "A 公司")
    assert [tag["tag"] for tag in new["tags"]] == ["a"]
    assert len(new["addresses"]) == 1
    rules = {"default": "fill_empty", "replace": ["note"]}
    new = await upserted(
        api, "updated", **key, on_conflict=rules, note="newer", addresses=[{"street": "2 Road", "country": "US"}]
    )
    assert (new["note"], len(new["addresses"])) == ("newer", 1)
    await upserted(api, "unchanged", **key, on_conflict={"default": "keep"}, note="x", tags=["c"], language="en")


async def test_what_is_older_than_what_stands_only_fills(api: ApiClient) -> None:
    key = {"emails": [{"email": make_mail()}]}
    await upserted(api, "created", **key, note="stands")
    before = (START - timedelta(days=1)).isoformat()
    new = await upserted(
        api, "updated", **key, occurred_at=before, note="older", company_name="A 公司", tags=["x"],
        phones=[{"number": make_number(), "is_primary": True}],
    )  # fmt: skip
    assert (new["note"], new["company_name"], len(new["tags"]), len(new["phones"])) == ("stands", "A 公司", 1, 1)
    after = (START + timedelta(days=1)).isoformat()
    assert (await upserted(api, "updated", **key, occurred_at=after, note="newer"))["note"] == "newer"


async def test_keys_of_two_customers_are_ambiguous(api: ApiClient) -> None:
    mail, number = make_mail(), make_number()
    first = await create_customer(api, emails=[{"email": mail}])
    second = await create_customer(api, phones=[{"number": number}])
    answer = await upsert(api, emails=[{"email": mail}], phones=[{"number": number}])
    problem = problem_of(answer, 409, "match_ambiguous")
    assert problem["existing_ids"] == sorted([first["id"], second["id"]])
    # Without the address as a key there is one, and an address is nobody's own.
    found = await upserted(api, "updated", ["phone"], emails=[{"email": mail}], phones=[{"number": number}])
    assert found["id"] == second["id"]


async def test_a_key_that_is_not_matched_on_stays_unique(api: ApiClient) -> None:
    """S-13."""
    number, key = make_number(), {"source": "shop", "id": make_number()}
    holder = await create_customer(api, phones=[{"number": number}], external_ids=[key])
    mine = {"emails": [{"email": make_mail()}]}
    for _ in range(2):  # created, then found
        answer = await upsert(api, ["email"], **mine, phones=[{"number": number}])
        assert problem_of(answer, 409, "phone_taken")["existing_id"] == holder["id"]
        answer = await upsert(api, ["email"], **mine, external_ids=[key])
        assert problem_of(answer, 409, "external_id_taken")["existing_id"] == holder["id"]
        await upsert(api, ["email"], **mine)


async def test_a_shared_number_is_no_key(api: ApiClient) -> None:
    fixed = {"phones": [{"number": "0755-26671234"}]}
    await create_customer(api, **fixed)
    problem_of(await upsert(api, ["phone"], **fixed), 422, "match_key_missing")
    problem_of(await upsert(api, ["external_id"], emails=[{"email": make_mail()}]), 422, "match_key_missing")
    key = {"emails": [{"email": make_mail()}]}
    first = await upserted(api, "created", **key, **fixed)
    assert await upserted(api, "unchanged", **key, **fixed) == first
    extended = await upserted(api, "updated", **key, phones=[{"number": "0755-26671234 ext 12"}])
    assert len(extended["phones"]) == 2


async def test_archived_customers_are_not_found(api: ApiClient) -> None:
    """contract_d6; the claim of who was created before is taken over."""
    key = {"emails": [{"email": make_mail()}], "phones": [{"number": make_number()}]}
    first = await upserted(api, "created", **key)
    await api.post(f"{path_of(first)}/archive")
    second = await upserted(api, "created", **key)
    assert second["id"] != first["id"]
    assert (await upserted(api, "unchanged", **key))["id"] == second["id"]


async def test_an_address_given_up_is_free_for_another(api: ApiClient) -> None:
    """A stale claim is taken over."""
    mail = make_mail()
    first = await upserted(api, "created", emails=[{"email": mail}])
    await api.delete(f"{path_of(first)}/emails/{first['emails'][0]['id']}")
    second = await upserted(api, "created", emails=[{"email": mail}])
    assert second["id"] != first["id"]


async def test_out_of_reach_is_as_absent_and_a_number_counts_as_looked_up(hub: HubUnderTest) -> None:
    """S-14, S-63."""
    mail, number, key = make_mail(), make_number(), {"source": "shop", "id": make_number()}
    held = await create_customer(
        hub.api, emails=[{"email": mail}], phones=[{"number": number}], external_ids=[key], source="theirs"
    )
    who = make_principal(reach=scoped(sources=["mine"]), kind="client")
    api = hub.client_of(who)
    answer = await upsert(api, ["phone"], phones=[{"number": number}], source="mine")
    assert "existing_id" not in problem_of(answer, 409, "phone_taken")
    answer = await upsert(api, ["external_id"], external_ids=[key], source="mine")
    assert "existing_id" not in problem_of(answer, 409, "external_id_taken")
    uses = await hub.rows("SELECT principal_id FROM phone_uses WHERE kind = 'lookup'")
    assert [row[0] for row in uses if bytes(getattr(row[0], "bytes", row[0])) == who.id.bytes]
    made = await upserted(api, "created", ["email"], emails=[{"email": mail}], source="mine")
    assert made["id"] != held["id"]
    assert (await upserted(api, "unchanged", ["email"], emails=[{"email": mail}], source="mine"))["id"] == made["id"]


async def test_s61_a_field_that_is_not_seen_takes_no_part(hub: HubUnderTest) -> None:
    mail = make_mail()
    await create_customer(hub.api, emails=[{"email": mail}], note="x")
    for access in (Access.HIDDEN, Access.MASKED):
        fields = everything(Access.WRITE) | {"emails": access}
        api = hub.client_of(make_principal(fields=fields))
        refused = problem_of(await upsert(api, ["email"], emails=[{"email": mail}]), 403, "field_not_writable")
        assert [found["pointer"] for found in refused["errors"]] == ["#/customer/emails"]


async def test_s61_a_read_only_field_matches_and_stays(hub: HubUnderTest) -> None:
    mail = make_mail()
    await create_customer(hub.api, emails=[{"email": mail}], note="x")
    api = hub.client_of(make_principal(fields=everything(Access.WRITE) | {"note": Access.READ, "emails": Access.READ}))
    await upserted(api, "updated", ["email"], emails=[{"email": mail}], note="x", stage="active")
    refused = problem_of(await upsert(api, ["email"], emails=[{"email": mail}], note="y"), 403, "field_not_writable")
    assert [found["pointer"] for found in refused["errors"]] == ["#/customer/note"]


@pytest.mark.parametrize("missing", ["customers:create", "customers:write"])
async def test_both_scopes_are_needed(hub: HubUnderTest, missing: str) -> None:
    scopes = {"customers:create", "customers:write"} - {missing}
    answer = await upsert(hub.client(scopes=scopes), emails=[{"email": make_mail()}])
    assert problem_of(answer, 403, "insufficient_scope")["scope"] == missing
    assert (await upsert(hub.client(token=""), emails=[{"email": make_mail()}])).status_code == 401


async def test_refusals_point_into_the_customer(api: ApiClient) -> None:
    """contract_e2."""
    for members, code, pointer in (
        ({"phones": [{"number": "12"}]}, "phone_invalid", "#/customer/phones/0/number"),
        ({"birthday": {"date": "2026-02-30"}}, "birthday_invalid", "#/customer/birthday/date"),
        ({"contacts": [{"name": "x"}]}, "contact_not_allowed", "#/customer/contacts"),
    ):
        status = 409 if code == "contact_not_allowed" else 422
        answer = await upsert(api, ["email"], emails=[{"email": make_mail()}], **members)
        assert [found["pointer"] for found in problem_of(answer, status, code)["errors"]] == [pointer]
    answer = await api.post(PATH, json={"match_on": ["email"], "customer": {"display_name": "x", "emails": [{}]}})
    assert answer.json()["errors"][0]["pointer"] == "#/customer/emails/0/email"
    body = {"match_on": ["email"], "customer": make_customer(), "on_conflict": {"keep": ["kind"]}}
    assert (await api.post(PATH, json=body)).json()["errors"][0]["code"] == "unknown_value"


async def test_events_and_history_tell_what_changed(hub: HubUnderTest) -> None:
    """E-1, S-70: one event for one call; numbers masked."""
    key = {"emails": [{"email": make_mail()}]}
    first = await upserted(hub.api, "created", **key, note="a")
    await upserted(hub.api, "unchanged", **key)
    await upserted(hub.api, "updated", **key, note="b", phones=[{"number": "13912340000"}], tags=["t"])
    own = from_text(Prefix.CUSTOMER, first["id"])
    value = own.bytes if hub.engine == "sqlite" else own
    place = "?" if hub.engine == "sqlite" else "$1"
    sql = f"SELECT type, subject_revision FROM events WHERE subject_id = {place} ORDER BY id"  # noqa: S608  # a placeholder
    told = await hub.rows(sql, value)
    assert [tuple(row) for row in told] == [("customer.created", 1), ("customer.updated", 2)]
    history = (await hub.api.get(f"{path_of(first)}/history")).json()["data"]
    assert {entry["action"] for entry in history} == {
        "customer.created",
        "customer.updated",
        "phone.added",
        "tag.added",
    }
    changes = [change for entry in history for change in entry["changes"]]
    assert {"field": "note", "old": "a", "new": "b"} in changes
    phone = next(change["new"] for change in changes if change["field"] == "phones")
    assert phone["number"] == "+86 139****0000"


async def test_a_replay_shows_the_first_answer(api: ApiClient) -> None:
    """contract_d3."""
    body = {"match_on": ["email"], "customer": make_customer(emails=[{"email": make_mail()}])}
    headers = {"Idempotency-Key": make_number()}
    first = await api.post(PATH, json=body, headers=headers)
    second = await api.post(PATH, json=body, headers=headers)
    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["idempotency-replayed"] == "true"


async def test_statements(hub: HubUnderTest) -> None:
    """One read per kind of key, one of the customer, one write."""
    key = {"external_ids": [{"source": "shop", "id": make_number()}]}
    with counted(hub) as calls:
        await upsert(hub.api, ["external_id"], **key)
    assert (len(calls.fetches), calls.sends, calls.transactions) == (1, 1, 0)
    with counted(hub) as calls:
        await upsert(hub.api, ["external_id"], **key, note="x")
    assert (len(calls.fetches), calls.sends, calls.transactions) == (2, 1, 0)
    with counted(hub) as calls:
        await upsert(hub.api, ["external_id"], **key, note="x")
    assert (len(calls.fetches), calls.sends) == (2, 0)
