"""Finding customers by number (S-09, S-10, S-14, S-24, contract_b4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from custhub.security.reach import scoped
from custhub.settings import Settings
from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of
from tests.databases import TestDatabases
from tests.hub import HubUnderTest, make_customer, make_number
from tests.principals import add_user, make_principal

LOOKUP = "/v1/customers/lookup"
EMPTY: dict[str, Any] = {"data": [], "next_cursor": None, "has_more": False}
DAY = 24 * 60 * 60
SPELLINGS = (
    "{n}", "{a} {b} {c}", "{a}-{b}-{c}", "+86{n}", "+86 {a} {b} {c}", "0086{n}", "(+86) {n}", "86{n}", "tel:+86-{n}",
    "{a}.{b}.{c}", "  {n}  ", "＋８６ {n}", "+86 (0) {n}",
)  # fmt: skip


@pytest.fixture
async def guarded(engine: str, tmp_path: Path, databases: TestDatabases) -> AsyncIterator[HubUnderTest]:
    """A hub of one test with quotas on."""
    url = databases.postgres_url() if engine == "postgresql" else ""
    if not url:
        databases.sqlite_copy(tmp_path / "data" / "custhub.db")
    hub = await HubUnderTest(tmp_path, url, rate_limit="on").start()
    yield hub
    await hub.stop()


async def _ids(api: ApiClient, **body: Any) -> list[str]:
    answer = await api.post(LOOKUP, json=body)
    assert answer.status_code == 200, answer.text
    return [customer["id"] for customer in answer.json()["data"]]


async def test_lookup_needs_a_token_and_its_scope(hub: HubUnderTest) -> None:
    """S-14."""
    body = {"phone": make_number()}
    problem_of(await hub.client(token="").post(LOOKUP, json=body), 401, "token_missing")
    refused = await hub.client(["customers:read"]).post(LOOKUP, json=body)
    assert problem_of(refused, 403, "insufficient_scope")["scope"] == "phones:lookup"


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_every_spelling_finds_the_same_customer(hub: HubUnderTest, spelling: str) -> None:
    """S-09: normalised before it is hashed."""
    n = make_number()
    customer = await create_customer(hub.api, phones=[{"number": n}])
    answer = await hub.api.post(LOOKUP, json={"phone": spelling.format(n=n, a=n[:3], b=n[3:7], c=n[7:])})
    assert answer.json() == {"data": [customer], "next_cursor": None, "has_more": False}
    assert answer.headers["cache-control"] == "no-store"


async def test_an_unknown_and_an_unreachable_number_give_the_same_answer(hub: HubUnderTest) -> None:
    """S-14: identical but for the request id."""
    number = make_number()
    await create_customer(hub.api, phones=[{"number": number}], source="theirs")
    mine = hub.client_of(make_principal(reach=scoped(sources=["mine"])))
    hidden = await mine.post(LOOKUP, json={"phone": number})
    unknown = await mine.post(LOOKUP, json={"phone": make_number()})
    assert (hidden.status_code, hidden.content) == (unknown.status_code, unknown.content) == (200, unknown.content)
    assert hidden.json() == EMPTY
    assert {name for name in hidden.headers if name != "x-request-id"} == {
        name for name in unknown.headers if name != "x-request-id"
    }
    assert await _ids(mine, phone_last4=number[-4:]) == []


async def test_reach_decides_who_is_found(hub: HubUnderTest) -> None:
    """S-62: of a shared number, the reachable customers only."""
    number = make_number()
    mine = await create_customer(hub.api, source="mine", phones=[{"number": number, "shared": True}])
    theirs = await create_customer(hub.api, source="theirs", phones=[{"number": number, "shared": True}])
    scoped_api = hub.client_of(make_principal(reach=scoped(sources=["mine"])))
    assert await _ids(scoped_api, phone=number) == [mine["id"]]
    assert await _ids(hub.api, phone=number) == [mine["id"], theirs["id"]]


async def test_a_shared_number_finds_all_its_customers(hub: HubUnderTest) -> None:
    """S-13: a family line."""
    number = f"021 6384 {make_number()[-4:]}"
    made = [(await create_customer(hub.api, phones=[{"number": number}]))["id"] for _ in range(3)]
    assert await _ids(hub.api, phone=number) == made


async def test_an_archived_customer_is_not_found(hub: HubUnderTest) -> None:
    """contract_d6."""
    number = make_number()
    customer = await create_customer(hub.api, phones=[{"number": number}])
    await hub.api.post(f"{path_of(customer)}/archive")
    assert await _ids(hub.api, phone=number) == []
    assert customer["id"] not in await _ids(hub.api, phone_last4=number[-4:])
    await hub.api.post(f"{path_of(customer)}/restore")
    assert await _ids(hub.api, phone=number) == [customer["id"]]


async def test_the_country_of_a_national_spelling_is_given_or_the_default(hub: HubUnderTest) -> None:
    """contract_b4."""
    tail = make_number()[-4:]
    customer = await create_customer(hub.api, phones=[{"number": f"+44 7400 12{tail}", "shared": False}])
    assert await _ids(hub.api, phone=f"07400 12{tail}", country="GB") == [customer["id"]]
    assert await _ids(hub.api, phone=f"+44 7400 12{tail}", country="CN") == [customer["id"]]
    problem = problem_of(await hub.api.post(LOOKUP, json={"phone": "07400 12"}), 422, "phone_invalid")
    assert problem["errors"][0]["pointer"] == "#/phone"


async def test_an_extension_does_not_hide_the_number(hub: HubUnderTest) -> None:
    """contract_b4, S-09: the index is of the number; with and without extension it is found."""
    number = f"021 6385 {make_number()[-4:]}"
    customer = await create_customer(hub.api, phones=[{"number": f"{number} ext. 12"}])
    for text in (number, f"{number} ext. 12", f"{number} 转 99"):
        assert await _ids(hub.api, phone=text) == [customer["id"]]


async def test_variants_of_one_subscriber_find_each_other(hub: HubUnderTest) -> None:
    """S-09: the equivalence key is hashed."""
    tail = make_number()[-4:]
    customer = await create_customer(hub.api, phones=[{"number": f"+55 11 9 8765 {tail}"}])
    assert await _ids(hub.api, phone=f"+55 11 8765 {tail}") == [customer["id"]]


async def test_either_a_number_or_its_last_four(hub: HubUnderTest) -> None:
    """contract_b4."""
    problem_of(await hub.api.post(LOOKUP, json={}), 422, "lookup_ambiguous")
    both = {"phone": make_number(), "phone_last4": "1234"}
    problem_of(await hub.api.post(LOOKUP, json=both), 422, "lookup_ambiguous")
    for last4 in ("123", "12345", "abcd", "１２３４", "12 4"):
        problem = problem_of(await hub.api.post(LOOKUP, json={"phone_last4": last4}), 422, "validation_failed")
        assert problem["errors"][0]["pointer"] == "#/phone_last4"


def _same_bucket(hub: HubUnderTest) -> tuple[str, str]:
    """Two endings that share a last-4 bucket: a false positive by construction."""
    indexes = hub.app.keys.indexes
    seen: dict[int, str] = {}
    for i in range(10_000):
        digits = f"{i:04d}"
        bucket = indexes.last4(digits)
        if bucket in seen:
            return seen[bucket], digits
        seen[bucket] = digits
    raise AssertionError("4,096 buckets hold 10,000 endings")


async def test_strangers_of_the_bucket_are_opened_and_dropped(fresh_hub: HubUnderTest) -> None:
    """S-10: 4,096 buckets for 10,000 endings; the API filters."""
    mine, other = _same_bucket(fresh_hub)
    wanted = await create_customer(fresh_hub.api, phones=[{"number": f"1391234{mine}"}])
    await create_customer(fresh_hub.api, phones=[{"number": f"1391234{other}"}])
    assert await _ids(fresh_hub.api, phone_last4=mine) == [wanted["id"]]


async def test_pages_of_last_four_may_be_short_and_lose_nobody(fresh_hub: HubUnderTest) -> None:
    """S-10, contract_c2: a page filtered after opening has a cursor as long as there is more."""
    mine, other = _same_bucket(fresh_hub)
    wanted: list[str] = []
    for i in range(12):
        ending = mine if i % 3 == 0 else other
        customer = await create_customer(fresh_hub.api, phones=[{"number": f"139{i:04d}{ending}"}])
        wanted += [customer["id"]] if ending == mine else []
    found: list[str] = []
    sizes: list[int] = []
    body: dict[str, Any] = {"phone_last4": mine, "limit": 2}
    while True:
        page = (await fresh_hub.api.post(LOOKUP, json=body)).json()
        found += [customer["id"] for customer in page["data"]]
        sizes.append(len(page["data"]))
        assert page["has_more"] is (page["next_cursor"] is not None)
        if page["next_cursor"] is None:
            break
        body["cursor"] = page["next_cursor"]
    assert found == wanted
    assert len(sizes) == 6
    assert min(sizes) < 2


async def test_a_cursor_of_another_lookup_is_refused(hub: HubUnderTest) -> None:
    """contract_c2: bound to principal and digits; it stands in the body."""
    for i in range(3):
        await create_customer(hub.api, phones=[{"number": f"1371{i:03d}7777"}])
    cursor = (await hub.api.post(LOOKUP, json={"phone_last4": "7777", "limit": 1})).json()["next_cursor"]
    other = hub.client_of(make_principal())
    for api, body in (
        (hub.api, {"phone_last4": "7778", "cursor": cursor}),
        (other, {"phone_last4": "7777", "cursor": cursor}),
        (hub.api, {"phone_last4": "7777", "cursor": cursor[:-2] + "AA"}),
    ):
        problem = problem_of(await api.post(LOOKUP, json=body), 422, "invalid_cursor")
        assert [(e["pointer"], e["location"]) for e in problem["errors"]] == [("#/cursor", "body")]


async def test_every_lookup_is_audited_with_what_it_found(fresh_hub: HubUnderTest) -> None:
    """S-75: by number or by ending; no number in it."""
    number = make_number()
    customer = await create_customer(fresh_hub.api, phones=[{"number": number}])
    await _ids(fresh_hub.api, phone=number)
    await _ids(fresh_hub.api, phone=make_number())
    await _ids(fresh_hub.api, phone_last4=number[-4:])
    rows = await fresh_hub.rows(
        "SELECT reason, outcome, fields FROM audit_entries WHERE action = 'phone.looked_up' ORDER BY id"
    )
    found = f'["{customer["id"]}"]'
    assert [tuple(row) for row in rows] == [
        ("number", "found", found), ("number", "not_found", "[]"), ("last4", "found", found),
    ]  # fmt: skip


async def test_thirty_lookups_a_minute_and_no_more(guarded: HubUnderTest) -> None:
    """S-24: of both kinds together; 429 with Retry-After."""
    api = guarded.client_of(make_principal())
    for i in range(30):
        body = {"phone": make_number()} if i % 2 else {"phone_last4": "1234"}
        assert (await api.post(LOOKUP, json=body)).status_code == 200
    guarded.clock.advance(10)
    refused = await api.post(LOOKUP, json={"phone": make_number()})
    problem_of(refused, 429, "lookup_quota_exceeded")
    assert 50 <= int(refused.headers["retry-after"]) <= 51
    guarded.clock.advance(int(refused.headers["retry-after"]))
    assert (await api.post(LOOKUP, json={"phone": make_number()})).status_code == 200


async def test_five_hundred_lookups_a_day_and_no_more(tmp_path: Path, databases: TestDatabases) -> None:
    """S-24: here with a smaller number, by setting."""
    databases.sqlite_copy(tmp_path / "data" / "custhub.db")
    hub = await HubUnderTest(tmp_path, rate_limit="on", lookup_per_day=40).start()
    assert Settings.model_fields["lookup_per_day"].default == 500
    assert Settings.model_fields["lookup_per_minute"].default == 30
    for _ in range(40):
        assert (await hub.api.post(LOOKUP, json={"phone": make_number()})).status_code == 200
        hub.clock.advance(5)
    refused = await hub.api.post(LOOKUP, json={"phone": make_number()})
    problem_of(refused, 429, "lookup_quota_exceeded")
    assert DAY - 200 <= int(refused.headers["retry-after"]) <= DAY - 199
    await hub.stop()


async def test_completing_a_mask_by_trial_is_refused(guarded: HubUnderTest) -> None:
    """S-24: twenty distinct numbers of one ending a day; the same number again is no trial, another ending neither."""
    api = guarded.client_of(make_principal())
    numbers = [f"139{i:04d}5678" for i in range(21)]
    for number in numbers[:20]:
        assert (await api.post(LOOKUP, json={"phone": number})).status_code == 200
        guarded.clock.advance(5)
    refused = await api.post(LOOKUP, json={"phone": numbers[20]})
    problem_of(refused, 429, "lookup_pattern_refused")
    assert int(refused.headers["retry-after"]) > 0
    guarded.clock.advance(60)
    assert (await api.post(LOOKUP, json={"phone": numbers[20]})).status_code == 429
    assert (await api.post(LOOKUP, json={"phone": numbers[3]})).status_code == 200
    assert (await api.post(LOOKUP, json={"phone": "13900005679"})).status_code == 200
    guarded.clock.advance(DAY)
    assert (await api.post(LOOKUP, json={"phone": numbers[20]})).status_code == 200


async def test_parallel_lookups_do_not_overrun_the_quota(guarded: HubUnderTest) -> None:
    """S-24: counted one after the other."""
    api = guarded.client_of(make_principal())
    answers = await asyncio.gather(*(api.post(LOOKUP, json={"phone": make_number()}) for _ in range(40)))
    assert sorted(answer.status_code for answer in answers) == [200] * 30 + [429] * 10


async def test_what_cannot_be_read_does_not_count(guarded: HubUnderTest) -> None:
    """S-24: a refused body finds nothing out."""
    api = guarded.client_of(make_principal())
    for _ in range(31):
        problem_of(await api.post(LOOKUP, json={"phone": "x"}), 422, "phone_invalid")
    assert (await api.post(LOOKUP, json={"phone": make_number()})).status_code == 200


async def test_a_taken_number_out_of_reach_counts_as_a_lookup(guarded: HubUnderTest) -> None:
    """S-14: or creating would be a way to ask without a quota."""
    number = make_number()
    holder = await create_customer(guarded.api, phones=[{"number": number}], source="theirs")
    user = await add_user(guarded.app.hub)
    seller = guarded.client_of(make_principal(reach=scoped(owner=user, sources=["mine"]), user_id=user))
    body = make_customer(source="mine", phones=[{"number": number}])
    for i in range(30):
        problem = problem_of(await seller.post("/v1/customers", json=body), 409, "phone_taken")
        assert "existing_id" not in problem, i
    refused = await seller.post("/v1/customers", json=body)
    problem_of(refused, 429, "lookup_quota_exceeded")
    assert "retry-after" in refused.headers
    problem_of(await seller.post(LOOKUP, json={"phone": make_number()}), 429, "lookup_quota_exceeded")
    # Within reach it is named, and costs nothing.
    for _ in range(31):
        answer = await guarded.api.post("/v1/customers", json=make_customer(phones=[{"number": number}]))
        assert problem_of(answer, 409, "phone_taken")["existing_id"] == holder["id"]
