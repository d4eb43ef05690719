"""Scopes for a named person until a time: two administrators (SECURITY, section 3)."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
import pytest

from custhub.security.roles import ROLES
from tests.client import ApiClient
from tests.features.accounts.staff import STALE, Person, enter, hire, log_in, notes, refresh
from tests.hub import HubUnderTest

UNKNOWN = "grt_01m81amc1cfrnt9m7qcr38rxrh"


def until(hub: HubUnderTest, hours: float = 1) -> str:
    return (hub.clock.now() + timedelta(hours=hours)).isoformat()


async def propose(
    hub: HubUnderTest, client: ApiClient, person: Person, scope: str = "exports:pii", hours: float = 1
) -> httpx.Response:
    body = {"user_id": person.id, "scope": scope, "expires_at": until(hub, hours), "reason": "Mailing house"}
    return await client.post("/v1/grants", json=body)


async def admins(hub: HubUnderTest) -> tuple[ApiClient, ApiClient]:
    return await enter(hub, await hire(hub, ["admin"])), await enter(hub, await hire(hub, ["admin"]))


async def test_two_administrators_grant_a_scope_for_a_while(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    one, two = await admins(hub)
    person = await hire(hub, ["marketing"])
    tokens = await log_in(hub, person)
    proposed = await propose(hub, one, person)
    assert proposed.status_code == 201
    grant = proposed.json()
    assert (grant["state"], grant["approved_by"], grant["object"]) == ("proposed", None, "grant")
    assert grant["proposed_by"] == (await one.get("/v1/me")).json()["id"]
    tokens = (await refresh(hub, tokens["refresh_token"])).json()
    assert "exports:pii" not in tokens["scope"]
    approved = await two.post(f"/v1/grants/{grant['id']}/approve")
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    assert (await two.get(proposed.headers["location"])).json() == approved.json()
    tokens = (await refresh(hub, tokens["refresh_token"])).json()
    assert "exports:pii" in tokens["scope"]
    client = hub.client(token=tokens["access_token"])
    assert "exports:pii" in (await client.get("/v1/me")).json()["scopes"]


async def test_grant_ends_by_itself(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    one, two = await admins(hub)
    person = await hire(hub, ["marketing"])
    grant = (await propose(hub, one, person, hours=0.1)).json()
    await two.post(f"/v1/grants/{grant['id']}/approve")
    client = await enter(hub, person)
    assert "exports:pii" in (await client.get("/v1/me")).json()["scopes"]
    hub.clock.advance(360)
    hub.clock.advance(STALE)
    assert "exports:pii" not in (await client.get("/v1/me")).json()["scopes"]
    assert (await hub.api.get(f"/v1/grants/{grant['id']}")).json()["state"] == "expired"
    for verb in ("approve", "revoke"):
        assert (await hub.api.post(f"/v1/grants/{grant['id']}/{verb}")).json()["code"] == "grant_closed"


async def test_administrator_reveals_only_by_grant(fresh_hub: HubUnderTest) -> None:
    """The row of admin in the table of roles: reveal only by explicit grant, with the default quota."""
    hub = fresh_hub
    made = await hub.api.post("/v1/customers", json={"display_name": "李娜", "phones": [{"number": "138 1234 5678"}]})
    phone = made.json()["phones"][0]["id"]
    path = f"/v1/customers/{made.json()['id']}/phones/{phone}/reveal"
    one, two = await admins(hub)
    person = await hire(hub, ["admin"])
    client = await enter(hub, person)
    assert (await client.post(path, json={"reason": "complaint"})).json()["code"] == "insufficient_scope"
    grant = (await propose(hub, one, person, "phones:reveal", hours=24 * 30)).json()
    await two.post(f"/v1/grants/{grant['id']}/approve")
    client = await enter(hub, person)
    assert (await client.post(path, json={"reason": "complaint"})).json()["e164"] == "+8613812345678"
    assert (await client.get("/v1/me")).json()["quotas"]["reveals_per_day"] == hub.settings.reveal_per_day


async def test_nobody_approves_his_own_proposal_or_his_own_grant(hub: HubUnderTest) -> None:
    one, two = await admins(hub)
    person = await hire(hub, ["admin"])
    grantee = await enter(hub, person)
    grant = (await propose(hub, one, person)).json()
    for client in (one, grantee):
        answer = await client.post(f"/v1/grants/{grant['id']}/approve")
        assert (answer.status_code, answer.json()["code"]) == (403, "second_administrator_required")
    own = (await propose(hub, grantee, person)).json()
    assert (await grantee.post(f"/v1/grants/{own['id']}/approve")).status_code == 403
    assert (await two.post(f"/v1/grants/{own['id']}/approve")).status_code == 200


async def test_only_administrators_take_part(hub: HubUnderTest) -> None:
    body = {
        "name": "people_only", "description": "x", "scopes": ["users:manage"], "reach": "all", "fields": {},
        "phone_mask": "none",
    }  # fmt: skip
    await hub.api.post("/v1/roles", json=body)
    client = await enter(hub, await hire(hub, ["people_only"]))
    person = await hire(hub)
    assert (await propose(hub, client, person)).json()["code"] == "administrator_required"
    grant = (await propose(hub, hub.api, person)).json()
    for verb in ("approve", "revoke"):
        assert (await client.post(f"/v1/grants/{grant['id']}/{verb}")).json()["code"] == "administrator_required"


async def test_operator_at_the_machine_is_one_of_the_two(hub: HubUnderTest) -> None:
    one, _ = await admins(hub)
    grant = (await propose(hub, hub.api, await hire(hub))).json()
    assert grant["proposed_by"] is None
    again = await hub.client().post(f"/v1/grants/{grant['id']}/approve")
    assert again.json()["code"] == "second_administrator_required"
    assert (await one.post(f"/v1/grants/{grant['id']}/approve")).status_code == 200


@pytest.mark.parametrize(
    ("scope", "hours"),
    [("exports:pii", 24.01), ("phones:reveal", 24 * 30 + 0.1), ("exports:pii", 0), ("phones:reveal", -1)],
)
async def test_grants_end_soon_and_in_the_future(hub: HubUnderTest, scope: str, hours: float) -> None:
    answer = await propose(hub, hub.api, await hire(hub), scope, hours)
    assert (answer.status_code, answer.json()["code"]) == (409, "grant_too_long")
    assert answer.json()["errors"][0]["pointer"] == "#/expires_at"


async def test_grantee_must_be_an_active_user_and_the_scope_one_that_is_granted(hub: HubUnderTest) -> None:
    person = await hire(hub)
    await hub.api.post(f"/v1/users/{person.id}/disable")
    for each in (person, Person("usr_01m81amc1cfrnt9m7qcr38rxrh", "")):
        assert (await propose(hub, hub.api, each)).json()["errors"][0]["pointer"] == "#/user_id"
    answer = await propose(hub, hub.api, await hire(hub), "keys:manage")
    assert answer.json()["errors"][0]["code"] == "unknown_value"


async def test_revoked_grant_ends_within_five_seconds(hub: HubUnderTest) -> None:
    one, two = await admins(hub)
    person = await hire(hub, ["marketing"])
    grant = (await propose(hub, one, person)).json()
    await two.post(f"/v1/grants/{grant['id']}/approve")
    client = await enter(hub, person)
    assert "exports:pii" in (await client.get("/v1/me")).json()["scopes"]
    assert (await one.post(f"/v1/grants/{grant['id']}/revoke")).json()["state"] == "revoked"
    hub.clock.advance(STALE)
    assert "exports:pii" not in (await client.get("/v1/me")).json()["scopes"]
    for verb in ("approve", "revoke"):
        answer = await two.post(f"/v1/grants/{grant['id']}/{verb}")
        assert (answer.status_code, answer.json()["code"]) == (409, "grant_closed")


async def test_racing_approvals_count_once(hub: HubUnderTest) -> None:
    one, two = await admins(hub)
    grant = (await propose(hub, hub.api, await hire(hub))).json()
    path = f"/v1/grants/{grant['id']}/approve"
    answers = await asyncio.gather(one.post(path), two.post(path))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 1}


async def test_list_is_filtered_by_user(hub: HubUnderTest) -> None:
    person = await hire(hub)
    made = [(await propose(hub, hub.api, person)).json()["id"] for _ in range(3)]
    await propose(hub, hub.api, await hire(hub))
    page = (await hub.api.get("/v1/grants", params={"user_id": person.id, "limit": "2"})).json()
    assert [row["id"] for row in page["data"]] == made[:2]
    params = {"user_id": person.id, "limit": "2", "cursor": page["next_cursor"]}
    assert [row["id"] for row in (await hub.api.get("/v1/grants", params=params)).json()["data"]] == made[2:]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", ""),
        ("GET", f"/{UNKNOWN}"),
        ("POST", f"/{UNKNOWN}/approve"),
        ("POST", f"/{UNKNOWN}/revoke"),
    ],
)
async def test_s60_every_route_needs_users_manage(hub: HubUnderTest, method: str, path: str) -> None:
    body: dict[str, Any] = {}
    if (method, path) == ("POST", ""):
        body = {
            "json": {"user_id": (await hire(hub)).id, "scope": "exports:pii", "expires_at": until(hub), "reason": "x"}
        }
    assert (await hub.client(token="").request(method, "/v1/grants" + path, **body)).status_code == 401
    without = await hub.client(set(ROLES["admin"].scopes) - {"users:manage"}).request(
        method, "/v1/grants" + path, **body
    )
    assert (without.status_code, without.json()["scope"]) == (403, "users:manage")
    if path:
        missing = await hub.api.request(method, "/v1/grants" + path, **body)
        assert (missing.status_code, missing.json()["code"]) == (404, "grant_not_found")


async def test_s75_grants_are_audited(fresh_hub: HubUnderTest) -> None:
    one, _ = await admins(fresh_hub)
    grant = (await propose(fresh_hub, fresh_hub.api, await hire(fresh_hub))).json()
    await one.post(f"/v1/grants/{grant['id']}/approve")
    await one.post(f"/v1/grants/{grant['id']}/revoke")
    for action in ("grant.proposed", "grant.approved", "grant.revoked"):
        assert len(await notes(fresh_hub, action)) == 1
