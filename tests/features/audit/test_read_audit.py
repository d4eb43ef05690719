"""Reading the log: filters, pages, rights; values never (S-71)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from custhub.features.accounts.service.rights import OPERATOR
from custhub.kit.ids import Prefix, new_id, to_text
from custhub.kit.uow import Actor
from custhub.security.scopes import ALL
from tests.client import ApiClient
from tests.customers import create_customer, path_of
from tests.features.audit.tampering import SOMEBODY, WHO, Burglar, commit, note
from tests.hub import HubUnderTest

PARTNER = Actor("client", UUID("00000000-0000-7000-8000-0000000000bb"), "shop")
OTHER = UUID("00000000-0000-7000-8000-0000000000c2")


async def fill(hub: HubUnderTest) -> None:
    """Six entries, a minute apart."""
    notes = [
        (WHO, note("customer.created")),
        (WHO, note("customer.updated")),
        (PARTNER, note("customer.updated", object_id=OTHER, customer_id=OTHER)),
        (WHO, note("phone.revealed", object_type="phone", object_id=new_id(), reason="call_back")),
        (WHO, note("phone.looked_up", outcome="not_found", object_id=None, customer_id=None)),
        (PARTNER, note("call.denied", object_type="operation", object_id=None, customer_id=None, outcome="denied")),
    ]
    for actor, one in notes:
        await commit(hub, one, actor=actor)
        hub.clock.advance(60)


async def actions(api: ApiClient, **params: Any) -> list[str]:
    answer = await api.get("/v1/audit", params=params)
    assert answer.status_code == 200, answer.text
    return [entry["action"] for entry in answer.json()["data"]]


async def test_list_audit_filters(fresh_hub: HubUnderTest) -> None:
    await fill(fresh_hub)
    api = fresh_hub.api
    newest_first = [
        "call.denied", "phone.looked_up", "phone.revealed", "customer.updated", "customer.updated", "customer.created",
    ]  # fmt: skip
    assert await actions(api) == newest_first
    who, partner = to_text(Prefix.USER, WHO.id or SOMEBODY), to_text(Prefix.CLIENT, PARTNER.id or SOMEBODY)
    somebody = to_text(Prefix.CUSTOMER, SOMEBODY)
    assert await actions(api, actor_id=partner) == ["call.denied", "customer.updated"]
    assert await actions(api, actor_id=who, action="customer.updated") == ["customer.updated"]
    assert await actions(api, action="phone.revealed") == ["phone.revealed"]
    assert await actions(api, customer_id=somebody) == ["phone.revealed", "customer.updated", "customer.created"]
    assert await actions(api, object_type="operation") == ["call.denied"]
    assert await actions(api, outcome="denied") == ["call.denied"]
    assert await actions(api, outcome="done", actor_id=partner) == ["customer.updated"]
    assert await actions(api, outcome="nothing") == []
    assert await actions(api, at_lt="2026-03-01T08:01:00Z") == ["customer.created"]
    assert await actions(api, at_gte="2026-03-01T16:03:00+08:00", at_lt="2026-03-01T08:05:00Z") == newest_first[1:3]


async def test_list_audit_shows_who_did_what_and_no_values(fresh_hub: HubUnderTest) -> None:
    created = (await fresh_hub.api.post("/v1/customers", json={"display_name": "李娜"})).json()
    path = f"/v1/customers/{created['id']}"
    assert (await fresh_hub.api.patch(path, json={"display_name": "王芳", "note": "vip"})).status_code == 200
    answer = await fresh_hub.api.get("/v1/audit", params={"customer_id": created["id"]})
    changed = answer.json()["data"][0]
    assert {"display_name", "note"} <= set(changed["fields"])
    assert changed["has_details"] is True
    assert changed["object_id"] == changed["customer_id"] == created["id"]
    assert changed["actor"] == {
        "kind": "operator",
        "id": to_text(Prefix.CLIENT, OPERATOR),
        "client_id": "operator",
    }
    assert "李娜" not in answer.text
    assert "王芳" not in answer.text


async def test_list_audit_pages_neither_skip_nor_repeat_while_others_write(fresh_hub: HubUnderTest) -> None:
    """Contract C2; all entries of one instant, so that only the id tells them apart."""
    await commit(fresh_hub, *[note() for _ in range(25)])
    seen: list[str] = []
    params: dict[str, Any] = {"limit": 10, "action": "customer.updated"}
    while True:
        answer = await fresh_hub.api.get("/v1/audit", params=params)
        body = answer.json()
        seen += [entry["id"] for entry in body["data"]]
        fresh_hub.clock.advance(1)
        await commit(fresh_hub)
        if not body["has_more"]:
            break
        assert f"cursor={body['next_cursor']}" in answer.headers["link"]
        params["cursor"] = body["next_cursor"]
    assert len(seen) == len(set(seen)) == 25
    assert seen == sorted(seen, reverse=True)


async def test_list_audit_cursor_is_bound_to_filter_and_caller(fresh_hub: HubUnderTest) -> None:
    await commit(fresh_hub, note(), note())
    body = (await fresh_hub.api.get("/v1/audit", params={"limit": 1})).json()
    other = await fresh_hub.api.get("/v1/audit", params={"cursor": body["next_cursor"], "action": "call.denied"})
    assert (other.status_code, other.json()["code"]) == (422, "invalid_cursor")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"limit": 0}, "out_of_range"),
        ({"limit": 201}, "out_of_range"),
        ({"actor_id": "phn_01m81amc1cfrnt9m7qcr38rxrh"}, "invalid_id"),
        ({"customer_id": "x"}, "invalid_id"),
        ({"action": "no good"}, "pattern_mismatch"),
        ({"at_gte": "2026-03-01T08:00:00"}, "invalid_timestamp"),
        ({"details": "1"}, "unknown_field"),
    ],
)
async def test_list_audit_refuses_bad_parameters(hub: HubUnderTest, params: dict[str, Any], code: str) -> None:
    answer = await hub.api.get("/v1/audit", params=params)
    assert answer.status_code == 422
    assert [issue["code"] for issue in answer.json()["errors"]] == [code]


async def test_get_audit_entry_has_its_place_in_the_chain_once_sealed(fresh_hub: HubUnderTest) -> None:
    await commit(fresh_hub, note(reason="because"))
    (listed,) = (await fresh_hub.api.get("/v1/audit")).json()["data"]
    first = (await fresh_hub.api.get(f"/v1/audit/{listed['id']}")).json()
    assert first == {**listed, "seq": None, "sealed_at": None}
    await fresh_hub.app.audit.relay.run_once()
    second = (await fresh_hub.api.get(f"/v1/audit/{listed['id']}")).json()
    assert (second["seq"], second["sealed_at"], second["reason"]) == (1, "2026-03-01T08:00:00Z", "because")


async def test_get_audit_entry_unknown_and_ill_formed(hub: HubUnderTest) -> None:
    unknown = await hub.api.get(f"/v1/audit/{to_text(Prefix.AUDIT, new_id())}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "audit_entry_not_found")
    assert (await hub.api.get("/v1/audit/aud_x")).status_code == 422


@pytest.mark.parametrize("path", ["/v1/audit", "/v1/audit/verify", f"/v1/audit/{to_text(Prefix.AUDIT, OTHER)}"])
async def test_audit_needs_a_token_with_audit_read(hub: HubUnderTest, path: str) -> None:
    assert (await hub.client(token="").get(path)).status_code == 401
    denied = await hub.client(scopes=ALL - {"audit:read"}).get(path)
    assert (denied.status_code, denied.json()["scope"]) == (403, "audit:read")
    assert (await hub.client(scopes=["audit:read"], roles=["auditor"]).get(path)).status_code in (200, 404)


async def test_s75_a_denied_call_is_an_entry_of_its_own(fresh_hub: HubUnderTest) -> None:
    await fresh_hub.client(scopes=["customers:read"]).get("/v1/audit")
    (entry,) = (await fresh_hub.api.get("/v1/audit", params={"outcome": "denied"})).json()["data"]
    assert (entry["action"], entry["fields"], entry["reason"]) == ("call.denied", ["GET /v1/audit"], "audit:read")


async def test_s75_a_refusal_for_another_reason_is_an_entry_too(fresh_hub: HubUnderTest) -> None:
    customer = await create_customer(fresh_hub.api)
    support = fresh_hub.client(roles=["support"])
    assert (await support.patch(path_of(customer), json={"note": "x"})).status_code == 403
    (entry,) = (await fresh_hub.api.get("/v1/audit", params={"outcome": "denied"})).json()["data"]
    assert (entry["fields"], entry["reason"]) == (["PATCH /v1/customers/{customer_id}"], "field_not_writable")


async def test_verify_audit_goes_on_with_next_seq(fresh_hub: HubUnderTest) -> None:
    await commit(fresh_hub, *[note() for _ in range(25)])
    await fresh_hub.app.audit.relay.checkpoint()
    params: dict[str, Any] = {"limit": 10}
    checked = []
    while params.get("from_seq", 1) is not None:
        body = (await fresh_hub.api.get("/v1/audit/verify", params=params)).json()
        assert (body["object"], body["status"], body["first_bad"]) == ("audit_verification", "valid", None)
        checked.append((body["from_seq"], body["to_seq"], body["checked"], body["checkpoints"]))
        params["from_seq"] = body["next_seq"]
    assert checked == [(1, 10, 10, 0), (11, 20, 10, 0), (21, 25, 5, 1)]


async def test_verify_audit_names_the_fault(fresh_hub: HubUnderTest) -> None:
    await commit(fresh_hub, *[note() for _ in range(12)])
    await fresh_hub.app.audit.relay.checkpoint()
    await Burglar(fresh_hub).do(
        "UPDATE audit_entries SET reason = 'x' WHERE id = (SELECT entry_id FROM audit_chain WHERE seq = 8)"
    )
    body = (await fresh_hub.api.get("/v1/audit/verify", params={"from_seq": 5})).json()
    ((entry_id,),) = await fresh_hub.rows("SELECT entry_id FROM audit_chain WHERE seq = 8")
    entry_id = UUID(bytes=entry_id) if isinstance(entry_id, bytes) else entry_id
    assert body["status"] == "invalid"
    assert body["first_bad"] == {"seq": 8, "kind": "edited", "entry_id": to_text(Prefix.AUDIT, entry_id)}
    assert (body["from_seq"], body["to_seq"], body["next_seq"]) == (5, 7, None)


async def test_verify_audit_of_an_empty_log_and_behind_its_end(fresh_hub: HubUnderTest) -> None:
    body = (await fresh_hub.api.get("/v1/audit/verify")).json()
    assert (body["status"], body["checked"], body["to_seq"], body["next_seq"]) == ("valid", 0, 0, None)
    await commit(fresh_hub, note())
    await fresh_hub.app.audit.relay.run_once()
    body = (await fresh_hub.api.get("/v1/audit/verify", params={"from_seq": 9})).json()
    assert (body["status"], body["from_seq"], body["checked"], body["next_seq"]) == ("valid", 2, 0, None)


@pytest.mark.parametrize("params", [{"from_seq": 0}, {"limit": 0}, {"limit": 10_001}, {"from": 1}])
async def test_verify_audit_refuses_bad_parameters(hub: HubUnderTest, params: dict[str, int]) -> None:
    assert (await hub.api.get("/v1/audit/verify", params=params)).status_code == 422
