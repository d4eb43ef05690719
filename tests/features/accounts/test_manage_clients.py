"""Partners' programs: made, changed, given new secrets (S-47, S-67, CONTRACT D2)."""

from __future__ import annotations

import asyncio
from collections import Counter
from hashlib import sha256
from typing import Any

import pytest

from custhub.security.roles import ROLES
from tests.features.accounts.staff import Program, client_token, enter, hire, notes, partner
from tests.hub import HubUnderTest

UNKNOWN = "cli_01m81amc1cfrnt9m7qcr38rxrh"
BODY: dict[str, Any] = {"name": "Shop", "scopes": ["orders:write", "customers:read"], "sources": ["shop"]}


async def test_create_shows_the_secret_once(hub: HubUnderTest) -> None:
    key = {"Idempotency-Key": "client-0001"}
    made = await hub.api.post("/v1/clients", json=BODY, headers=key)
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    secret = made.json()["secret"]
    assert secret.startswith("chs_")
    replay = await hub.api.post("/v1/clients", json=BODY, headers=key)
    assert replay.headers["idempotency-replayed"] == "true"
    assert replay.json() == made.json() | {"secret": None}
    read = await hub.api.get(made.headers["location"])
    expected = dict(made.json())
    del expected["secret"]
    assert read.json() == expected
    assert read.headers["etag"] == made.headers["etag"]
    digests = [bytes(row[0]) for row in await hub.rows("SELECT digest FROM client_secrets")]
    assert sha256(secret.encode()).digest() in digests
    seen = await hub.api.get(made.headers["location"], headers={"If-None-Match": made.headers["etag"]})
    assert seen.status_code == 304


async def test_patch_replaces_what_was_sent(hub: HubUnderTest) -> None:
    program = await partner(hub, ["customers:read"], role="read_only", networks=["10.0.0.0/8"])
    path = f"/v1/clients/{program.id}"
    changed = await hub.api.patch(path, json={"role": None, "networks": [" 2001:DB8::/32 "], "name": "Fair"})
    body = changed.json()
    assert (body["role"], body["networks"], body["name"], body["revision"]) == (None, ["2001:db8::/32"], "Fair", 2)
    assert (await hub.api.patch(path, json={"role": None})).json()["revision"] == 2
    assert (await hub.api.patch(path, json={"role": "sales"})).json()["role"] == "sales"
    assert (await hub.api.patch(path, json={"role": "nobody"})).json()["errors"][0]["pointer"] == "#/role"
    assert (await hub.api.patch(path, json={"name": "x"}, headers={"If-Match": '"1-0"'})).status_code == 412
    for null in ("name", "scopes", "sources", "networks"):
        assert (await hub.api.patch(path, json={null: None})).json()["errors"][0]["code"] == "null_not_allowed"


