"""Roles made of the same parts as the built-in ones (S-67)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from custhub.security.roles import ROLES
from tests.features.accounts.staff import STALE, enter, hire, notes
from tests.hub import HubUnderTest

UNKNOWN = "rol_01m81amc1cfrnt9m7qcr38rxrh"
BODY: dict[str, Any] = {
    "name": "analyst",
    "description": "Reads",
    "scopes": ["segments:read", "customers:read", "customers:read"],
    "reach": "all",
    "fields": {"display_name": "read", "stage": "read"},
    "phone_mask": "none",
}


async def make(hub: HubUnderTest, name: str, **members: Any) -> str:
    made = await hub.api.post("/v1/roles", json=BODY | {"name": name} | members)
    assert made.status_code == 201, made.text
    created: str = made.json()["id"]
    return created


async def test_create_answers_what_get_answers(hub: HubUnderTest) -> None:
    made = await hub.api.post("/v1/roles", json=BODY)
    read = await hub.api.get(made.headers["location"])
    assert (made.status_code, read.json(), read.headers["etag"]) == (201, made.json(), made.headers["etag"])
    assert made.json()["scopes"] == ["customers:read", "segments:read"]
    assert (made.json()["is_builtin"], made.json()["reveals_per_day"]) == (False, 0)
    again = await hub.api.post("/v1/roles", json=BODY)
    assert (again.status_code, again.json()["code"]) == (409, "role_name_taken")
    seen = await hub.api.get(made.headers["location"], headers={"If-None-Match": made.headers["etag"]})
    assert seen.status_code == 304


async def test_holder_sees_what_the_role_gives(hub: HubUnderTest) -> None:
    await make(hub, "viewer")
    await hub.api.post("/v1/customers", json={"display_name": "李娜", "note": "secret"})
    client = await enter(hub, await hire(hub, ["viewer"]))
    row = (await client.get("/v1/customers")).json()["data"][0]
    assert row["display_name"] == "李娜"
    assert "note" not in row or row["note"] is None
    assert (await client.get("/v1/users")).json()["code"] == "insufficient_scope"


async def test_s43_changed_role_is_felt_within_five_seconds(hub: HubUnderTest) -> None:
    role = await make(hub, "shifting")
    client = await enter(hub, await hire(hub, ["shifting"]))
    assert (await client.get("/v1/customers")).status_code == 200
    changed = await hub.api.patch(f"/v1/roles/{role}", json={"scopes": ["segments:read"]})
    assert changed.json()["scopes"] == ["segments:read"]
    hub.clock.advance(STALE)
    assert (await client.get("/v1/customers")).json()["code"] == "insufficient_scope"


async def test_s67_scopes_fields_and_rows_end_where_the_makers_do(hub: HubUnderTest) -> None:
    client = await enter(hub, await hire(hub, ["admin"]))
    for scope in ("phones:reveal", "exports:pii"):
        answer = await client.post("/v1/roles", json=BODY | {"name": "too_much", "scopes": [scope, "customers:read"]})
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_not_grantable")
        assert answer.json()["scopes"] == [scope]
    narrow = await make(hub, "role_maker", scopes=["users:manage", "customers:read"], reach="own_team")
    maker = await enter(hub, await hire(hub, ["role_maker"]))
    own = {"scopes": ["customers:read"], "reach": "own_team"}
    for members, code in (
        ({"scopes": ["orders:read"]}, "scope_not_grantable"),
        ({"reach": "all"}, "access_not_grantable"),
        ({"fields": {"tax_id": "read"}}, "access_not_grantable"),
        ({"fields": {"stage": "write"}}, "access_not_grantable"),
        ({"phone_mask": "last4"}, "access_not_grantable"),
    ):
        answer = await maker.post("/v1/roles", json=BODY | own | {"name": "made_here"} | members)
        assert (answer.status_code, answer.json()["code"]) == (403, code)
        changed = await maker.patch(f"/v1/roles/{narrow}", json=members)
        assert (changed.status_code, changed.json()["code"]) == (403, code)
    assert (await maker.post("/v1/roles", json=BODY | own | {"name": "made_here"})).status_code == 201


async def test_s67_scopes_a_role_has_already_may_stay(hub: HubUnderTest) -> None:
    """What an operator put into a role does not stop an administrator from changing the rest."""
    role = await make(hub, "revealing", scopes=["customers:read", "phones:reveal"])
    client = await enter(hub, await hire(hub, ["admin"]))
    answer = await client.patch(f"/v1/roles/{role}", json={"description": "Still", "scopes": ["phones:reveal"]})
    assert answer.status_code == 200
    refused = await client.patch(f"/v1/roles/{role}", json={"scopes": ["exports:pii", "phones:reveal"]})
    assert refused.json()["scopes"] == ["exports:pii"]


async def test_built_in_roles_are_fixed(hub: HubUnderTest) -> None:
    roles = {row["name"]: row for row in (await hub.api.get("/v1/roles")).json()["data"] if row["is_builtin"]}
    assert roles.keys() == ROLES.keys()
    for row in roles.values():
        changed = await hub.api.patch(f"/v1/roles/{row['id']}", json={"description": "x"})
        gone = await hub.api.delete(f"/v1/roles/{row['id']}")
        assert {(answer.status_code, answer.json()["code"]) for answer in (changed, gone)} == {(409, "role_built_in")}


async def test_delete_refuses_a_role_in_use(hub: HubUnderTest) -> None:
    held, programs, free = [await make(hub, name) for name in ("held", "of_program", "free")]
    person = await hire(hub, ["held"])
    await hub.api.post("/v1/clients", json={"name": "Shop", "scopes": [], "role": "of_program"})
    for used in (held, programs):
        answer = await hub.api.delete(f"/v1/roles/{used}")
        assert (answer.status_code, answer.json()["code"]) == (409, "role_in_use")
    assert (await hub.api.delete(f"/v1/roles/{free}", headers={"If-Match": '"9-00000000"'})).status_code == 412
    assert (await hub.api.delete(f"/v1/roles/{free}")).status_code == 204
    assert (await hub.api.delete(f"/v1/roles/{free}")).status_code == 404
    await hub.api.patch(f"/v1/users/{person.id}", json={"roles": []})
    assert (await hub.api.delete(f"/v1/roles/{held}")).status_code == 204


async def test_giving_and_deleting_a_role_race_without_a_dangling_reference(hub: HubUnderTest) -> None:
    person = await hire(hub)
    for i in range(5):
        role = await make(hub, f"racing_{i}")
        given, gone = await asyncio.gather(
            hub.api.patch(f"/v1/users/{person.id}", json={"roles": [f"racing_{i}"]}),
            hub.api.delete(f"/v1/roles/{role}"),
        )
        assert (given.status_code, gone.status_code) in {(200, 409), (409, 204)}


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("name", "Analyst", "pattern_mismatch"),
        ("scopes", ["customers:fly"], "unknown_value"),
        ("reach", "some", "unknown_value"),
        ("fields", {"colour": "read"}, "unknown_value"),
        ("fields", {"stage": "admire"}, "unknown_value"),
        ("phone_mask", "all", "unknown_value"),
        ("reveals_per_day", -1, "out_of_range"),
    ],
)
async def test_create_refuses_in_place(hub: HubUnderTest, member: str, value: Any, code: str) -> None:
    answer = await hub.api.post("/v1/roles", json=BODY | {"name": "refused", member: value})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == code


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("POST", ""), *((m, f"/{UNKNOWN}") for m in ("GET", "PATCH", "DELETE"))]
)
async def test_s60_every_route_needs_users_manage(hub: HubUnderTest, method: str, path: str) -> None:
    bodies: dict[str, Any] = {"POST": {"json": BODY | {"name": "needed"}}, "PATCH": {"json": {"description": "x"}}}
    body: dict[str, Any] = bodies.get(method, {})
    assert (await hub.client(token="").request(method, "/v1/roles" + path, **body)).status_code == 401
    without = await hub.client(set(ROLES["admin"].scopes) - {"users:manage"}).request(
        method, "/v1/roles" + path, **body
    )
    assert (without.status_code, without.json()["scope"]) == (403, "users:manage")
    if path:
        missing = await hub.api.request(method, "/v1/roles" + path, **body)
        assert (missing.status_code, missing.json()["code"]) == (404, "role_not_found")


async def test_s75_changes_leave_notes_and_events(fresh_hub: HubUnderTest) -> None:
    role = await make(fresh_hub, "noted")
    await fresh_hub.api.patch(f"/v1/roles/{role}", json={"reveals_per_day": 5})
    await fresh_hub.api.delete(f"/v1/roles/{role}")
    events = await fresh_hub.rows("SELECT type FROM events ORDER BY id")
    assert [row[0] for row in events] == ["role.created", "role.updated", "role.deleted"]
    for action in ("role.created", "role.updated", "role.deleted"):
        assert len(await notes(fresh_hub, action)) == 1
