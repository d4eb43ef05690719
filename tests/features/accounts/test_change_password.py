"""Passwords changed by their owners, or set with a token (S-44, S-48)."""

from __future__ import annotations

import pytest

from tests.features.accounts.staff import PASSWORD, STALE, Person, enter, hire, log_in, notes, raw, refresh, try_login
from tests.hub import HubUnderTest

NEW = "another long password"


async def test_s44_new_password_ends_every_session_and_token(hub: HubUnderTest) -> None:
    person = await hire(hub, ["sales"])
    elsewhere = await log_in(hub, person)
    client = await enter(hub, person)
    answer = await client.post("/v1/auth/password", json={"current_password": PASSWORD, "password": NEW})
    assert answer.status_code == 204
    hub.clock.advance(STALE)
    assert (await client.get("/v1/me")).status_code == 401
    assert (await hub.client(token=elsewhere["access_token"]).get("/v1/me")).status_code == 401
    assert (await refresh(hub, elsewhere["refresh_token"])).status_code == 400
    assert (await try_login(hub, person)).status_code == 401
    await enter(hub, Person(person.id, person.email, NEW))


async def test_s44_token_of_the_same_second_after_the_change_counts(hub: HubUnderTest) -> None:
    """Tokens name whole seconds; the version of the rights tells before from after."""
    person = await hire(hub)
    client = await enter(hub, person)
    await client.post("/v1/auth/password", json={"current_password": PASSWORD, "password": NEW})
    later = await enter(hub, Person(person.id, person.email, NEW))
    assert (await later.get("/v1/me")).status_code == 200


@pytest.mark.parametrize("password", ["short", "a" * 129, "é" * 11])
async def test_s48_weak_passwords_are_refused(hub: HubUnderTest, password: str) -> None:
    client = await enter(hub, await hire(hub))
    answer = await client.post("/v1/auth/password", json={"current_password": PASSWORD, "password": password})
    assert (answer.status_code, answer.json()["code"]) == (422, "password_too_weak")
    assert answer.json()["errors"][0]["pointer"] == "#/password"


async def test_wrong_current_password_changes_nothing(hub: HubUnderTest) -> None:
    person = await hire(hub)
    client = await enter(hub, person)
    answer = await client.post("/v1/auth/password", json={"current_password": NEW, "password": NEW})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
    await log_in(hub, person)


async def test_clients_and_operators_have_no_password(hub: HubUnderTest) -> None:
    answer = await hub.api.post("/v1/auth/password", json={"current_password": PASSWORD, "password": NEW})
    assert (answer.status_code, answer.json()["code"]) == (403, "users_only")


async def test_s48_password_in_another_unicode_form_is_the_same(hub: HubUnderTest) -> None:
    person = await hire(hub, password="cafe\u0301 au lait noir")
    await log_in(hub, Person(person.id, person.email, "café au lait noir"))


async def test_administrator_resets_and_the_user_sets_the_next(hub: HubUnderTest) -> None:
    person = await hire(hub, ["sales"])
    tokens = await log_in(hub, person)
    reset = await hub.api.post(f"/v1/users/{person.id}/reset-password")
    assert reset.status_code == 200
    assert reset.headers["cache-control"] == "no-store"
    assert reset.json()["has_password"] is False
    token = reset.json()["reset_token"]
    assert token.startswith("chp_")
    assert (await try_login(hub, person)).status_code == 401
    assert (await refresh(hub, tokens["refresh_token"])).status_code == 400
    public = hub.client(token="")
    assert (await public.post("/v1/auth/reset-password", json={"token": token, "password": NEW})).status_code == 204
    await log_in(hub, Person(person.id, person.email, NEW))
    again = await public.post("/v1/auth/reset-password", json={"token": token, "password": PASSWORD})
    assert (again.status_code, again.json()["code"]) == (401, "invalid_reset_token")


async def test_reset_token_ends_after_a_day_and_with_the_account(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    public, person = hub.client(token=""), await hire(hub)
    body = {
        "token": (await hub.api.post(f"/v1/users/{person.id}/reset-password")).json()["reset_token"],
        "password": NEW,
    }
    await hub.api.post(f"/v1/users/{person.id}/disable")
    assert (await public.post("/v1/auth/reset-password", json=body)).status_code == 401
    await hub.api.post(f"/v1/users/{person.id}/enable")
    weak = await public.post("/v1/auth/reset-password", json=body | {"password": "short"})
    assert weak.json()["code"] == "password_too_weak"
    hub.clock.advance(86_400)
    assert (await public.post("/v1/auth/reset-password", json=body)).status_code == 401


async def test_contract_d3_reset_token_is_not_replayed(hub: HubUnderTest) -> None:
    person = await hire(hub)
    path, key = f"/v1/users/{person.id}/reset-password", {"Idempotency-Key": "reset-0001"}
    first = await hub.client().post(path, headers=key)
    again = await hub.client().post(path, headers=key)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json() | {"reset_token": None}


async def test_s75_changes_are_audited(fresh_hub: HubUnderTest) -> None:
    person = await hire(fresh_hub)
    client = await enter(fresh_hub, person)
    await client.post("/v1/auth/password", json={"current_password": PASSWORD, "password": NEW})
    await fresh_hub.api.post(f"/v1/users/{person.id}/reset-password")
    assert [row[0] for row in await notes(fresh_hub, "password.changed")] == ["user"]
    assert [row[0] for row in await notes(fresh_hub, "password.reset")] == ["operator"]


async def test_bodies_with_other_members_are_refused(hub: HubUnderTest) -> None:
    async with raw(hub) as client:
        answer = await client.post("/v1/auth/reset-password", json={"token": "x", "password": NEW, "user_id": "y"})
    assert answer.json()["code"] == "unknown_field"
