"""Sessions: one refresh token after the other (S-45)."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from hashlib import sha256

import pytest

from custhub.features.accounts.service.operator import clean_up
from custhub.kit.ids import new_id
from custhub.kit.uow import SYSTEM
from tests.features.accounts.staff import STALE, Person, enter, hire, log_in, notes, refresh, try_login
from tests.hub import HubUnderTest

DAY = 86_400


async def refused(hub: HubUnderTest, token: str) -> bool:
    answer = await refresh(hub, token)
    if answer.status_code == 200:
        return False
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert answer.headers["cache-control"] == "no-store"
    return True


async def test_s45_each_use_brings_the_next_tokens(hub: HubUnderTest) -> None:
    first = await log_in(hub, await hire(hub, ["sales"]))
    hub.clock.advance(1)
    second = (await refresh(hub, first["refresh_token"])).json()
    third = (await refresh(hub, second["refresh_token"])).json()
    assert len({first["refresh_token"], second["refresh_token"], third["refresh_token"]}) == 3
    assert third["scope"] == first["scope"]
    verify = hub.app.hub.tokens.verifier.verify
    old, new = verify(first["access_token"]), verify(third["access_token"])
    assert (new.sub, new.sid, new.auth_time) == (old.sub, old.sid, old.auth_time)
    assert new.jti != old.jti
    assert (await hub.client(token=third["access_token"]).get("/v1/me")).status_code == 200


async def test_s45_second_use_ends_the_whole_login_and_is_audited(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    first = await log_in(hub, await hire(hub, ["sales"]))
    second = (await refresh(hub, first["refresh_token"])).json()
    client = hub.client(token=second["access_token"])
    assert (await client.get("/v1/me")).status_code == 200
    assert await refused(hub, first["refresh_token"])
    assert await refused(hub, second["refresh_token"])
    hub.clock.advance(STALE)
    assert (await client.get("/v1/me")).status_code == 401
    assert len(await notes(hub, "token.reused")) == 1
    assert await refused(hub, first["refresh_token"])
    assert len(await notes(hub, "token.reused")) == 1


@pytest.mark.parametrize("rivals", [2, 12])
async def test_s45_of_concurrent_uses_at_most_one_succeeds(hub: HubUnderTest, rivals: int) -> None:
    for _ in range(5):
        tokens = await log_in(hub, await hire(hub))
        answers = await asyncio.gather(*(refresh(hub, tokens["refresh_token"]) for _ in range(rivals)))
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses == {200: 1, 400: rivals - 1}


async def test_s45_a_reuse_leaves_the_other_logins_of_the_person(hub: HubUnderTest) -> None:
    person = await hire(hub)
    one, other = await log_in(hub, person), await log_in(hub, person)
    await refresh(hub, one["refresh_token"])
    assert await refused(hub, one["refresh_token"])
    assert not await refused(hub, other["refresh_token"])


async def test_s45_unused_for_fourteen_days_is_over(fresh_hub: HubUnderTest) -> None:
    tokens = await log_in(fresh_hub, await hire(fresh_hub))
    fresh_hub.clock.advance(14 * DAY - 1)
    tokens = (await refresh(fresh_hub, tokens["refresh_token"])).json()
    fresh_hub.clock.advance(14 * DAY)
    assert await refused(fresh_hub, tokens["refresh_token"])


async def test_s45_after_thirty_days_everybody_logs_in_again(fresh_hub: HubUnderTest) -> None:
    tokens = await log_in(fresh_hub, await hire(fresh_hub))
    for days in (13, 13):
        fresh_hub.clock.advance(days * DAY)
        tokens = (await refresh(fresh_hub, tokens["refresh_token"])).json()
    fresh_hub.clock.advance(4 * DAY)
    assert await refused(fresh_hub, tokens["refresh_token"])


async def test_s45_tokens_are_stored_as_hashes(fresh_hub: HubUnderTest) -> None:
    first = await log_in(fresh_hub, await hire(fresh_hub))
    second = (await refresh(fresh_hub, first["refresh_token"])).json()
    (current,) = [bytes(row[0]) for row in await fresh_hub.rows("SELECT token_digest FROM sessions")]
    (spent,) = [bytes(row[0]) for row in await fresh_hub.rows("SELECT digest FROM spent_refresh_tokens")]
    assert current == sha256(second["refresh_token"].encode()).digest()
    assert spent == sha256(first["refresh_token"].encode()).digest()


@pytest.mark.parametrize("text", ["", "chr_" + "0" * 43, "nonsense", "é", "x" * 5_000])
async def test_rfc6749_unknown_token_is_an_invalid_grant(hub: HubUnderTest, text: str) -> None:
    answer = await refresh(hub, text)
    assert answer.status_code == 400
    assert answer.json()["error"] == ("invalid_grant" if text else "invalid_request")


async def test_rfc6749_scope_can_be_narrowed_and_never_widened(hub: HubUnderTest) -> None:
    tokens = await log_in(hub, await hire(hub, ["sales"]))
    narrow = (await refresh(hub, tokens["refresh_token"], scope="customers:read")).json()
    assert narrow["scope"] == "customers:read"
    client = hub.client(token=narrow["access_token"])
    assert (await client.get("/v1/me")).json()["scopes"] == ["customers:read"]
    wide = await refresh(hub, narrow["refresh_token"], scope="customers:read keys:manage")
    assert (wide.status_code, wide.json()["error"]) == (400, "invalid_scope")
    assert not await refused(hub, narrow["refresh_token"])


async def test_refresh_tokens_are_of_the_hubs_own_program_alone(hub: HubUnderTest) -> None:
    tokens = await log_in(hub, await hire(hub))
    other = await refresh(hub, tokens["refresh_token"], client_id="cli_01m81amc1cfrnt9m7qcr38rxrh")
    assert other.json()["error"] == "invalid_grant"
    own = await refresh(hub, tokens["refresh_token"], client_id="hub")
    assert own.status_code == 200


async def test_s44_logout_ends_the_session_and_its_tokens(hub: HubUnderTest) -> None:
    tokens = await log_in(hub, await hire(hub))
    client = hub.client(token=tokens["access_token"])
    assert (await client.post("/v1/auth/logout")).status_code == 204
    assert await refused(hub, tokens["refresh_token"])
    hub.clock.advance(STALE)
    assert (await client.get("/v1/me")).json()["code"] == "invalid_token"


async def test_s44_a_program_does_not_log_out_but_revokes_its_token(hub: HubUnderTest) -> None:
    token = hub.token(["customers:read"])
    client = hub.client(token=token)
    refusal = await client.post("/v1/auth/logout")
    assert (refusal.status_code, refusal.json()["code"]) == (403, "users_only")
    hub.clock.advance(STALE)
    assert (await client.get("/v1/me")).status_code == 200
    assert (await client.post("/v1/oauth/revoke", data={"token": token})).status_code == 200
    hub.clock.advance(STALE)
    assert (await client.get("/v1/me")).status_code == 401
    assert (await hub.client(["customers:read"]).get("/v1/me")).status_code == 200


async def test_disabled_person_gets_no_next_tokens(hub: HubUnderTest) -> None:
    person = await hire(hub)
    tokens = await log_in(hub, person)
    await hub.api.post(f"/v1/users/{person.id}/disable")
    assert await refused(hub, tokens["refresh_token"])


async def test_s43_next_token_carries_the_rights_of_now(hub: HubUnderTest) -> None:
    person = await hire(hub, ["sales"])
    tokens = await log_in(hub, person)
    await hub.api.patch(f"/v1/users/{person.id}", json={"roles": ["sales", "marketing"]})
    assert "segments:write" in (await refresh(hub, tokens["refresh_token"])).json()["scope"]


async def test_access_token_of_another_persons_session_does_not_count(hub: HubUnderTest) -> None:
    """S-42: the session in a token must be the subject's own."""
    thief, victim = await hire(hub), await hire(hub)
    session = hub.app.hub.tokens.verifier.verify((await log_in(hub, thief))["access_token"]).sid
    for sid in (session, new_id().hex, "no session", None):
        token = hub.app.signer.issue(subject=victim.id, client_id="hub", scope=[], session=sid, rights_version=1)
        assert (await hub.client(token=token).get("/v1/me")).status_code == 401


