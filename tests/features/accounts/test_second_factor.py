"""One-time codes: set up, used once, removed, required (S-50)."""

from __future__ import annotations

import asyncio
from base64 import b32decode
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import pytest

from custhub.crypto.columns import Sealed
from custhub.features.accounts.models import users
from custhub.features.accounts.rules import totp_code, totp_step
from custhub.features.accounts.service.operator import OPERATOR_ACTOR
from custhub.kit.ids import Prefix, from_text
from tests.client import ApiClient
from tests.features.accounts.conftest import StartHub
from tests.features.accounts.staff import STALE, Person, enter, hire, log_in, notes, try_login
from tests.hub import HubUnderTest


def code_of(hub: HubUnderTest, secret: str, offset: int = 0) -> str:
    raw = b32decode(secret + "=" * (-len(secret) % 8))
    return totp_code(raw, totp_step(hub.clock.now()) + offset)


async def enrol(hub: HubUnderTest, client: ApiClient) -> str:
    """A confirmed second factor; its seed."""
    secret: str = (await client.post("/v1/me/totp")).json()["secret"]
    confirmed = await client.post("/v1/me/totp/confirm", json={"code": code_of(hub, secret)})
    assert confirmed.status_code == 204, confirmed.text
    hub.clock.advance(30)
    return secret


async def test_s50_enrolment_shows_the_seed_once_in_both_forms(hub: HubUnderTest) -> None:
    person = await hire(hub)
    client = await enter(hub, person)
    key = {"Idempotency-Key": "enrol-0001"}
    first = await client.post("/v1/me/totp", headers=key)
    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-store"
    uri = urlsplit(first.json()["otpauth_uri"])
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert parse_qs(uri.query)["secret"] == [first.json()["secret"]]
    assert (await client.post("/v1/me/totp", headers=key)).json() == {"secret": None, "otpauth_uri": None}
    assert (await client.get("/v1/me")).json()["mfa_enabled"] is False
    await log_in(hub, person)


async def test_s50_login_needs_the_code_once_it_is_confirmed(hub: HubUnderTest) -> None:
    person = await hire(hub)
    secret = await enrol(hub, await enter(hub, person))
    missing = await try_login(hub, person)
    assert (missing.status_code, missing.json()["code"]) == (401, "mfa_required")
    wrong = await try_login(hub, person, totp_code="000000")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "invalid_totp")
    assert (await try_login(hub, person, totp_code=code_of(hub, secret, -2))).status_code == 401
    assert (await try_login(hub, person, totp_code=code_of(hub, secret))).status_code == 200


async def test_s50_wrong_password_is_told_before_any_code(hub: HubUnderTest) -> None:
    person = await hire(hub)
    secret = await enrol(hub, await enter(hub, person))
    answer = await try_login(hub, person, password="wrong horse battery", totp_code=code_of(hub, secret))
    assert answer.json()["code"] == "invalid_credentials"


async def test_s50_code_works_once(hub: HubUnderTest) -> None:
    person = await hire(hub)
    secret = await enrol(hub, await enter(hub, person))
    code = code_of(hub, secret)
    assert (await try_login(hub, person, totp_code=code)).status_code == 200
    assert (await try_login(hub, person, totp_code=code)).json()["code"] == "invalid_totp"
    assert (await try_login(hub, person, totp_code=code_of(hub, secret, -1))).json()["code"] == "invalid_totp"


