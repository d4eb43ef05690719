"""Opening a number in full: with a reason, audited before it is shown, under quota (S-22, S-23)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from custhub.security.fields import Access, Field, everything
from tests.client import ApiClient
from tests.customers import add_phone, create_customer, path_of, problem_of
from tests.databases import TestDatabases
from tests.faults import Fault, failing
from tests.hub import HubUnderTest, make_number
from tests.principals import make_principal
from tests.sealed import newest_details

REASON = {"reason": "call_back"}
REASONS = [
    "call_back", "delivery", "complaint", "identity_check", "data_subject_request", "fraud_check", "legal_duty",
]  # fmt: skip
MINUTE, DAY = 60, 24 * 60 * 60


@pytest.fixture
async def guarded(engine: str, tmp_path: Path, databases: TestDatabases) -> AsyncIterator[HubUnderTest]:
    """A hub of one test with quotas on."""
    url = databases.postgres_url() if engine == "postgresql" else ""
    if not url:
        databases.sqlite_copy(tmp_path / "data" / "custhub.db")
    hub = await HubUnderTest(tmp_path, url, rate_limit="on").start()
    yield hub
    await hub.stop()


async def _path(api: ApiClient, number: str = "") -> str:
    customer = await create_customer(api)
    return f"{path_of(customer, await add_phone(api, customer, number))}/reveal"


async def test_reveal_needs_a_token_and_its_scope(hub: HubUnderTest) -> None:
    path = await _path(hub.api)
    problem_of(await hub.client(token="").post(path, json=REASON), 401, "token_missing")
    refused = await hub.client(["customers:read", "customers:write"]).post(path, json=REASON)
    assert problem_of(refused, 403, "insufficient_scope")["scope"] == "phones:reveal"


async def test_a_role_that_sees_no_phones_reveals_none(hub: HubUnderTest) -> None:
    """S-61: the field policy comes before the scope."""
    fields = everything(Access.READ) | {Field.PHONES.value: Access.HIDDEN}
    blind = hub.client_of(make_principal(fields=fields))
    problem_of(await blind.post(await _path(hub.api), json=REASON), 403, "field_hidden")


@pytest.mark.parametrize("reason", REASONS)
async def test_reveal_shows_the_number_and_is_never_stored(hub: HubUnderTest, reason: str) -> None:
    """S-22, S-112: e164, no-store."""
    number = make_number()
    answer = await hub.api.post(await _path(hub.api, number), json={"reason": reason})
    assert answer.json() == {"e164": f"+86{number}", "extension": None}
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


async def test_reveal_shows_the_extension_apart(hub: HubUnderTest) -> None:
    """contract_b4: an extension is kept."""
    answer = await hub.api.post(await _path(hub.api, "021 6384 1234 转 8001"), json=REASON)
    assert answer.json() == {"e164": "+862163841234", "extension": "8001"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({}, "#/reason"), ({"reason": "curious"}, "#/reason"), ({"reason": "call_back", "note": "x" * 201}, "#/note")],
)
async def test_reveal_without_a_reason_is_refused(hub: HubUnderTest, body: dict[str, Any], pointer: str) -> None:
    """S-22: one of the closed list."""
    problem = problem_of(await hub.api.post(await _path(hub.api), json=body), 422, "validation_failed")
    assert problem["errors"][0]["pointer"] == pointer


async def test_each_reveal_leaves_an_entry_with_who_what_and_why(fresh_hub: HubUnderTest) -> None:
    """S-22, S-71, S-75: names and ids in clear, the note sealed."""
    customer = await create_customer(fresh_hub.api)
    phone = await add_phone(fresh_hub.api, customer)
    body = {"reason": "delivery", "note": "gate is locked"}
    await fresh_hub.api.post(f"{path_of(customer, phone)}/reveal", json=body)
    columns = "action, object_type, reason, outcome, fields, actor_kind, details"
    row = (await fresh_hub.rows(f"SELECT {columns} FROM audit_entries ORDER BY id DESC LIMIT 1"))[0]  # noqa: S608  # no input
    assert tuple(row)[:6] == ("phone.revealed", "phone", "delivery", "done", '["phones"]', "operator")
    assert b"gate" not in bytes(row[6])
    assert await newest_details(fresh_hub, customer) == {"note": "gate is locked"}


async def test_no_number_without_its_audit_entry(fresh_hub: HubUnderTest) -> None:
    """S-22: the audit row commits before the answer; whatever statement fails, the number does not leave."""
    number = make_number()
    path = await _path(fresh_hub.api, number)
    for n in range(1, 10):
        before = (await fresh_hub.rows("SELECT count(*) FROM audit_entries"))[0][0]
        with failing(fresh_hub, Fault(n)) as fault:
            answer = await fresh_hub.api.post(path, json=REASON)
        entries = (await fresh_hub.rows("SELECT count(*) FROM audit_entries"))[0][0] - before
        assert (answer.status_code == 200) == (number in answer.text)
        if answer.status_code == 200:
            assert entries == 1
        else:
            assert answer.status_code in (503, 507)
            assert entries == 0
        if not fault.has_struck:
            return
    raise AssertionError("the reveal sends more statements than expected")


async def test_reveal_of_an_archived_customer_is_allowed(hub: HubUnderTest) -> None:
    """S-22: a complaint may come late."""
    customer = await create_customer(hub.api, phones=[{"number": make_number()}])
    await hub.api.post(f"{path_of(customer)}/archive")
    answer = await hub.api.post(f"{path_of(customer, customer['phones'][0])}/reveal", json=REASON)
    assert answer.status_code == 200


async def test_twenty_reveals_a_minute_and_no_more(guarded: HubUnderTest) -> None:
    """S-23: 429 with the seconds until the oldest one is a minute old."""
    path = await _path(guarded.api)
    for i in range(20):
        assert (await guarded.api.post(path, json=REASON)).status_code == 200, i
        guarded.clock.advance(2)
    refused = await guarded.api.post(path, json=REASON)
    problem_of(refused, 429, "reveal_quota_exceeded")
    wait = int(refused.headers["retry-after"])
    assert 20 <= wait <= 21
    guarded.clock.advance(wait - 2)
    assert (await guarded.api.post(path, json=REASON)).status_code == 429
    guarded.clock.advance(2)
    assert (await guarded.api.post(path, json=REASON)).status_code == 200


async def test_a_hundred_reveals_a_day_and_no_more(guarded: HubUnderTest) -> None:
    """S-23: and an event when four fifths are used."""
    api = guarded.client_of(make_principal())
    path = await _path(guarded.api)
    for i in range(100):
        assert (await api.post(path, json=REASON)).status_code == 200, i
        guarded.clock.advance(4)
        neared = await guarded.rows("SELECT data FROM events WHERE type = 'reveal_quota.neared'")
        assert len(neared) == (1 if i >= 79 else 0)
    refused = await api.post(path, json=REASON)
    problem_of(refused, 429, "reveal_quota_exceeded")
    wait = int(refused.headers["retry-after"])
    assert DAY - 400 <= wait <= DAY - 400 + 1
    guarded.clock.advance(wait)
    assert (await api.post(path, json=REASON)).status_code == 200
    assert "138" not in neared[0][0]


async def test_a_role_may_have_a_quota_of_its_own(guarded: HubUnderTest) -> None:
    """SECURITY section 3: sales reveals 50 a day."""
    api = guarded.client_of(make_principal(reveals_per_day=3))
    path = await _path(guarded.api)
    statuses = [(await api.post(path, json=REASON)).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]


async def test_principals_have_quotas_of_their_own(guarded: HubUnderTest) -> None:
    """S-23: per principal."""
    path = await _path(guarded.api)
    for _ in range(2):
        api = guarded.client_of(make_principal(reveals_per_day=1))
        assert [(await api.post(path, json=REASON)).status_code for _ in range(2)] == [200, 429]


async def test_parallel_reveals_do_not_overrun_the_quota(guarded: HubUnderTest) -> None:
    """S-23: two at once must not both see the last free place."""
    api = guarded.client_of(make_principal(reveals_per_day=5))
    path = await _path(guarded.api)
    answers = await asyncio.gather(*(api.post(path, json=REASON) for _ in range(15)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 10


async def test_a_refused_reveal_neither_counts_nor_shows(guarded: HubUnderTest) -> None:
    """S-23: the wait does not grow by asking; the number is in no refusal."""
    number = make_number()
    api = guarded.client_of(make_principal(reveals_per_day=1))
    path = await _path(guarded.api, number)
    await api.post(path, json=REASON)
    for _ in range(3):
        answer = await api.post(path, json=REASON)
        assert number[3:] not in answer.text
    assert (await guarded.rows("SELECT count(*) FROM phone_uses"))[0][0] == 1
    guarded.clock.advance(DAY)
    assert (await api.post(path, json=REASON)).status_code == 200


async def test_a_reveal_of_nothing_does_not_count(guarded: HubUnderTest) -> None:
    """S-23: 404 and 422 use nothing up."""
    api = guarded.client_of(make_principal(reveals_per_day=1))
    path = await _path(guarded.api)
    assert (await api.post(path, json={"reason": "x"})).status_code == 422
    assert (await api.post(path[:-15] + "0000000/reveal", json=REASON)).status_code in (404, 422)
    assert (await api.post(path, json=REASON)).status_code == 200


async def test_off_lifts_the_quota_and_still_records(hub: HubUnderTest) -> None:
    """contract_f1: CUSTHUB_RATE_LIMIT=off, for benchmarks."""
    path = await _path(hub.api)
    for _ in range(25):
        assert (await hub.api.post(path, json=REASON)).status_code == 200
