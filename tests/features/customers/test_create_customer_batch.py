"""Many customers in one call: each judged on its own, all stored together (contract_d4)."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

import httpx

from custhub.kit.ids import Prefix, new_id, to_text
from custhub.security.fields import Access, Field, everything
from tests.client import ApiClient
from tests.customers import create_customer, problem_of, read_customer
from tests.hub import HubUnderTest, make_customer, make_number
from tests.principals import make_principal

PATH = "/v1/customers/batch"
_keys = itertools.count(1)


async def post_batch(
    api: ApiClient, items: Sequence[Any], query: str = "", *, key: str = "", **headers: str
) -> httpx.Response:
    headers = {"idempotency-key": key or f"batch-{next(_keys):08d}", **headers}
    return await api.post(PATH + query, json={"items": items}, headers=headers)


def with_number(number: str = "", **members: Any) -> dict[str, Any]:
    return make_customer(phones=[{"number": number or make_number()}], **members)


async def count(hub: HubUnderTest, table: str) -> int:
    return int((await hub.rows(f"SELECT count(*) FROM {table}"))[0][0])  # noqa: S608  # a name of this file


async def test_batch_stores_what_single_creates_store(hub: HubUnderTest) -> None:
    item = with_number(
        emails=[{"email": "Li.Na@Example.COM"}],
        addresses=[{"full_text": "广东省深圳市南山区科技园路1号 13912345678"}],
        external_ids=[{"source": "shop", "id": make_number()}],
        tags=["VIP", "vip"],
        note="call 13912345678",
    )
    answer = await post_batch(hub.api, [item, make_customer(kind="organisation", contacts=[{"name": "王伟"}])])
    assert answer.status_code == 200
    assert (answer.json()["succeeded"], answer.json()["failed"]) == (2, 0)
    first, second = answer.json()["results"]
    assert [(r["index"], r["status"], r["error"]) for r in (first, second)] == [(0, 201, None), (1, 201, None)]
    stored = await read_customer(hub.api, first)
    twin = item | {"phones": [{"number": make_number()}], "external_ids": [{"source": "shop", "id": make_number()}]}
    single = await create_customer(hub.api, **twin)

    def comparable(customer: dict[str, Any]) -> dict[str, Any]:
        known = {"id", "masked", "external_id", "created_at", "updated_at", "added_at"}
        return {
            name: [comparable(part) for part in value] if isinstance(value, list) else value
            for name, value in customer.items()
            if name not in known
        }

    assert comparable(stored) == comparable(single)
    assert (await read_customer(hub.api, second))["contacts"][0]["name"] == "王伟"
    history = (await hub.api.get(f"/v1/customers/{first['id']}/history")).json()["data"]
    assert [entry["action"] for entry in history] == ["customer.created"]


async def test_a_thousand_items_with_planted_refusals(fresh_hub: HubUnderTest) -> None:
    """Each refused item is told with its reason; all others are stored, with events and audit entries."""
    api = fresh_hub.api
    taken, key = make_number(), {"source": "shop", "id": make_number()}
    holder = await create_customer(api, phones=[{"number": taken}], external_ids=[key])
    items: list[Any] = [with_number(display_name=f"客户{i}") for i in range(1_000)]
    first_number = items[10]["phones"][0]["number"]
    planted: dict[int, tuple[Any, int, str]] = {
        3: (with_number(taken), 409, "phone_taken"),
        99: (with_number("12"), 422, "phone_invalid"),
        100: (make_customer(nickname="x"), 422, "unknown_field"),
        250: ("not an object", 422, "validation_failed"),
        400: (make_customer(external_ids=[key]), 409, "external_id_taken"),
        500: (make_customer(owner_id=to_text(Prefix.USER, new_id())), 409, "owner_unknown"),
        501: ({"gender": "x", "stage": "Y!"}, 422, "validation_failed"),
        777: (with_number(f"+86 {first_number}"), 409, "phone_taken"),
        998: (make_customer(contacts=[{"name": "x"}]), 409, "contact_not_allowed"),
        999: ({}, 422, "name_invalid"),
    }
    for place, (item, _, _) in planted.items():
        items[place] = item
    before = {table: await count(fresh_hub, table) for table in ("customers", "events", "audit_entries")}
    body = (await post_batch(api, items)).json()
    assert (body["succeeded"], body["failed"]) == (990, 10)
    assert [result["index"] for result in body["results"]] == list(range(1_000))
    for place, (_, status, code) in planted.items():
        result = body["results"][place]
        assert (result["status"], result["error"]["code"], result["id"]) == (status, code, None), result
    assert body["results"][3]["error"]["existing_id"] == holder["id"]
    assert body["results"][400]["error"]["existing_id"] == holder["id"]
    assert body["results"][777]["error"]["existing_id"] == body["results"][10]["id"]
    assert [e["pointer"] for e in body["results"][99]["error"]["errors"]] == ["#/phones/0/number"]
    assert [e["pointer"] for e in body["results"][100]["error"]["errors"]] == ["#/nickname"]
    assert {e["pointer"] for e in body["results"][501]["error"]["errors"]} == {"#/gender", "#/stage"}
    assert len({result["id"] for result in body["results"]}) == 991
    after = {table: await count(fresh_hub, table) for table in before}
    assert {table: after[table] - before[table] for table in before} == dict.fromkeys(before, 990)
    assert await count(fresh_hub, "phone_claims") == await count(fresh_hub, "customer_phones") == 991
    assert (await read_customer(api, body["results"][998 - 1]))["display_name"] == "客户997"


async def test_batch_gives_the_loop_to_others_while_it_works(hub: HubUnderTest) -> None:
    """No stretch of it is longer than the work of a few items."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    watch = asyncio.ensure_future(others())
    answer = await post_batch(hub.api, [with_number() for _ in range(500)])
    watch.cancel()
    assert answer.json()["succeeded"] == 500
    assert turns > 60


