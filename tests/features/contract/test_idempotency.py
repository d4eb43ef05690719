"""Idempotency-Key (contract_d3, reliability_r3)."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import httpx
import pytest

from custhub.kit.ids import Prefix, new_id, to_text
from custhub.kit.writes import WriteSet
from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of, read_customer
from tests.faults import Calls
from tests.hub import HubUnderTest, make_customer, make_number
from tests.principals import make_principal

DAY = 24 * 60 * 60
_keys = itertools.count(1)


def make_key() -> dict[str, str]:
    """A header with a key nobody else in this run uses."""
    return {"Idempotency-Key": f"key-of-a-test-{next(_keys)}"}


async def _count(hub: HubUnderTest, table: str) -> int:
    return int((await hub.rows(f"SELECT count(*) FROM {table}"))[0][0])  # noqa: S608  # no input


async def test_a_repeated_create_shows_the_first_answer(fresh_hub: HubUnderTest) -> None:
    """contract_d3: same status, body and Location, marked, and one effect."""
    key, body = make_key(), make_customer(phones=[{"number": make_number()}])
    first = await fresh_hub.api.post("/v1/customers", json=body, headers=key)
    second = await fresh_hub.api.post("/v1/customers", json=body, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert second.headers["location"] == first.headers["location"]
    assert second.headers["content-type"] == first.headers["content-type"]
    assert second.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert await _count(fresh_hub, "customers") == 1
    assert await _count(fresh_hub, "events") == 1
    assert await _count(fresh_hub, "audit_entries") == 1


async def test_another_body_under_the_same_key_is_refused(api: ApiClient) -> None:
    """contract_d3: 422, and the first answer stays."""
    key = make_key()
    first = await api.post("/v1/customers", json=make_customer(note="one"), headers=key)
    problem_of(
        await api.post("/v1/customers", json=make_customer(note="two"), headers=key), 422, "idempotency_key_reused"
    )
    # Refused for another reason if it came alone: it still is another request.
    problem_of(await api.post("/v1/customers", json={"x": 1}, headers=key), 422, "idempotency_key_reused")
    broken = {"content-type": "application/json"} | key
    problem_of(await api.post("/v1/customers", content=b"{", headers=broken), 422, "idempotency_key_reused")
    again = await api.post("/v1/customers", json=make_customer(note="one"), headers=key)
    assert again.json() == first.json()


async def test_another_spelling_of_the_same_body_is_the_same_request(api: ApiClient) -> None:
    """contract_d3: the fingerprint is of the RFC 8785 body: order, white space and escapes do not count."""
    headers = make_key() | {"content-type": "application/json"}
    first = await api.post("/v1/customers", content='{"display_name":"李娜","note":"x"}'.encode(), headers=headers)
    again = await api.post(
        "/v1/customers", content=rb'{ "note" : "\u0078", "display_name": "\u674e\u5a1c" }', headers=headers
    )
    assert (again.status_code, again.headers.get("idempotency-replayed")) == (201, "true")
    assert again.json() == first.json()


async def test_the_query_string_is_part_of_the_request(api: ApiClient) -> None:
    """contract_d3: `?atomic=true` asks for something else; so the same key is refused."""
    customer = await create_customer(api)
    key = make_key()
    assert (await api.post(f"{path_of(customer)}/archive", headers=key)).status_code == 200
    answer = await api.post(f"{path_of(customer)}/archive?", headers=key)
    assert answer.headers.get("idempotency-replayed") == "true"
    problem_of(await api.post(f"{path_of(customer)}/archive?x=1", headers=key), 422, "unknown_field")


async def test_twenty_twins_at_once_have_one_effect_and_one_answer(hub: HubUnderTest) -> None:
    """contract_d3: a request that lost to its own twin replays and never answers `phone_taken`."""
    key, body = make_key(), make_customer(phones=[{"number": make_number()}], external_ids=[_external_id()])
    answers = await asyncio.gather(*(hub.api.post("/v1/customers", json=body, headers=key) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert [answer.headers.get("idempotency-replayed") for answer in answers].count("true") == 19


async def test_twenty_twins_of_a_change_have_one_effect(hub: HubUnderTest) -> None:
    """contract_d3: twins race on the revision too, and the loser of that race shows the winner's answer."""
    customer = await create_customer(hub.api)
    key, number = make_key(), make_number()
    path = f"{path_of(customer)}/phones"
    answers = await asyncio.gather(*(hub.api.post(path, json={"number": number}, headers=key) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    now = await read_customer(hub.api, customer)
    assert (len(now["phones"]), now["revision"]) == (1, 2)


async def test_twins_that_are_refused_show_one_refusal(hub: HubUnderTest) -> None:
    """contract_d3: a stored 4xx is never stored over."""
    number = make_number()
    await create_customer(hub.api, phones=[{"number": number}])
    key, body = make_key(), make_customer(phones=[{"number": number}])
    answers = await asyncio.gather(*(hub.api.post("/v1/customers", json=body, headers=key) for _ in range(10)))
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(409, "phone_taken")}
    last = await hub.api.post("/v1/customers", json=body, headers=key)
    assert last.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("key", ["a" * 8, "a" * 255, "Az09_-Az", '"quoted-key"'])
async def test_keys_of_the_right_form_are_taken(hub: HubUnderTest, key: str) -> None:
    """contract_d3: 8 to 255 of [A-Za-z0-9_-], surrounding quotes stripped."""
    path = f"{path_of(await create_customer(hub.api))}/archive"
    for sent in (key, key.strip('"')):
        answer = await hub.api.post(path, headers={"Idempotency-Key": sent})
        assert answer.status_code == 200
    assert answer.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("key", ["", "a" * 7, "a" * 256, "with space", "ключ-ключ", "a.b.c.d.e", "abcd+1234"])
async def test_keys_of_another_form_are_refused(hub: HubUnderTest, key: str) -> None:
    """contract_d3: 400, nothing happens."""
    customer = await create_customer(hub.api)
    answer = await hub.api.post(f"{path_of(customer)}/archive", headers={b"Idempotency-Key": key.encode()})
    problem_of(answer, 400, "idempotency_key_invalid")
    assert (await read_customer(hub.api, customer))["archived_at"] is None


async def test_lookup_and_reveal_take_no_key(hub: HubUnderTest) -> None:
    """contract_d3: their answers are never stored."""
    customer = await create_customer(hub.api, phones=[{"number": make_number()}])
    reveal = f"{path_of(customer, customer['phones'][0])}/reveal"
    for path, body in ((reveal, {"reason": "call_back"}), ("/v1/customers/lookup", {"phone": make_number()})):
        answer = await hub.api.post(path, json=body, headers=make_key())
        problem_of(answer, 400, "idempotency_not_supported")


async def test_a_batch_must_carry_a_key(hub: HubUnderTest) -> None:
    """contract_d3: required where a repeated attempt does most harm."""
    if "/v1/customers/batch" not in hub.app.api.openapi()["paths"]:
        return
    answer = await hub.api.post("/v1/customers/batch", json={"items": [make_customer()]})
    problem_of(answer, 400, "idempotency_key_required")


async def test_a_key_on_other_methods_changes_nothing(hub: HubUnderTest) -> None:
    """contract_d3: POST only; a PATCH is idempotent by its ETag."""
    customer = await create_customer(hub.api)
    key = make_key()
    for note in ("one", "two"):
        answer = await hub.api.patch(path_of(customer), json={"note": note}, headers=key)
        assert (answer.status_code, answer.json()["note"]) == (200, note)
        assert "idempotency-replayed" not in answer.headers


async def test_a_replay_survives_later_changes(hub: HubUnderTest) -> None:
    """contract_d3: it shows what was, even of a customer that was changed and archived since."""
    key, body = make_key(), make_customer(phones=[{"number": make_number()}])
    first = await hub.api.post("/v1/customers", json=body, headers=key)
    await hub.api.patch(path_of(first.json()), json={"note": "changed"})
    await hub.api.post(f"{path_of(first.json())}/archive")
    again = await hub.api.post("/v1/customers", json=body, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())


async def test_a_repeated_archive_shows_its_first_answer(hub: HubUnderTest) -> None:
    """contract_d3: also where the second attempt alone would be refused."""
    path = f"{path_of(await create_customer(hub.api))}/archive"
    key = make_key()
    first = await hub.api.post(path, headers=key)
    again = await hub.api.post(path, headers=key)
    assert (again.status_code, again.content) == (200, first.content)
    problem_of(await hub.api.post(path), 409, "customer_archived")


REFUSALS: list[tuple[int, str, dict[str, Any]]] = [
    (422, "name_invalid", {"display_name": "\u200b"}),
    (422, "unknown_field", {"nick": "x"}),
    (422, "validation_failed", {"display_name": 1}),
    (409, "owner_unknown", {"owner_id": to_text(Prefix.USER, new_id())}),
]


@pytest.mark.parametrize(("status", "code", "members"), REFUSALS)
async def test_a_refusal_is_stored_too(hub: HubUnderTest, status: int, code: str, members: dict[str, Any]) -> None:
    """contract_d3: any 4xx but 401 and 429, after its rollback."""
    key, body = make_key(), make_customer(**members)
    first = await hub.api.post("/v1/customers", json=body, headers=key)
    problem_of(first, status, code)
    again = await hub.api.post("/v1/customers", json=body, headers=key)
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.status_code, again.json()) == (status, first.json())
    assert again.headers["content-type"] == "application/problem+json"


