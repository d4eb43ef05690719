"""Users: made, changed, disabled by those who may (S-43, S-44)."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from custhub.security.roles import ROLES
from tests.features.accounts.staff import PASSWORD, STALE, Person, enter, hire, log_in, new_email, notes, refresh
from tests.hub import HubUnderTest

UNKNOWN = "usr_01m81amc1cfrnt9m7qcr38rxrh"


async def test_create_answers_what_get_answers(hub: HubUnderTest) -> None:
    team = (await hub.api.post("/v1/teams", json={"name": new_email()})).json()
    body = {"email": " Li.Na@Example.COM ", "name": " 李娜 ", "roles": ["sales", "sales"], "team_id": team["id"]}
    made = await hub.api.post("/v1/users", json=body)
    assert made.status_code == 201
    read = await hub.api.get(made.headers["location"])
    assert read.json() == made.json()
    assert read.headers["etag"] == made.headers["etag"]
    user = made.json()
    assert (user["email"], user["name"], user["roles"]) == ("li.na@example.com", "李娜", ["sales"])
    assert (user["team_id"], user["has_password"], user["mfa_enabled"], user["issuer"]) == (
        team["id"],
        False,
        False,
        None,
    )
    seen = await hub.api.get(made.headers["location"], headers={"If-None-Match": made.headers["etag"]})
    assert seen.status_code == 304


async def test_address_is_unique_in_its_normal_form(hub: HubUnderTest) -> None:
    person = await hire(hub)
    answer = await hub.api.post("/v1/users", json={"email": person.email.upper(), "name": "Somebody"})
    assert (answer.status_code, answer.json()["code"]) == (409, "email_taken")
    other = await hire(hub)
    moved = await hub.api.patch(f"/v1/users/{other.id}", json={"email": person.email})
    assert (moved.status_code, moved.json()["code"]) == (409, "email_taken")


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("email", "nobody", "pattern_mismatch"),
        ("email", None, "null_not_allowed"),
        ("name", " ", "pattern_mismatch"),
        ("name", None, "null_not_allowed"),
        ("roles", None, "null_not_allowed"),
        ("roles", ["No role"], "pattern_mismatch"),
        ("team_id", "usr_x", "invalid_id"),
        ("is_disabled", True, "unknown_field"),
    ],
)
async def test_patch_refuses_in_place(hub: HubUnderTest, member: str, value: Any, code: str) -> None:
    person = await hire(hub)
    answer = await hub.api.patch(f"/v1/users/{person.id}", json={member: value})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == code
    assert answer.json()["errors"][0]["pointer"].startswith(f"#/{member}")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({"roles": ["sales", "nobody"]}, "#/roles/1"), ({"team_id": "tea_01m81amc1cfrnt9m7qcr38rxrh"}, "#/team_id")],
)
async def test_s64_references_must_exist(hub: HubUnderTest, body: dict[str, Any], pointer: str) -> None:
    made = await hub.api.post("/v1/users", json={"email": new_email(), "name": "王伟"} | body)
    changed = await hub.api.patch(f"/v1/users/{(await hire(hub)).id}", json=body)
    for answer in (made, changed):
        assert (answer.status_code, answer.json()["code"]) == (409, "reference_unknown")
        assert answer.json()["errors"][0]["pointer"] == pointer


async def test_contract_d2_stale_patch_is_refused(hub: HubUnderTest) -> None:
    person = await hire(hub)
    path = f"/v1/users/{person.id}"
    etag = (await hub.api.get(path)).headers["etag"]
    answers = await asyncio.gather(
        *(hub.api.patch(path, json={"name": f"N{i}"}, headers={"If-Match": etag}) for i in range(5))
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 4}
    free = await asyncio.gather(*(hub.api.patch(path, json={"name": f"M{i}"}) for i in range(8)))
    assert {answer.status_code for answer in free} == {200}
    assert (await hub.api.get(path)).json()["revision"] == 10


async def test_patch_without_a_difference_changes_nothing(hub: HubUnderTest) -> None:
    person = await hire(hub, ["sales"])
    answer = await hub.api.patch(f"/v1/users/{person.id}", json={"name": "王伟", "roles": ["sales"]})
    assert answer.json()["revision"] == 1


async def test_s43_losing_a_role_works_within_five_seconds(hub: HubUnderTest) -> None:
    person = await hire(hub, ["support", "sales"])
    tokens = await log_in(hub, person)
    client = hub.client(token=tokens["access_token"])
    assert (await client.get("/v1/customers")).status_code == 200
    await hub.api.patch(f"/v1/users/{person.id}", json={"roles": ["sales"]})
    hub.clock.advance(4.9)
    assert (await client.get("/v1/customers")).status_code == 200
    hub.clock.advance(0.2)
    assert (await client.get("/v1/customers")).json()["code"] == "invalid_token"
    later = (await refresh(hub, tokens["refresh_token"])).json()
    assert set(later["scope"].split()) == ROLES["sales"].scopes


async def test_s43_gaining_a_role_ends_nothing(hub: HubUnderTest) -> None:
    person = await hire(hub, ["sales"])
    client = await enter(hub, person)
    await hub.api.patch(f"/v1/users/{person.id}", json={"roles": ["sales", "support"]})
    hub.clock.advance(STALE)
    assert (await client.get("/v1/me")).json()["roles"] == ["sales", "support"]


async def test_s44_disabled_user_is_out_within_five_seconds(hub: HubUnderTest) -> None:
    person = await hire(hub, ["sales"])
    client = await enter(hub, person)
    assert (await client.get("/v1/me")).status_code == 200
    disabled = await hub.api.post(f"/v1/users/{person.id}/disable")
    assert disabled.json()["is_disabled"] is True
    hub.clock.advance(STALE)
    assert (await client.get("/v1/me")).status_code == 401
    again = await hub.api.post(f"/v1/users/{person.id}/disable")
    assert again.json()["revision"] == disabled.json()["revision"]
    assert (await hub.api.post(f"/v1/users/{person.id}/enable")).json()["is_disabled"] is False
    hub.clock.advance(STALE)
    assert (await client.get("/v1/me")).status_code == 401
    await log_in(hub, person)


async def test_s44_revoking_sessions_ends_all_logins(hub: HubUnderTest) -> None:
    person = await hire(hub, ["sales"])
    logins = [await log_in(hub, person) for _ in range(3)]
    assert (await hub.api.post(f"/v1/users/{person.id}/revoke-sessions")).status_code == 200
    hub.clock.advance(STALE)
    for tokens in logins:
        assert (await hub.client(token=tokens["access_token"]).get("/v1/me")).status_code == 401
        assert (await refresh(hub, tokens["refresh_token"])).status_code == 400
    await log_in(hub, person)


async def test_list_is_paged_and_filtered(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    team = (await hub.api.post("/v1/teams", json={"name": "北方"})).json()["id"]
    people = [
        await hire(hub, ["sales"] if i % 2 else ["support", "sales"], team_id=team if i < 2 else None) for i in range(5)
    ]
    seen: list[str] = []
    cursor = None
    while True:
        params = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = await hub.api.get("/v1/users", params=params)
        seen += [user["id"] for user in page.json()["data"]]
        cursor = page.json()["next_cursor"]
        assert page.json()["has_more"] is (cursor is not None)
        assert ("link" in page.headers) is (cursor is not None)
        if cursor is None:
            break
    assert seen == [person.id for person in people]

    async def ids(**params: str) -> list[str]:
        return [user["id"] for user in (await hub.api.get("/v1/users", params=params)).json()["data"]]

    assert await ids(team_id=team) == seen[:2]
    assert await ids(role="support") == seen[0::2]
    assert await ids(role="support", team_id=team) == seen[:1]
    first = await hub.api.get("/v1/users", params={"limit": "1"})
    foreign = await hub.api.get(
        "/v1/users", params={"limit": "1", "role": "sales", "cursor": first.json()["next_cursor"]}
    )
    assert (foreign.status_code, foreign.json()["code"]) == (422, "invalid_cursor")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", ""),
        ("GET", f"/{UNKNOWN}"),
        ("PATCH", f"/{UNKNOWN}"),
        *(("POST", f"/{UNKNOWN}/{verb}") for verb in
          ("disable", "enable", "reset-password", "reset-totp", "revoke-sessions")),
    ],
)  # fmt: skip
async def test_s60_every_route_needs_users_manage(hub: HubUnderTest, method: str, path: str) -> None:
    body: dict[str, Any] = {"json": {"email": new_email(), "name": "王伟"}} if (method, path) == ("POST", "") else {}
    body = {"json": {"name": "王伟"}} if method == "PATCH" else body
    assert (await hub.client(token="").request(method, "/v1/users" + path, **body)).status_code == 401
    without = await hub.client(set(ROLES["admin"].scopes) - {"users:manage"}).request(
        method, "/v1/users" + path, **body
    )
    assert (without.status_code, without.json()["scope"]) == (403, "users:manage")
    if path:
        missing = await hub.api.request(method, "/v1/users" + path, **body)
        assert (missing.status_code, missing.json()["code"]) == (404, "user_not_found")


async def test_s75_changes_leave_notes_and_events(fresh_hub: HubUnderTest) -> None:
    person = await hire(fresh_hub)
    await fresh_hub.api.patch(f"/v1/users/{person.id}", json={"roles": ["sales"], "name": "李娜"})
    await fresh_hub.api.post(f"/v1/users/{person.id}/disable")
    await fresh_hub.api.post(f"/v1/users/{person.id}/enable")
    rows = await fresh_hub.rows("SELECT type, subject_revision, data FROM events ORDER BY id")
    assert [(row[0], row[1]) for row in rows] == [
        ("user.created", 1), ("user.updated", 2), ("user.disabled", 3), ("user.enabled", 4),
    ]  # fmt: skip
    assert '"fields":["name","roles"]' in rows[1][2].replace(" ", "")
    for action in ("user.created", "user.updated", "user.disabled", "user.enabled"):
        assert len(await notes(fresh_hub, action)) == 1
    assert "李娜" not in str(rows)


async def test_passwords_and_hashes_are_in_no_answer(hub: HubUnderTest) -> None:
    person = await hire(hub)
    for answer in (await hub.api.get(f"/v1/users/{person.id}"), await hub.api.get("/v1/users")):
        assert "argon2" not in answer.text
        assert PASSWORD not in answer.text


async def test_contract_d3_create_is_repeatable(hub: HubUnderTest) -> None:
    body, key = {"email": new_email(), "name": "王伟"}, {"Idempotency-Key": "user-00001"}
    first = await hub.api.post("/v1/users", json=body, headers=key)
    again = await hub.api.post("/v1/users", json=body, headers=key)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    assert Person(first.json()["id"], body["email"]).id == again.json()["id"]
