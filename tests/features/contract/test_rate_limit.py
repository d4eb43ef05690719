"""Requests per minute and principal (contract_f1, contract_e3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from custhub.kit.ids import Prefix, new_id, to_text
from custhub.settings import Settings
from tests.customers import problem_of
from tests.databases import TestDatabases
from tests.hub import HubUnderTest, make_customer
from tests.principals import make_principal

LIMIT = 5


@pytest.fixture
async def limited(tmp_path: Path, databases: TestDatabases) -> AsyncIterator[HubUnderTest]:
    """A hub that allows five requests a minute. Counting needs no database, so one engine is enough."""
    databases.sqlite_copy(tmp_path / "data" / "custhub.db")
    hub = await HubUnderTest(tmp_path, rate_limit="on", rate_limit_per_minute=LIMIT).start()
    yield hub
    await hub.stop()


def _left(answer: httpx.Response) -> tuple[str, str]:
    return answer.headers["ratelimit"], answer.headers["ratelimit-policy"]


async def test_each_authenticated_answer_says_what_is_left(limited: HubUnderTest) -> None:
    """contract_f1: RateLimit and RateLimit-Policy, on refusals of authenticated callers too."""
    policy = f'"default";q={LIMIT};w=60'
    unknown = f"/v1/customers/{to_text(Prefix.CUSTOMER, new_id())}"
    assert _left(await limited.api.get("/v1/customers")) == ('"default";r=4;t=60', policy)
    limited.clock.advance(29.5)
    assert _left(await limited.api.get(unknown)) == ('"default";r=3;t=31', policy)
    assert _left(await limited.api.post("/v1/customers", json={"x": 1})) == ('"default";r=2;t=31', policy)
    assert _left(await limited.api.get("/v1/customers", params={"x": 1})) == ('"default";r=1;t=31', policy)


async def test_who_is_over_the_limit_waits_as_long_as_retry_after_says(limited: HubUnderTest) -> None:
    """contract_e3, contract_f1: 429 with Retry-After; then the window is new."""
    for _ in range(LIMIT):
        assert (await limited.api.get("/v1/customers")).status_code == 200
    limited.clock.advance(20)
    refused = await limited.api.post("/v1/customers", json=make_customer())
    problem_of(refused, 429, "rate_limited")
    wait = int(refused.headers["retry-after"])
    assert 40 <= wait <= 41
    assert refused.headers["ratelimit"] == f'"default";r=0;t={wait}'
    limited.clock.advance(39)
    assert (await limited.api.get("/v1/customers")).status_code == 429
    limited.clock.advance(wait - 39)
    assert (await limited.api.get("/v1/customers")).status_code == 200
    assert (await limited.rows("SELECT count(*) FROM customers"))[0][0] == 0


async def test_principals_are_counted_apart(limited: HubUnderTest) -> None:
    """contract_f1: per principal, whatever token it comes with."""
    one, other = make_principal(), make_principal()
    clients = [limited.client_of(one), limited.client_of(one)]
    for i in range(LIMIT):
        assert (await clients[i % 2].get("/v1/customers")).status_code == 200
    assert (await clients[0].get("/v1/customers")).status_code == 429
    assert (await clients[1].get("/v1/customers")).status_code == 429
    assert (await limited.client_of(other).get("/v1/customers")).status_code == 200


async def test_who_is_nobody_is_not_counted(limited: HubUnderTest) -> None:
    """contract_f1: without a principal there is nothing to count by, and no header."""
    for _ in range(LIMIT + 1):
        answer = await limited.client(token="").get("/v1/customers")
        assert answer.status_code == 401
        assert "ratelimit" not in answer.headers
    assert "ratelimit" not in (await limited.api.get("/v1/nothing")).headers


async def test_off_counts_nothing(hub: HubUnderTest) -> None:
    """contract_f1: CUSTHUB_RATE_LIMIT=off, for benchmarks and contract checks."""
    answer = await hub.api.get("/v1/customers")
    assert "ratelimit" not in answer.headers


def test_off_is_refused_in_production(tmp_path: Path) -> None:
    """contract_f1: a production start does not lift limits."""
    with pytest.raises(ValueError, match="CUSTHUB_RATE_LIMIT"):
        Settings(profile="production", rate_limit="off", home=tmp_path)


def test_the_default_is_six_thousand_a_minute(tmp_path: Path) -> None:
    """contract_f1: the limit by default."""
    assert Settings(home=tmp_path).rate_limit_per_minute == 6_000
