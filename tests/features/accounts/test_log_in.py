"""Logging in with e-mail address and password."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import argon2
import pytest

from custhub.features.accounts.repository import touch_user
from custhub.kit.ids import Prefix, from_text
from custhub.kit.uow import SYSTEM
from custhub.security.roles import ROLES
from tests.features.accounts.conftest import StartHub
from tests.features.accounts.staff import PASSWORD, Person, enter, hire, log_in, notes, raw, try_login
from tests.hub import HubUnderTest


async def test_s42_login_gives_a_token_of_the_roles_and_a_refresh_token(hub: HubUnderTest) -> None:
    person = await hire(hub, ["sales"])
    answer = await hub.client(token="").post("/v1/auth/login", json={"email": person.email, "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "refresh_token", "scope"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 600)
    assert set(tokens["scope"].split()) == ROLES["sales"].scopes
    claims = hub.app.hub.tokens.verifier.verify(tokens["access_token"])
    assert (claims.sub, claims.client_id, claims.roles, claims.pv) == (person.id, "hub", ("sales",), 1)
    assert claims.auth_time == int(hub.clock.now().timestamp())
    assert person.email not in str(claims)
    assert claims.sid is not None
    assert UUID(claims.sid)


async def test_address_of_a_login_is_read_in_any_case_and_width(hub: HubUnderTest) -> None:
    person = await hire(hub)
    assert (await try_login(hub, Person(person.id, f" {person.email.upper()} "))).status_code == 200


@pytest.mark.parametrize("case", ["wrong password", "unknown", "no password yet", "disabled"])
async def test_s48_whatever_is_wrong_the_answer_is_the_same(hub: HubUnderTest, case: str) -> None:
    members: dict[str, Any] = {"password": None} if case == "no password yet" else {}
    person = await hire(hub, **members)
    password = "wrong horse battery staple" if case == "wrong password" else PASSWORD
    if case == "unknown":
        person = Person("", "nobody-" + person.email)
    if case == "disabled":
        await hub.api.post(f"/v1/users/{person.id}/disable")
    answer = await try_login(hub, person, password=password)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_credentials"'
    body = answer.json()
    body.pop("request_id")
    assert body == {
        "type": "/docs/errors/invalid_credentials",
        "title": "Invalid credentials",
        "status": 401,
        "code": "invalid_credentials",
        "detail": "The e-mail address or the password is wrong.",
        "errors": [],
    }


async def test_s48_unknown_users_cost_a_hash_too(hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str | None] = []
    verify = hub.app.accounts.hashing.verify

    async def counted(stored: str | None, password: str) -> bool:
        hashed.append(stored)
        return await verify(stored, password)

    monkeypatch.setattr(hub.app.accounts.hashing, "verify", counted)
    await try_login(hub, Person("", "nobody@example.com"))
    assert hashed == [None]


async def test_s48_more_logins_than_the_queue_holds_get_503(hub: HubUnderTest) -> None:
    people = [Person("", f"crowd{i}@example.com") for i in range(40)]
    answers = await asyncio.gather(*(try_login(hub, person) for person in people))
    codes = {answer.json()["code"] for answer in answers}
    assert codes == {"invalid_credentials", "login_busy"}
    busy = [answer for answer in answers if answer.status_code == 503]
    assert all(answer.headers["retry-after"] == "1" for answer in busy)
    assert sum(answer.status_code == 401 for answer in answers) >= 18


async def test_s48_hash_with_old_parameters_is_made_anew_at_login(hub: HubUnderTest) -> None:
    person = await hire(hub)
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    work = hub.app.hub.unit_of_work(SYSTEM, "tests")
    touch_user(work, from_text(Prefix.USER, person.id), {"password_hash": old})
    await work.commit()
    await log_in(hub, person)
    stored = [row[0] for row in await hub.rows("SELECT password_hash FROM users") if row[0]]
    assert old not in stored
    assert all("m=19456,t=2,p=1" in text for text in stored)
    await log_in(hub, person)


async def test_s75_logins_are_audited_and_name_nobody_in_clear(fresh_hub: HubUnderTest) -> None:
    person = await hire(fresh_hub)
    await log_in(fresh_hub, person)
    await try_login(fresh_hub, person, password="wrong horse battery staple")
    await try_login(fresh_hub, Person("", "nobody@example.com"))
    ((kind, actor, subject, outcome, _),) = await notes(fresh_hub, "login.succeeded")
    assert (kind, actor, outcome) == ("user", subject, "done")
    failed = await notes(fresh_hub, "login.failed")
    assert [(row[0], row[3], row[4]) for row in failed] == [("anonymous", "denied", "invalid_credentials")] * 2
    assert {row[2] for row in failed} == {subject, None}


async def test_s54_tokens_count_only_in_authorization(hub: HubUnderTest) -> None:
    tokens = await log_in(hub, await hire(hub, ["read_only"]))
    token = tokens["access_token"]
    async with raw(hub) as client:
        assert (await client.get("/v1/customers", headers={"Authorization": f"Bearer {token}"})).status_code == 200
        for attempt in (
            client.get("/v1/customers", params={"access_token": token}),
            client.get("/v1/customers", headers={"Cookie": f"access_token={token}; Authorization=Bearer {token}"}),
            client.get("/v1/customers", headers={"X-Access-Token": token, "Proxy-Authorization": f"Bearer {token}"}),
            client.post("/v1/authz/check", data={"access_token": token}),
        ):
            answer = await attempt
            assert answer.status_code == 401
            assert answer.json()["code"] == "token_missing"


async def test_s55_no_answer_sets_a_cookie(hub: HubUnderTest) -> None:
    answer = await try_login(hub, await hire(hub))
    assert "set-cookie" not in answer.headers


async def test_contract_d3_login_takes_no_idempotency_key(hub: HubUnderTest) -> None:
    answer = await hub.client(token="").post(
        "/v1/auth/login", json={"email": "a@example.com", "password": "x"}, headers={"Idempotency-Key": "a" * 8}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_not_supported")


async def test_password_is_never_echoed_when_a_body_is_refused(hub: HubUnderTest) -> None:
    answer = await hub.client(token="").post("/v1/auth/login", json={"email": "a@example.com", "password": [PASSWORD]})
    assert answer.status_code == 422
    assert PASSWORD not in answer.text


async def test_password_change_between_check_and_commit_wins(
    hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S-44: a login that began with the old password does not survive the new one."""
    person = await hire(hub)
    owner = await enter(hub, person)
    hashing = hub.app.accounts.hashing
    rehash = hashing.rehash
    changed: list[bool] = []

    async def slow(stored: str, password: str) -> str | None:
        if not changed:
            changed.append(True)
            body = {"current_password": PASSWORD, "password": "another long password"}
            assert (await owner.post("/v1/auth/password", json=body)).status_code == 204
        return await rehash(stored, password)

    monkeypatch.setattr(hashing, "rehash", slow)
    answer = await try_login(hub, person)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")


async def test_many_logins_of_one_person_in_turn_all_succeed(hub: HubUnderTest) -> None:
    """A success ends the streak: whoever knows the password is never locked out by his own logins."""
    person = await hire(hub)
    for _ in range(12):
        await log_in(hub, person)


async def test_login_under_a_new_hub_of_other_settings(start_hub: StartHub) -> None:
    hub = await start_hub(issuer="https://hub.example")
    tokens = await log_in(hub, await hire(hub))
    assert hub.app.hub.tokens.verifier.verify(tokens["access_token"]).iss == "https://hub.example"