async def test_sessions_that_ended_are_cleaned_up(fresh_hub: HubUnderTest) -> None:
    person = await hire(fresh_hub)
    old = await log_in(fresh_hub, person)
    await try_login(fresh_hub, Person("", "nobody@example.com"))
    await refresh(fresh_hub, old["refresh_token"])
    await fresh_hub.api.post("/v1/oauth/revoke", data={"token": fresh_hub.token(["customers:read"])})
    fresh_hub.clock.advance(timedelta(days=16).total_seconds())
    young = await log_in(fresh_hub, person)
    await try_login(fresh_hub, person, password="wrong horse battery staple")
    await clean_up(fresh_hub.app.hub.unit_of_work(SYSTEM, "tests"))
    counts = [
        (await fresh_hub.rows(f"SELECT count(*) FROM {table}"))[0][0]  # noqa: S608  # no input
        for table in ("sessions", "spent_refresh_tokens", "denied_tokens", "login_counters")
    ]
    assert counts == [1, 0, 0, 1]
    assert not await refused(fresh_hub, young["refresh_token"])


async def test_entering_needs_no_scope(hub: HubUnderTest) -> None:
    client = await enter(hub, Person("", (await hire(hub)).email))
    assert (await client.get("/v1/me")).json()["scopes"] == []