async def test_a_stored_refusal_outlives_its_reason(hub: HubUnderTest) -> None:
    """contract_d3: the number is free again, the key still shows the 409; a new key creates."""
    number = make_number()
    holder = await create_customer(hub.api, phones=[{"number": number}])
    key, body = make_key(), make_customer(phones=[{"number": number}])
    problem_of(await hub.api.post("/v1/customers", json=body, headers=key), 409, "phone_taken")
    await hub.api.post(f"{path_of(holder)}/archive")
    problem_of(await hub.api.post("/v1/customers", json=body, headers=key), 409, "phone_taken")
    assert (await hub.api.post("/v1/customers", json=body, headers=make_key())).status_code == 201


async def test_a_refused_scope_is_stored_as_any_4xx(hub: HubUnderTest) -> None:
    """contract_d3: 403 too; 401 names nobody and is not."""
    key, reader = make_key(), hub.client(["customers:read"])
    problem_of(await reader.post("/v1/customers", json=make_customer(), headers=key), 403, "insufficient_scope")
    again = await reader.post("/v1/customers", json=make_customer(), headers=key)
    assert again.headers["idempotency-replayed"] == "true"
    nobody = hub.client(token="")
    for _ in range(2):
        answer = await nobody.post("/v1/customers", json=make_customer(), headers=make_key())
        assert "idempotency-replayed" not in answer.headers


