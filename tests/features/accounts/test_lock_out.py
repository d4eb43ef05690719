"""Accounts and addresses that try too often (S-49, S-47a)."""

from __future__ import annotations

import asyncio

import pytest

from tests.features.accounts.conftest import StartHub
from tests.features.accounts.staff import Person, enter, hire, log_in, raw, try_login
from tests.hub import HubUnderTest

WRONG = "wrong horse battery staple"


async def fail(hub: HubUnderTest, person: Person, times: int, peer: str = "127.0.0.1") -> list[int]:
    return [(await try_login(hub, person, password=WRONG, peer=peer)).status_code for _ in range(times)]


@pytest.mark.parametrize("exists", [True, False])
async def test_s49_five_failures_lock_and_each_further_one_locks_twice_as_long(
    fresh_hub: HubUnderTest, exists: bool
) -> None:
    """Known and unknown accounts lock alike: the lock tells nothing."""
    person = await hire(fresh_hub) if exists else Person("", "nobody@example.com")
    assert await fail(fresh_hub, person, 5) == [401] * 5
    for seconds in (30, 60, 120, 240, 480, 900, 900):
        answer = await try_login(fresh_hub, person, password=WRONG)
        assert (answer.status_code, answer.json()["code"]) == (429, "account_locked")
        assert answer.headers["retry-after"] == str(seconds)
        fresh_hub.clock.advance(seconds - 1)
        assert (await try_login(fresh_hub, person, password=WRONG)).headers["retry-after"] == "1"
        fresh_hub.clock.advance(1)
        assert await fail(fresh_hub, person, 1) == [401]


async def test_s49_right_password_is_not_heard_while_locked_and_ends_the_streak_after(fresh_hub: HubUnderTest) -> None:
    person = await hire(fresh_hub)
    await fail(fresh_hub, person, 5)
    assert (await try_login(fresh_hub, person)).status_code == 429
    fresh_hub.clock.advance(30)
    await log_in(fresh_hub, person)
    assert await fail(fresh_hub, person, 4) == [401] * 4
    await log_in(fresh_hub, person)


async def test_s49_quiet_quarter_of_an_hour_ends_the_streak(fresh_hub: HubUnderTest) -> None:
    person = await hire(fresh_hub)
    await fail(fresh_hub, person, 4)
    fresh_hub.clock.advance(15 * 60)
    assert await fail(fresh_hub, person, 5) == [401] * 5
    assert (await try_login(fresh_hub, person)).status_code == 429


async def test_s49_parallel_guesses_are_counted_before_any_is_looked_at(fresh_hub: HubUnderTest) -> None:
    """Twelve at once are not twelve guesses: five are heard."""
    person = await hire(fresh_hub)
    answers = await asyncio.gather(*(try_login(fresh_hub, person, password=WRONG) for _ in range(12)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses.count(401) == 5
    assert set(statuses) == {401, 429}


async def test_s49_a_lock_of_one_account_leaves_others_alone(fresh_hub: HubUnderTest) -> None:
    locked, other = await hire(fresh_hub), await hire(fresh_hub)
    await fail(fresh_hub, locked, 6)
    await log_in(fresh_hub, other)


async def test_s49_guessing_the_password_of_an_open_session_locks_too(fresh_hub: HubUnderTest) -> None:
    person = await hire(fresh_hub)
    owner = await enter(fresh_hub, person)
    body = {"current_password": WRONG, "password": "another long password"}
    answers = [(await owner.post("/v1/auth/password", json=body)).status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    assert (await try_login(fresh_hub, person)).status_code == 429


async def test_s49_twenty_logins_a_minute_from_one_address(start_hub: StartHub) -> None:
    hub = await start_hub(rate_limit="on")
    people = [Person("", f"p{i}@example.com") for i in range(25)]
    peer = "203.0.113.9"
    answers = [await try_login(hub, person, password=WRONG, peer=peer) for person in people]
    assert [answer.status_code for answer in answers] == [401] * 20 + [429] * 5
    assert answers[-1].json()["code"] == "too_many_logins"
    assert answers[-1].headers["retry-after"] == "60"
    assert (await try_login(hub, people[0], password=WRONG, peer="203.0.113.10")).status_code == 401
    hub.clock.advance(60)
    assert (await try_login(hub, people[0], password=WRONG, peer=peer)).status_code == 401


async def test_s49_knocking_at_a_locked_account_counts_for_the_address(start_hub: StartHub) -> None:
    hub = await start_hub(rate_limit="on")
    person = await hire(hub)
    codes = [(await try_login(hub, person, password=WRONG)).json()["code"] for _ in range(21)]
    assert codes == ["invalid_credentials"] * 5 + ["account_locked"] * 15 + ["too_many_logins"]


async def test_contract_f1_rate_limit_off_lifts_the_rule_of_addresses_alone(fresh_hub: HubUnderTest) -> None:
    person = await hire(fresh_hub)
    others = [Person("", f"p{i}@example.com") for i in range(21)]
    assert {(await try_login(fresh_hub, other, password=WRONG)).status_code for other in others} == {401}
    assert (await fail(fresh_hub, person, 6))[-1] == 429


@pytest.mark.parametrize(("trusted", "answers"), [("", {429}), ("10.0.0.0/8", {401})])
async def test_s47a_forwarded_for_counts_only_from_trusted_proxies(
    start_hub: StartHub, trusted: str, answers: set[int]
) -> None:
    hub = await start_hub(rate_limit="on", trusted_proxies=trusted)
    async with raw(hub, peer="10.0.0.1") as client:
        for i in range(25):
            answer = await client.post(
                "/v1/auth/login",
                json={"email": f"p{i}@example.com", "password": WRONG},
                headers={"X-Forwarded-For": f"198.51.100.{i}"},
            )
    assert {answer.status_code} == answers


async def test_s49_ipv6_addresses_of_one_subscriber_count_together(start_hub: StartHub) -> None:
    hub = await start_hub(rate_limit="on")
    answers = [
        await try_login(hub, Person("", f"p{i}@example.com"), password=WRONG, peer=f"2001:db8:1:2::{i:x}")
        for i in range(21)
    ]
    assert answers[-1].status_code == 429


async def test_s20_counters_name_neither_account_nor_address(fresh_hub: HubUnderTest) -> None:
    person = await hire(fresh_hub)
    await fail(fresh_hub, person, 1, peer="203.0.113.9")
    for row in await fresh_hub.rows("SELECT * FROM login_counters"):
        assert b"203" not in bytes(row[0])
        assert len(row[0]) == 32