async def test_batch_is_replayed_by_its_key(fresh_hub: HubUnderTest) -> None:
    """contract_d3: effects and answer commit together; a repeat shows the first answer."""
    items = [with_number(), with_number("12"), make_customer()]
    first = await post_batch(fresh_hub.api, items, key="batch-replay")
    again = await post_batch(fresh_hub.api, items, key="batch-replay")
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert await count(fresh_hub, "customers") == 2
    other = await post_batch(fresh_hub.api, items[:1], key="batch-replay")
    problem_of(other, 422, "idempotency_key_reused")


async def test_racing_twins_of_one_batch_are_one_batch(fresh_hub: HubUnderTest) -> None:
    """contract_d3: the one that lost replays, and never answers phone_taken."""
    items = [with_number() for _ in range(50)]
    answers = await asyncio.gather(*(post_batch(fresh_hub.api, items, key="batch-twins") for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert {answer.text for answer in answers} == {answers[0].text}
    assert answers[0].json()["succeeded"] == 50
    assert await count(fresh_hub, "customers") == 50


async def test_batch_needs_a_key(api: ApiClient) -> None:
    """contract_d3."""
    answer = await api.post(PATH, json={"items": [make_customer()]})
    problem_of(answer, 400, "idempotency_key_required")


async def test_batch_takes_one_to_a_thousand_items(api: ApiClient) -> None:
    """contract_d4, S-101."""
    for items in ([], [make_customer()] * 1_001):
        problem = problem_of(await post_batch(api, items), 422, "validation_failed")
        assert problem["errors"][0]["pointer"] == "#/items"


async def test_atomic_batch_is_all_or_nothing(fresh_hub: HubUnderTest) -> None:
    """contract_d4: the refusal lists each item with its place."""
    taken = make_number()
    await create_customer(fresh_hub.api, phones=[{"number": taken}])
    free = make_number()
    items = [with_number(free), make_customer(), with_number(), with_number(taken), {"nick": "x"}, with_number(free)]
    refused = await post_batch(fresh_hub.api, items, "?atomic=true")
    problem = problem_of(refused, 422, "batch_refused")
    listed = [(error["pointer"], error["code"]) for error in problem["errors"]]
    assert listed == [("#/items/3", "phone_taken"), ("#/items/4/nick", "unknown_field"), ("#/items/5", "phone_taken")]
    assert (await count(fresh_hub, "customers"), await count(fresh_hub, "phone_claims")) == (1, 1)
    whole = await post_batch(fresh_hub.api, items[:3], "?atomic=true")
    assert whole.json()["succeeded"] == 3


async def test_refused_item_gives_its_other_claims_back(hub: HubUnderTest) -> None:
    """As if the items came one after the other."""
    taken, free, key = make_number(), make_number(), {"source": "shop", "id": make_number()}
    await create_customer(hub.api, phones=[{"number": taken}])
    items = [
        make_customer(phones=[{"number": free}, {"number": taken}], external_ids=[key]),
        with_number(free),
        make_customer(external_ids=[key]),
        with_number(free),
        make_customer(external_ids=[key]),
    ]
    body = (await post_batch(hub.api, items)).json()
    assert [result["status"] for result in body["results"]] == [409, 201, 201, 409, 409]
    assert body["results"][3]["error"]["existing_id"] == body["results"][1]["id"]
    assert body["results"][4]["error"]["existing_id"] == body["results"][2]["id"]


async def test_item_that_asks_twice_for_one_key_is_refused_as_a_single_create_is(api: ApiClient) -> None:
    number, key = make_number(), {"source": "shop", "id": make_number()}
    items = [
        make_customer(phones=[{"number": number}, {"number": f"+86 {number}"}]),
        make_customer(external_ids=[key, key]),
        make_customer(phones=[{"number": number}, {"number": f"+86 {number}", "shared": True}]),
    ]
    results = (await post_batch(api, items)).json()["results"]
    assert [(r["status"], r["error"] and r["error"]["code"]) for r in results] == [
        (422, "phone_repeated"), (409, "external_id_taken"), (201, None),
    ]  # fmt: skip
    assert "existing_id" not in results[1]["error"]
    for item, result in zip(items, results, strict=True):
        fresh = {**item, "phones": [], "external_ids": []} if result["status"] == 201 else item
        assert (await api.post("/v1/customers", json=fresh)).status_code == result["status"]


async def test_items_are_under_the_field_policy(hub: HubUnderTest) -> None:
    """S-61: in a batch as in a create."""
    caller = hub.client_of(make_principal(fields=everything(Access.WRITE) | {Field.NOTE: Access.HIDDEN}))
    results = (await post_batch(caller, [make_customer(note="x"), make_customer()])).json()["results"]
    assert [(r["status"], r["error"] and r["error"]["code"]) for r in results] == [
        (403, "field_not_writable"), (201, None),
    ]  # fmt: skip


async def test_errors_of_items_speak_the_language_of_the_request(api: ApiClient) -> None:
    """contract_e2."""
    answer = await post_batch(api, [{}], **{"accept-language": "zh-CN"})
    assert answer.json()["results"][0]["error"]["title"] == "名称无效"


async def test_batch_needs_scope(hub: HubUnderTest) -> None:
    assert (await post_batch(hub.client(token=""), [make_customer()])).status_code == 401
    problem_of(await post_batch(hub.client(scopes=["customers:write"]), [make_customer()]), 403, "insufficient_scope")


async def test_racing_batches_with_common_numbers_give_each_number_to_one_customer(fresh_hub: HubUnderTest) -> None:
    """S-13: whatever order they claim in, nobody waits in a circle."""
    numbers = [make_number() for _ in range(60)]
    orders = [numbers, numbers[::-1], numbers[30:] + numbers[:30], numbers[::2] + numbers[1::2]]
    batches = [post_batch(fresh_hub.api, [with_number(number) for number in order]) for order in orders]
    singles = [fresh_hub.api.post("/v1/customers", json=with_number(number)) for number in numbers[::5]]
    answers = await asyncio.gather(*batches, *singles)
    assert {answer.status_code for answer in answers[:4]} == {200}
    assert {answer.status_code for answer in answers[4:]} <= {201, 409}
    stored = sum(answer.json()["succeeded"] for answer in answers[:4])
    stored += sum(answer.status_code == 201 for answer in answers[4:])
    assert stored == 60
    for table in ("customers", "customer_phones", "phone_claims", "customer_keys"):
        assert await count(fresh_hub, table) == 60
    for answer in answers[:4]:
        for result in answer.json()["results"]:
            assert result["status"] == 201 or result["error"]["existing_id"]