async def test_s50_code_works_once_among_racing_logins(hub: HubUnderTest) -> None:
    person = await hire(hub)
    secret = await enrol(hub, await enter(hub, person))
    code = code_of(hub, secret)
    answers = await asyncio.gather(*(try_login(hub, person, totp_code=code) for _ in range(4)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 3}


async def test_s49_guessed_codes_lock_the_account(hub: HubUnderTest) -> None:
    person = await hire(hub)
    await enrol(hub, await enter(hub, person))
    statuses = [(await try_login(hub, person, totp_code="000000")).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]


async def test_confirm_refuses_a_wrong_code_and_a_second_setup(hub: HubUnderTest) -> None:
    client = await enter(hub, await hire(hub))
    assert (await client.post("/v1/me/totp/confirm", json={"code": "123456"})).json()["code"] == "mfa_not_started"
    await client.post("/v1/me/totp")
    assert (await client.post("/v1/me/totp/confirm", json={"code": "000000"})).json()["code"] == "invalid_totp"
    secret = await enrol(hub, client)
    again = await client.post("/v1/me/totp")
    assert (again.status_code, again.json()["code"]) == (409, "mfa_already_enabled")
    body = {"code": code_of(hub, secret)}
    assert (await client.post("/v1/me/totp/confirm", json=body)).json()["code"] == "mfa_already_enabled"


async def test_removal_needs_a_code_and_guessing_locks(hub: HubUnderTest) -> None:
    person = await hire(hub)
    client = await enter(hub, person)
    none = await client.post("/v1/me/totp/remove", json={"code": "000000"})
    assert (none.status_code, none.json()["code"]) == (409, "mfa_not_started")
    secret = await enrol(hub, client)
    statuses = [(await client.post("/v1/me/totp/remove", json={"code": "000000"})).status_code for _ in range(5)]
    assert statuses[-1] == 429
    hub.clock.advance(30)
    gone = await client.post("/v1/me/totp/remove", json={"code": code_of(hub, secret)})
    assert gone.status_code == 204
    assert (await client.get("/v1/me")).json()["mfa_enabled"] is False
    await log_in(hub, person)


async def test_administrator_takes_a_lost_factor_away(hub: HubUnderTest) -> None:
    person = await hire(hub)
    client = await enter(hub, person)
    await enrol(hub, client)
    answer = await hub.client().post(f"/v1/users/{person.id}/reset-totp")
    assert answer.json()["mfa_enabled"] is False
    hub.clock.advance(STALE)
    assert (await client.get("/v1/me")).status_code == 401
    await log_in(hub, person)


async def test_s01_seed_is_stored_sealed_for_its_row_alone(fresh_hub: HubUnderTest) -> None:
    """The seed of one user moved to another does not open (S-07)."""
    hub = fresh_hub
    one, other = await hire(hub), await hire(hub)
    secret = await enrol(hub, await enter(hub, one))
    await enrol(hub, await enter(hub, other))
    ((blob,),) = await hub.rows(
        "SELECT totp_secret FROM users WHERE email = '" + one.email + "'"  # noqa: S608  # no input
    )
    assert b32decode(secret) not in bytes(blob)
    ((purpose, count),) = await hub.rows("SELECT purpose, count(*) FROM system_keys GROUP BY purpose")
    assert (purpose, count) == ("accounts", 1)
    work = hub.app.hub.unit_of_work(OPERATOR_ACTOR, "tests")
    work.update(users, {"id": from_text(Prefix.USER, other.id)}, {"totp_secret": Sealed(bytes(blob))})
    await work.commit()
    answer = await try_login(hub, other, totp_code=code_of(hub, secret))
    assert (answer.status_code, answer.json()["code"]) == (500, "integrity_error")


@pytest.mark.parametrize("role", ["admin", "privacy_officer"])
async def test_s50_required_factor_comes_before_anything_else(start_hub: StartHub, role: str) -> None:
    hub = await start_hub(mfa_required=True)
    person = await hire(hub, [role])
    client = await enter(hub, person)
    me = (await client.get("/v1/me")).json()
    assert (me["scopes"], me["mfa_enabled"], me["mfa_required"]) == ([], False, True)
    refused = await client.get("/v1/customers")
    assert (refused.status_code, refused.json()["code"]) == (403, "mfa_enrolment_required")
    secret = await enrol(hub, client)
    tokens = await log_in(hub, person, totp_code=code_of(hub, secret))
    allowed = hub.client(token=tokens["access_token"])
    assert (await allowed.get("/v1/customers")).status_code == 200
    assert (await allowed.get("/v1/me")).json()["mfa_required"] is False


async def test_s50_other_roles_need_no_factor(start_hub: StartHub) -> None:
    hub = await start_hub(mfa_required=True)
    client = await enter(hub, await hire(hub, ["sales"]))
    assert (await client.get("/v1/customers")).status_code == 200


async def test_s75_factor_changes_are_audited(fresh_hub: HubUnderTest) -> None:
    person = await hire(fresh_hub)
    await enrol(fresh_hub, await enter(fresh_hub, person))
    await fresh_hub.api.post(f"/v1/users/{person.id}/reset-totp")
    for action in ("totp.started", "totp.enabled", "totp.reset"):
        assert len(await notes(fresh_hub, action)) == 1


async def test_clients_have_no_second_factor(hub: HubUnderTest) -> None:
    client = hub.client()
    assert (await client.post("/v1/me/totp")).json()["code"] == "users_only"
    assert (await client.post("/v1/me/totp/confirm", json={"code": "000000"})).json()["code"] == "users_only"
    assert (await client.post("/v1/me/totp/remove", json={"code": "000000"})).json()["code"] == "users_only"


async def test_unknown_accounts_are_not_told_apart_by_a_code(hub: HubUnderTest) -> None:
    answer = await try_login(hub, Person("", "nobody@example.com"), totp_code="123456")
    assert answer.json()["code"] == "invalid_credentials"
