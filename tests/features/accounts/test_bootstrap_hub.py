"""The first administrator of a new hub (S-51)."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import httpx

from custhub.features.accounts.service.operator import OPERATOR_ACTOR, issue_bootstrap_token
from tests.features.accounts.staff import PASSWORD, Person, enter, hire, notes, raw
from tests.hub import HubUnderTest


async def issue(hub: HubUnderTest) -> str:
    work = hub.app.hub.unit_of_work(OPERATOR_ACTOR, "tests")
    token, _ = issue_bootstrap_token(work)
    await work.commit()
    return token


async def bootstrap(hub: HubUnderTest, token: str, **members: Any) -> httpx.Response:
    body = {"token": token, "email": "Admin@Example.com", "name": "王伟", "password": PASSWORD} | members
    async with raw(hub) as client:
        return await client.post("/v1/auth/bootstrap", json=body)


async def test_s51_token_makes_the_first_administrator(fresh_hub: HubUnderTest) -> None:
    token = await issue(fresh_hub)
    assert token.startswith("chb_")
    body = {"token": token, "email": "Admin@Example.com", "name": "王伟", "password": PASSWORD}
    made = await fresh_hub.client(token="").post("/v1/auth/bootstrap", json=body)
    assert made.status_code == 201
    assert made.headers["location"] == f"/v1/users/{made.json()['id']}"
    assert made.json()["roles"] == ["admin"]
    client = await enter(fresh_hub, Person(made.json()["id"], "admin@example.com"))
    assert (await client.get(made.headers["location"])).json() == made.json()
    assert len(await notes(fresh_hub, "bootstrap.issued")) == 1


async def test_s51_token_works_once(fresh_hub: HubUnderTest) -> None:
    token = await issue(fresh_hub)
    assert (await bootstrap(fresh_hub, token)).status_code == 201
    again = await bootstrap(fresh_hub, token, email="second@example.com")
    assert (again.status_code, again.json()["code"]) == (401, "invalid_bootstrap_token")


async def test_s51_of_racing_uses_one_wins(fresh_hub: HubUnderTest) -> None:
    """Also with two tokens: there is one first administrator."""
    tokens = [await issue(fresh_hub), await issue(fresh_hub)]
    answers = await asyncio.gather(*(bootstrap(fresh_hub, tokens[i % 2], email=f"a{i}@example.com") for i in range(6)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 401: 5}
    assert (await fresh_hub.rows("SELECT count(*) FROM users"))[0][0] == 1


async def test_s51_token_ends_after_a_quarter_of_an_hour(fresh_hub: HubUnderTest) -> None:
    token = await issue(fresh_hub)
    fresh_hub.clock.advance(900)
    assert (await bootstrap(fresh_hub, token)).status_code == 401


async def test_s51_hub_with_an_administrator_takes_no_first_one(fresh_hub: HubUnderTest) -> None:
    await hire(fresh_hub, ["admin"])
    assert (await bootstrap(fresh_hub, await issue(fresh_hub))).status_code == 401


async def test_s51_refused_attempts_leave_the_token_alone(fresh_hub: HubUnderTest) -> None:
    token = await issue(fresh_hub)
    assert (await bootstrap(fresh_hub, token, password="short")).json()["code"] == "password_too_weak"
    assert (await bootstrap(fresh_hub, "chb_" + "0" * 43)).status_code == 401
    await hire(fresh_hub, [], email="admin@example.com")
    taken = await bootstrap(fresh_hub, token)
    assert (taken.status_code, taken.json()["code"]) == (409, "email_taken")
    assert (await bootstrap(fresh_hub, token, email="other@example.com")).status_code == 201
