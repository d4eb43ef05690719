"""Texts in full: behind a scope, a reason, a quota and an audit entry that comes first."""

from __future__ import annotations

from typing import Any

from custhub.kit.ids import Prefix, new_id, to_text
from custhub.security.fields import Access, Field, everything
from custhub.security.reach import scoped
from tests.customers import create_customer, path_of, problem_of
from tests.hub import HubUnderTest
from tests.principals import make_principal

BODY = {"reason": "call_back"}
NOTE = "call 13912345678 in the morning"


async def an_organisation(hub: HubUnderTest, **members: Any) -> dict[str, Any]:
    return await create_customer(
        hub.api,
        kind="organisation",
        display_name="深圳某某有限公司",
        note=NOTE,
        addresses=[{"street": "1 Road, ring 13812345678", "country": "US"}, {"street": "2 Road", "country": "US"}],
        contacts=[{"name": "王伟 13712345678", "job_title": "总监"}],
        **members,
    )


async def test_reveal_gives_the_texts_that_hold_numbers_and_no_others(hub: HubUnderTest) -> None:
    """S-25: a reveal opens what readers see masked."""
    customer = await an_organisation(hub)
    answer = await hub.api.post(f"{path_of(customer)}/reveal", json=BODY | {"note": "asked for"})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json()["fields"] == [
        {"field": "note", "part_id": None, "text": NOTE},
        {"field": "street", "part_id": customer["addresses"][0]["id"], "text": "1 Road, ring 13812345678"},
        {"field": "name", "part_id": customer["contacts"][0]["id"], "text": "王伟 13712345678"},
    ]


async def test_reveal_is_audited_before_it_is_answered(fresh_hub: HubUnderTest) -> None:
    """S-22: the entry names who, why and which texts; a note of the caller is sealed."""
    customer = await an_organisation(fresh_hub)
    await fresh_hub.api.post(f"{path_of(customer)}/reveal", json=BODY | {"note": "for Mrs Li"})
    rows = await fresh_hub.rows(
        "SELECT reason, fields, details FROM audit_entries WHERE action = 'customer.texts_revealed'"
    )
    assert len(rows) == 1
    assert rows[0][0] == "call_back"
    assert all(name in str(rows[0][1]) for name in ("name", "note", "street"))
    assert rows[0][2] is not None
    assert b"Mrs Li" not in bytes(rows[0][2])


async def test_reveal_of_nothing_costs_nothing(fresh_hub: HubUnderTest) -> None:
    customer = await create_customer(fresh_hub.api, note="no number here")
    answer = await fresh_hub.api.post(f"{path_of(customer)}/reveal", json=BODY)
    assert answer.json() == {"fields": []}
    assert (await fresh_hub.rows("SELECT count(*) FROM phone_uses"))[0][0] == 0


async def test_reveal_counts_against_the_quota_of_numbers(limited_hub: HubUnderTest) -> None:
    """S-23: a text is no way round it."""
    customer = await an_organisation(limited_hub)
    caller = limited_hub.client_of(make_principal(reveals_per_day=2))
    path = f"{path_of(customer)}/reveal"
    assert [(await caller.post(path, json=BODY)).status_code for _ in range(2)] == [200, 200]
    refused = await caller.post(path, json=BODY)
    problem_of(refused, 429, "reveal_quota_exceeded")
    assert int(refused.headers["retry-after"]) > 0


async def test_reveal_leaves_out_what_the_role_does_not_see(hub: HubUnderTest) -> None:
    """S-61."""
    customer = await an_organisation(hub)
    fields = everything(Access.READ) | {Field.NOTE: Access.HIDDEN, Field.CONTACTS: Access.MASKED}
    caller = hub.client_of(make_principal(fields=fields))
    answer = await caller.post(f"{path_of(customer)}/reveal", json=BODY)
    assert [item["field"] for item in answer.json()["fields"]] == ["street"]


async def test_reveal_needs_scope_reach_and_reason(hub: HubUnderTest) -> None:
    """S-22, S-63."""
    customer = await an_organisation(hub, source="elsewhere")
    path = f"{path_of(customer)}/reveal"
    assert (await hub.client(token="").post(path, json=BODY)).status_code == 401
    problem_of(await hub.client(scopes=["customers:read"]).post(path, json=BODY), 403, "insufficient_scope")
    shop = hub.client_of(make_principal(reach=scoped(sources=["shop"])))
    problem_of(await shop.post(path, json=BODY), 404, "customer_not_found")
    nobody = f"/v1/customers/{to_text(Prefix.CUSTOMER, new_id())}/reveal"
    problem_of(await hub.api.post(nobody, json=BODY), 404, "customer_not_found")
    problem_of(await hub.api.post(path, json={}), 422, "validation_failed")
    problem_of(await hub.api.post(path, json={"reason": "curious"}), 422, "validation_failed")


async def test_reveal_takes_no_idempotency_key(hub: HubUnderTest) -> None:
    """contract_d3: its answer is never stored."""
    customer = await an_organisation(hub)
    answer = await hub.api.post(f"{path_of(customer)}/reveal", json=BODY, headers={"idempotency-key": "reveal-once"})
    problem_of(answer, 400, "idempotency_not_supported")