@pytest.mark.parametrize("network", ["10.0.0.1/8", "300.0.0.0/8", "example.com", "10.0.0.0/33"])
async def test_networks_must_be_networks(hub: HubUnderTest, network: str) -> None:
    answer = await hub.api.post("/v1/clients", json=BODY | {"networks": [network]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/networks/0")


async def test_s67_ceiling_ends_where_the_makers_scopes_do(hub: HubUnderTest) -> None:
    client = await enter(hub, await hire(hub, ["admin"]))
    answer = await client.post("/v1/clients", json=BODY | {"scopes": ["customers:read", "phones:reveal"]})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_not_grantable")
    made = (await client.post("/v1/clients", json=BODY)).json()
    wider = await client.patch(f"/v1/clients/{made['id']}", json={"scopes": ["exports:pii"]})
    assert wider.json()["scopes"] == ["exports:pii"]
    program = await partner(hub, ["phones:reveal"])
    await client.post(f"/v1/clients/{program.id}/disable")
    enabled = await client.post(f"/v1/clients/{program.id}/enable")
    assert enabled.json()["code"] == "scope_not_grantable"
    own = hub.client(["clients:manage", "customers:read"], ["partner"])
    for attempt in (
        own.post("/v1/clients", json={"name": "x", "scopes": ["customers:read"], "role": "manager"}),
        own.patch(f"/v1/clients/{made['id']}", json={"role": "manager"}),
    ):
        assert (await attempt).json()["code"] == "access_not_grantable"


async def test_contract_d2_rotation_needs_the_revision_that_was_seen(hub: HubUnderTest) -> None:
    program = await partner(hub)
    path = f"/v1/clients/{program.id}/rotate-secret"
    for headers in ({}, {"If-Match": "*"}):
        answer = await hub.api.post(path, json={}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (428, "precondition_required")
    stale = await hub.api.post(path, json={}, headers={"If-Match": '"7-00000000"'})
    assert (stale.status_code, stale.headers["etag"]) == (412, program.etag)
    rotated = await hub.api.post(path, json={}, headers={"If-Match": program.etag, "Idempotency-Key": "rotate-01"})
    assert rotated.status_code == 200
    assert rotated.headers["cache-control"] == "no-store"
    replay = await hub.api.post(path, json={}, headers={"If-Match": program.etag, "Idempotency-Key": "rotate-01"})
    assert replay.json() == rotated.json() | {"secret": None}


async def test_contract_d2_of_racing_rotations_one_wins(hub: HubUnderTest) -> None:
    program = await partner(hub)
    path = f"/v1/clients/{program.id}/rotate-secret"
    answers = await asyncio.gather(*(hub.api.post(path, json={}, headers={"If-Match": program.etag}) for _ in range(4)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 3}
    (winner,) = [answer for answer in answers if answer.status_code == 200]
    assert (await client_token(hub, Program(program.id, winner.json()["secret"], ""))).status_code == 200


async def test_s47_never_more_than_two_secrets_are_valid(hub: HubUnderTest) -> None:
    program = await partner(hub)
    path, etag, secrets = f"/v1/clients/{program.id}/rotate-secret", program.etag, [program.secret]
    for _ in range(3):
        rotated = await hub.api.post(path, json={}, headers={"If-Match": etag})
        etag = rotated.headers["etag"]
        secrets.append(rotated.json()["secret"])
    assert len(rotated.json()["secrets"]) == 2
    answers = [(await client_token(hub, Program(program.id, secret, ""))).status_code for secret in secrets]
    assert answers == [401, 401, 200, 200]
    now = await hub.api.post(path, json={"overlap_seconds": 0}, headers={"If-Match": etag})
    assert [s["expires_at"] for s in now.json()["secrets"]] == [None]
    assert (await client_token(hub, Program(program.id, secrets[-1], ""))).status_code == 401


async def test_disable_enable_delete(hub: HubUnderTest) -> None:
    program = await partner(hub)
    path = f"/v1/clients/{program.id}"
    assert (await hub.api.post(f"{path}/disable")).json()["is_disabled"] is True
    assert (await hub.api.post(f"{path}/disable")).json()["revision"] == 2
    assert (await client_token(hub, program)).status_code == 401
    assert (await hub.api.post(f"{path}/enable")).json()["is_disabled"] is False
    assert (await hub.api.post(f"{path}/enable")).json()["revision"] == 3
    assert (await client_token(hub, program)).status_code == 200
    assert (await hub.api.delete(path, headers={"If-Match": program.etag})).status_code == 412
    assert (await hub.api.delete(path)).status_code == 204
    assert (await hub.api.delete(path)).status_code == 404
    assert (await client_token(hub, program)).status_code == 401


async def test_list_is_paged(fresh_hub: HubUnderTest) -> None:
    programs = [await partner(fresh_hub) for _ in range(3)]
    first = (await fresh_hub.api.get("/v1/clients", params={"limit": "2"})).json()
    rest = (await fresh_hub.api.get("/v1/clients", params={"limit": "2", "cursor": first["next_cursor"]})).json()
    assert [row["id"] for row in first["data"] + rest["data"]] == [program.id for program in programs]
    assert "chs_" not in str(first)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", ""),
        *((m, f"/{UNKNOWN}") for m in ("GET", "PATCH", "DELETE")),
        *(("POST", f"/{UNKNOWN}/{verb}") for verb in ("disable", "enable", "rotate-secret")),
    ],
)
async def test_s60_every_route_needs_clients_manage(hub: HubUnderTest, method: str, path: str) -> None:
    body: dict[str, Any] = {"json": BODY} if (method, path) == ("POST", "") else {}
    body = {"json": {"name": "x"}} if method == "PATCH" else body
    if path.endswith("rotate-secret"):
        body = {"json": {}, "headers": {"If-Match": '"1-0"'}}
    assert (await hub.client(token="").request(method, "/v1/clients" + path, **body)).status_code == 401
    scopes = set(ROLES["admin"].scopes) - {"clients:manage"}
    without = await hub.client(scopes).request(method, "/v1/clients" + path, **body)
    assert (without.status_code, without.json()["scope"]) == (403, "clients:manage")
    if path:
        missing = await hub.api.request(method, "/v1/clients" + path, **body)
        assert (missing.status_code, missing.json()["code"]) == (404, "client_not_found")


async def test_s75_changes_leave_notes_and_events(fresh_hub: HubUnderTest) -> None:
    program = await partner(fresh_hub)
    path = f"/v1/clients/{program.id}"
    await fresh_hub.api.patch(path, json={"name": "x"})
    await fresh_hub.api.post(f"{path}/disable")
    await fresh_hub.api.post(f"{path}/enable")
    etag = (await fresh_hub.api.get(path)).headers["etag"]
    await fresh_hub.api.post(f"{path}/rotate-secret", json={}, headers={"If-Match": etag})
    await fresh_hub.api.delete(path)
    actions = ["created", "updated", "disabled", "enabled", "secret_rotated", "deleted"]
    events = await fresh_hub.rows("SELECT type FROM events ORDER BY id")
    assert [row[0] for row in events] == [f"client.{action}" for action in actions]
    for action in actions:
        assert len(await notes(fresh_hub, f"client.{action}")) == 1