async def test_a_429_is_not_stored(hub: HubUnderTest) -> None:
    """contract_d3: when the quota is back, the same key works."""
    key, body = make_key(), make_customer()
    limiter = hub.app.hub.limiter
    limiter.limit = 0
    try:
        problem_of(await hub.api.post("/v1/customers", json=body, headers=key), 429, "rate_limited")
    finally:
        limiter.limit = None
    answer = await hub.api.post("/v1/customers", json=body, headers=key)
    assert (answer.status_code, answer.headers.get("idempotency-replayed")) == (201, None)


async def test_a_500_is_not_stored(hub: HubUnderTest) -> None:
    """contract_d3: after a bug is gone, the same key works."""
    key, body = make_key(), make_customer()
    cipher = hub.app.keys.cipher
    real = cipher.new_dek

    def broken(*_: object, **__: object) -> Any:
        raise ZeroDivisionError

    cipher.new_dek = broken  # type: ignore[method-assign]
    try:
        problem_of(await hub.api.post("/v1/customers", json=body, headers=key), 500, "internal_error")
    finally:
        cipher.new_dek = real  # type: ignore[method-assign]
    answer = await hub.api.post("/v1/customers", json=body, headers=key)
    assert (answer.status_code, answer.headers.get("idempotency-replayed")) == (201, None)


async def test_a_key_belongs_to_its_principal(hub: HubUnderTest) -> None:
    """contract_d3: the scope is principal + method + path."""
    key, body = make_key(), make_customer()
    first, second = hub.client_of(make_principal()), hub.client_of(make_principal())
    mine = await first.post("/v1/customers", json=body, headers=key)
    other = await second.post("/v1/customers", json=body, headers=key)
    assert "idempotency-replayed" not in other.headers
    assert other.json()["id"] != mine.json()["id"]


async def test_a_key_belongs_to_its_path(hub: HubUnderTest) -> None:
    """contract_d3: the same key archives two customers."""
    key = make_key()
    for _ in range(2):
        answer = await hub.api.post(f"{path_of(await create_customer(hub.api))}/archive", headers=key)
        assert (answer.status_code, answer.headers.get("idempotency-replayed")) == (200, None)


