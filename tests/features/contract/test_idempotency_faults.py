"""No effect without its answer, nor an answer without its effect, wherever it fails (contract_d3, reliability_r3).

RELIABILITY, section 8, N-th-failure loops: for each statement of a request, the driver raises once.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.customers import add_phone, create_customer, path_of, read_customer
from tests.faults import Fault, failing
from tests.hub import HubUnderTest, make_customer, make_number

_keys = itertools.count(1)
MOST_STATEMENTS = 40


async def _create(hub: HubUnderTest, key: dict[str, str], body: dict[str, Any]) -> httpx.Response:
    return await hub.api.post("/v1/customers", json=body, headers=key)


def _body() -> dict[str, Any]:
    return make_customer(
        phones=[{"number": make_number()}],
        emails=[{"email": "a@example.com"}],
        external_ids=[{"source": "shop", "id": make_number()}],
        tags=["VIP"],
    )


async def _counts(hub: HubUnderTest) -> list[int]:
    tables = ("customers", "customer_phones", "phone_claims", "customer_external_ids", "events", "audit_entries")
    sql = ", ".join(f"(SELECT count(*) FROM {table})" for table in (*tables, "idempotency_keys"))  # noqa: S608  # no input
    return list((await hub.rows(f"SELECT {sql}"))[0])


async def _each_statement(
    hub: HubUnderTest, attempt: Callable[[dict[str, str]], Awaitable[httpx.Response]], *, after: bool
) -> int:
    """Fail each statement of an attempt in turn and check the promises after each; how many there are."""
    for n in range(1, MOST_STATEMENTS):
        before = await _counts(hub)
        key = {"Idempotency-Key": f"fault-key-{next(_keys)}"}
        with failing(hub, Fault(n, after=after)) as fault:
            first = await attempt(key)
        rows = [now - then for now, then in zip(await _counts(hub), before, strict=True)]
        # Everything or nothing: the events, the audit entry and the stored answer stand or fall with the rows.
        assert rows[-1] == rows[-2] == rows[-3], (n, first.status_code, rows)
        assert first.status_code < 300 or first.status_code in (503, 507), (n, first.text)
        again = await attempt(key)
        assert again.status_code == (first.status_code if first.status_code < 300 else again.status_code)
        assert again.status_code in (200, 201), (n, again.text)
        assert ("idempotency-replayed" in again.headers) == bool(rows[-1]), (n, rows)
        total = [now - then for now, then in zip(await _counts(hub), before, strict=True)]
        assert total[-3:] == [1, 1, 1], (n, total)
        if not fault.has_struck:
            return n - 1
    raise AssertionError("the request sends more statements than expected")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_create_that_fails_anywhere_has_its_effect_with_its_answer_or_not_at_all(
    fresh_hub: HubUnderTest, *, after: bool
) -> None:
    """contract_d3: a crash never leaves an effect without its answer; the retry has exactly one effect."""
    bodies: dict[str, dict[str, Any]] = {}

    async def attempt(key: dict[str, str]) -> httpx.Response:
        return await _create(fresh_hub, key, bodies.setdefault(key["Idempotency-Key"], _body()))

    statements = await _each_statement(fresh_hub, attempt, after=after)
    # One of PostgreSQL is the question to the suppression list.
    assert statements == (2 if fresh_hub.engine == "postgresql" else 14)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_adding_a_phone_that_fails_anywhere_is_whole_or_nothing(fresh_hub: HubUnderTest, *, after: bool) -> None:
    """contract_d3, contract_a4: number, claim, revision and answer together."""
    customers: dict[str, tuple[dict[str, Any], str]] = {}

    async def attempt(key: dict[str, str]) -> httpx.Response:
        customer, number = customers[key["Idempotency-Key"]]
        return await fresh_hub.api.post(f"{path_of(customer)}/phones", json={"number": number}, headers=key)

    for n in range(1, MOST_STATEMENTS):
        key = f"phone-key-{next(_keys)}"
        customers[key] = (await create_customer(fresh_hub.api), make_number())
        header = {"Idempotency-Key": key}
        with failing(fresh_hub, Fault(n, after=after)) as fault:
            first = await attempt(header)
        assert first.status_code in (201, 503, 507), first.text
        half = await read_customer(fresh_hub.api, customers[key][0])
        assert (half["revision"], len(half["phones"])) in ((1, 0), (2, 1))
        again = await attempt(header)
        assert again.status_code == 201, again.text
        assert ("idempotency-replayed" in again.headers) == (half["revision"] == 2)
        whole = await read_customer(fresh_hub.api, customers[key][0])
        assert (whole["revision"], len(whole["phones"])) == (2, 1)
        if not fault.has_struck:
            return
    raise AssertionError("the request sends more statements than expected")


async def test_a_refusal_that_cannot_be_stored_is_still_a_refusal(fresh_hub: HubUnderTest) -> None:
    """contract_d3: storing a 4xx is a transaction of its own; without it the next attempt is judged anew."""
    customer = await create_customer(fresh_hub.api)
    phone = await add_phone(fresh_hub.api, customer)
    key = {"Idempotency-Key": "refusal-key"}
    body = make_customer(display_name="\u200b")
    with failing(fresh_hub, Fault(1, hits=lambda sql: "idempotency_keys" in sql and "INSERT" in sql)) as fault:
        first = await _create(fresh_hub, key, body)
    assert fault.has_struck
    assert first.status_code in (422, 503, 507)
    assert (await _create(fresh_hub, key, body)).status_code == 422
    assert phone["is_primary"] is True
