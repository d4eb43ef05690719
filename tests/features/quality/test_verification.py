"""The verification policy and the queue of customers to call."""

from __future__ import annotations

import asyncio
from typing import Any

from custhub.security.fields import Access, everything
from custhub.security.reach import scoped
from tests.client import ApiClient
from tests.customers import add_phone, path_of, problem_of
from tests.features.quality.desk import DAY, POLICY, findings, person, reachable, scan
from tests.hub import HubUnderTest

DUE, CLAIM, RELEASE = (f"/v1/verifications/{verb}" for verb in ("due", "claim", "release"))
MONTHLY = {"default": "monthly", "stages": []}


async def due(api: ApiClient, **params: Any) -> list[dict[str, Any]]:
    answer = await api.get(DUE, params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def ripe(hub: HubUnderTest, count: int = 1, **members: Any) -> list[dict[str, Any]]:
    """Customers whose numbers are due."""
    assert (await hub.client().put(POLICY, json=MONTHLY)).status_code == 200
    made = [await reachable(hub.api, **members) for _ in range(count)]
    hub.clock.advance(40 * DAY)
    await scan(hub)
    return made


async def test_the_policy_is_read_and_replaced(fresh_hub: HubUnderTest) -> None:
    api = fresh_hub.api
    first = await api.get(POLICY)
    assert (first.json()["default"], first.json()["stages"]) == ("never", [])
    assert (await api.get(POLICY, headers={"if-none-match": first.headers["etag"]})).status_code == 304
    rule = {"stage": "active", "interval": "quarterly", "required_fields": ["language"]}
    body = {"default": "yearly", "stages": [rule]}
    put = await api.put(POLICY, json=body, headers={"if-match": first.headers["etag"]})
    assert (put.status_code, put.json()["stages"], put.json()["revision"]) == (200, [rule], 2)
    problem_of(
        await api.put(POLICY, json=body, headers={"if-match": first.headers["etag"]}), 412, "precondition_failed"
    )
    unknown = {"default": "never", "stages": [rule | {"stage": "gone"}]}
    problem_of(await api.put(POLICY, json=unknown), 422, "vocabulary_value_unknown")
    unknown = {"default": "never", "stages": [rule | {"required_fields": ["shoes"]}]}
    problem_of(await api.put(POLICY, json=unknown), 422, "required_field_unknown")
    audited = await fresh_hub.rows("SELECT action FROM audit_entries WHERE object_type = 'verification_policy'")
    assert [row[0] for row in audited] == ["verification_policy.updated"]


async def test_who_was_not_verified_in_time_is_due_the_most_doubtful_first(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    never, proven = await ripe(hub, 2)
    api = hub.client()
    await api.post(f"{path_of(proven, proven['phones'][0])}/verify", json={"result": "reached_owner"})
    assert [one["customer_id"] for one in await due(api)] == [never["id"]]
    hub.clock.advance(31 * DAY)
    await scan(hub)
    queue = await due(hub.client())
    assert [one["customer_id"] for one in queue] == [never["id"], proven["id"]]
    assert queue[0]["doubt"] > queue[1]["doubt"]
    assert "not_verified" in await findings(hub, never)
    first = (await hub.client().get(DUE, params={"limit": 1})).json()
    second = await due(hub.client(), limit=1, cursor=first["next_cursor"])
    assert [first["data"][0]["customer_id"], second[0]["customer_id"]] == [never["id"], proven["id"]]
    assert (await hub.client().put(POLICY, json={"default": "never"})).status_code == 200
    await scan(hub)
    assert await due(hub.client()) == []


async def test_no_customer_is_given_to_two(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    await ripe(hub, 4)
    people = [person(hub) for _ in range(4)]
    answers = await asyncio.gather(*(api.post(CLAIM, json={"limit": 2}) for api in people))
    given = [one["customer_id"] for answer in answers for one in answer.json()["data"]]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len(given) == len(set(given)) == 4
    holder = next(api for api, answer in zip(people, answers, strict=True) if answer.json()["data"])
    assert len(await due(holder, claimed="mine")) == 2
    assert await due(holder, claimed="free") == []
    hub.clock.advance(16 * 60)
    assert len(await due(hub.client(), claimed="free")) == 4
    assert len((await person(hub).post(CLAIM, json={"limit": 50})).json()["data"]) == 4


async def test_what_somebody_gives_back_is_free_at_once(fresh_hub: HubUnderTest) -> None:
    """S-62: only what the caller has in hand; all else is left as it is."""
    hub = fresh_hub
    customers = [customer["id"] for customer in await ripe(hub, 3, source="shop")]
    mine, theirs = person(hub), person(hub)
    given = [one["customer_id"] for one in (await mine.post(CLAIM, json={"limit": 2})).json()["data"]]
    (other,) = [one["customer_id"] for one in (await theirs.post(CLAIM, json={})).json()["data"]]
    assert (await person(hub).post(RELEASE, json={"customer_ids": customers})).json()["data"] == []
    answer = await mine.post(RELEASE, json={"customer_ids": [given[0], given[0], other]})
    (back,) = answer.json()["data"]
    assert (answer.status_code, back["customer_id"], back["claimed_by"]) == (200, given[0], None)
    assert [one["customer_id"] for one in await due(theirs, claimed="free")] == [given[0]]
    assert [one["customer_id"] for one in await due(mine, claimed="mine")] == given[1:]
    assert [one["customer_id"] for one in await due(theirs, claimed="mine")] == [other]
    assert [one["customer_id"] for one in (await theirs.post(CLAIM, json={})).json()["data"]] == [given[0]]
    hub.clock.advance(16 * 60)
    assert (await mine.post(RELEASE, json={"customer_ids": given})).json()["data"] == []  # its time was over
    audited = await hub.rows("SELECT action FROM audit_entries WHERE action = 'verification.released'")
    assert len(audited) == 1
    problem_of(await mine.post(RELEASE, json={"customer_ids": []}), 422, "validation_failed")


async def test_what_a_call_came_to_moves_the_customer_in_the_queue(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    (customer,) = await ripe(hub)
    api = hub.client()
    other = await add_phone(api, customer)
    await api.post(CLAIM, json={})
    path = path_of(customer, customer["phones"][0])
    assert (await api.post(f"{path}/verify", json={"result": "no_answer"})).status_code == 200
    assert await due(api) == []
    hub.clock.advance(DAY + 1)
    api = hub.client()
    (waiting,) = await due(api)
    assert (waiting["attempts"], waiting["last_result"], waiting["claimed_by"]) == (1, "no_answer", None)
    answer = await api.post(f"{path}/verify", json={"result": "number_changed"})
    assert answer.json()["status"] == "changed"
    (waiting,) = await due(api)
    assert (waiting["phone_id"], waiting["attempts"]) == (other["id"], 2)
    assert (await api.post(f"{path_of(customer, other)}/verify", json={"result": "refused"})).status_code == 200
    assert await due(api) == []
    hub.clock.advance(31 * DAY)
    await scan(hub)
    api = hub.client()
    assert [one["attempts"] for one in await due(api)] == [3]
    answer = await api.post(f"{path_of(customer, other)}/verify", json={"result": "reached_owner"})
    assert answer.json()["verified_at"] is not None
    assert await due(api) == []


async def test_the_queue_keeps_to_reach_and_fields(fresh_hub: HubUnderTest) -> None:
    """S-61, S-62: nobody is given a customer out of reach, or a number that he does not see."""
    hub = fresh_hub
    await ripe(hub, source="shop")
    far = person(hub, reach=scoped(sources=["other"]))
    assert await due(far) == []
    assert (await far.post(CLAIM, json={})).json()["data"] == []
    near = person(hub, reach=scoped(sources=["shop"]))
    assert len(await due(near)) == 1
    blind = person(hub, fields=everything(Access.WRITE) | {"phones": Access.HIDDEN})
    problem_of(await blind.get(DUE), 403, "field_hidden")
    problem_of(await blind.post(CLAIM, json={}), 403, "field_hidden")
    release = {"customer_ids": [(await due(near))[0]["customer_id"]]}
    problem_of(await blind.post(RELEASE, json=release), 403, "field_hidden")
    assert (await far.post(RELEASE, json=release)).json()["data"] == []


async def test_an_archived_customer_leaves_the_queue(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    (customer,) = await ripe(hub)
    await hub.client().post(f"{path_of(customer)}/archive")
    assert await due(hub.client()) == []
    await scan(hub)
    assert await hub.rows("SELECT customer_id FROM verifications") == []