async def test_a_key_is_free_again_after_a_day(fresh_hub: HubUnderTest) -> None:
    """contract_d3: kept 24 h, to the second."""
    key, body = make_key(), make_customer()
    first = await fresh_hub.api.post("/v1/customers", json=body, headers=key)
    fresh_hub.clock.advance(DAY - 1)
    fresh_hub.api.headers["authorization"] = f"Bearer {fresh_hub.token()}"
    again = await fresh_hub.api.post("/v1/customers", json=body, headers=key)
    assert again.json()["id"] == first.json()["id"]
    fresh_hub.clock.advance(1)
    later = await fresh_hub.api.post("/v1/customers", json=body, headers=key)
    assert (later.status_code, later.headers.get("idempotency-replayed")) == (201, None)
    assert later.json()["id"] != first.json()["id"]
    again = await fresh_hub.api.post("/v1/customers", json=body, headers=key)
    assert (again.headers["idempotency-replayed"], again.json()) == ("true", later.json())


async def test_an_expired_key_is_taken_once_by_twenty_twins(fresh_hub: HubUnderTest) -> None:
    """contract_d3: an expired answer never lets an effect happen twice."""
    key, body = make_key(), make_customer(note="old")
    await fresh_hub.api.post("/v1/customers", json=body, headers=key)
    fresh_hub.clock.advance(DAY + 1)
    fresh_hub.api.headers["authorization"] = f"Bearer {fresh_hub.token()}"
    body = make_customer(note="new")
    answers = await asyncio.gather(*(fresh_hub.api.post("/v1/customers", json=body, headers=key) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await _count(fresh_hub, "customers") == 2


async def test_a_twin_that_comes_late_does_not_remove_the_answer_that_replaced_an_expired_one(
    fresh_hub: HubUnderTest,
) -> None:
    """contract_d3: between reading the expired answer and removing it, another twin has done the work."""
    key, body = make_key(), make_customer()
    await fresh_hub.api.post("/v1/customers", json=body, headers=key)
    fresh_hub.clock.advance(DAY + 1)
    fresh_hub.api.headers["authorization"] = f"Bearer {fresh_hub.token()}"

    class LateDelete(Calls):
        """Lets a whole twin run before the first delete is sent."""

        early: httpx.Response | None = None

        async def send(self, writes: WriteSet) -> None:
            if self.early is None and [write.operation for write in writes.writes] == ["delete"]:
                fresh_hub.app.hub.database = self._database
                self.early = await fresh_hub.api.post("/v1/customers", json=body, headers=key)
                fresh_hub.app.hub.database = self
            await super().send(writes)

    late = fresh_hub.app.hub.database = LateDelete(fresh_hub.app.database)
    answer = await fresh_hub.api.post("/v1/customers", json=body, headers=key)
    fresh_hub.app.hub.database = fresh_hub.app.database
    assert late.early is not None
    assert late.early.status_code == 201
    assert (answer.headers.get("idempotency-replayed"), answer.json()) == ("true", late.early.json())
    assert await _count(fresh_hub, "customers") == 2


async def test_the_row_names_its_customer_and_holds_no_number(fresh_hub: HubUnderTest) -> None:
    """contract_d3, SECURITY S-01: erasure finds it by the customer; the number is nowhere in it."""
    number = make_number()
    body = make_customer(phones=[{"number": number}], note=f"call {number}")
    answer = await fresh_hub.api.post("/v1/customers", json=body, headers=make_key())
    rows = await fresh_hub.rows("SELECT customer_id, body, fingerprint FROM idempotency_keys")
    assert len(rows) == 1
    stored = getattr(rows[0][0], "bytes", rows[0][0])
    customer_id = int(answer.json()["id"][4:].translate(_TO_PYTHON), 32).to_bytes(16, "big")
    assert stored == customer_id
    assert number.encode() not in bytes(rows[0][1])
    assert number[3:].encode() not in bytes(rows[0][1])


async def test_a_purged_answer_is_gone(fresh_hub: HubUnderTest) -> None:
    """contract_d3: when the answer of an erased customer was purged, a replay is 410."""
    key, body = make_key(), make_customer()
    await fresh_hub.api.post("/v1/customers", json=body, headers=key)
    async with fresh_hub.app.database.transaction() as connection:
        empty = "''" if fresh_hub.engine == "postgresql" else "x''"
        await connection.execute(f"UPDATE idempotency_keys SET status = 0, body = {empty}", ())  # noqa: S608  # no input
    answer = await fresh_hub.api.post("/v1/customers", json=body, headers=key)
    problem_of(answer, 410, "idempotency_answer_erased")


def _external_id() -> dict[str, str]:
    return {"source": "shop", "id": make_number()}


_TO_PYTHON = str.maketrans("0123456789abcdefghjkmnpqrstvwxyz", "0123456789abcdefghijklmnopqrstuv")
