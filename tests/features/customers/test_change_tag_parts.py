"""Tags: a set with who and when, in which adding and removing commute."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import httpx

from custhub.kit.ids import Prefix, new_id, to_text
from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of, read_customer
from tests.hub import HubUnderTest


async def test_put_tag_twice_keeps_who_and_when_of_the_first(fresh_hub: HubUnderTest) -> None:
    """contract_d1: idempotent, and VIP and vip are one tag."""
    api = fresh_hub.api
    customer = await create_customer(api)
    path = f"{path_of(customer)}/tags"
    first = await api.put(f"{path}/VIP")
    assert (first.status_code, first.json()["tag"]) == (200, "VIP")
    fresh_hub.clock.advance(60)
    second = await api.put(f"{path}/vip")
    assert second.json() == first.json()
    assert (await api.get(path)).json()["data"] == [first.json()]
    assert (await read_customer(api, customer))["revision"] == customer["revision"] + 1


async def test_removed_tag_is_gone_and_a_second_delete_answers_404(api: ApiClient) -> None:
    """contract_d1."""
    customer = await create_customer(api, tags=["VIP", "会员"])
    path = f"{path_of(customer)}/tags"
    assert (await api.delete(f"{path}/vip")).status_code == 204
    problem_of(await api.delete(f"{path}/vip"), 404, "tag_not_found")
    assert [tag["tag"] for tag in (await api.get(path)).json()["data"]] == ["会员"]
    assert (await api.delete(f"{path}/{quote('会员')}")).status_code == 204


async def test_twenty_concurrent_adds_of_different_tags_all_succeed(hub: HubUnderTest) -> None:
    """A lost race runs again under locks."""
    customer = await create_customer(hub.api)
    path = f"{path_of(customer)}/tags"
    answers = await asyncio.gather(*(hub.api.put(f"{path}/tag{i}") for i in range(20)))
    assert [answer.status_code for answer in answers] == [200] * 20
    now = await read_customer(hub.api, customer)
    assert {tag["tag"] for tag in now["tags"]} == {f"tag{i}" for i in range(20)}
    assert now["revision"] == customer["revision"] + 20


async def test_twenty_concurrent_adds_of_one_tag_are_one_add(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api)
    path = f"{path_of(customer)}/tags"
    answers = await asyncio.gather(*(hub.api.put(f"{path}/{'vip' if i % 2 else 'VIP'}") for i in range(20)))
    assert [answer.status_code for answer in answers] == [200] * 20
    now = await read_customer(hub.api, customer)
    assert len(now["tags"]) == 1
    assert {str(answer.json()) for answer in answers} == {str(now["tags"][0])}
    assert now["revision"] == customer["revision"] + 1


async def test_concurrent_adds_and_removes_of_different_tags_commute(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api, tags=[f"old{i}" for i in range(10)])
    path = f"{path_of(customer)}/tags"
    adds = [hub.api.put(f"{path}/new{i}") for i in range(10)]
    removes = [hub.api.delete(f"{path}/old{i}") for i in range(10)]
    answers = await asyncio.gather(*(call for pair in zip(adds, removes, strict=True) for call in pair))
    assert {answer.status_code for answer in answers} == {200, 204}
    now = await read_customer(hub.api, customer)
    assert {tag["tag"] for tag in now["tags"]} == {f"new{i}" for i in range(10)}


async def test_tag_with_a_slash_can_be_put_and_removed(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api, tags=["A/B"])
    headers = {"authorization": f"Bearer {hub.token()}"}
    # Not the checking client: it knows no path with a slash in its last part.
    async with httpx.AsyncClient(transport=httpx.ASGITransport(hub.app.asgi), base_url="http://hub.test") as raw:
        path = f"{path_of(customer)}/tags/{quote('a/b', safe='')}"
        assert (await raw.put(path, headers=headers)).json()["tag"] == "A/B"
        assert (await raw.delete(path, headers=headers)).status_code == 204


async def test_tag_that_is_none_is_refused(api: ApiClient) -> None:
    path = f"{path_of(await create_customer(api))}/tags"
    for answer in (await api.put(f"{path}/%E2%80%8B"), await api.delete(f"{path}/%E2%80%8B")):
        error = problem_of(answer, 422, "tag_invalid")["errors"][0]
        assert (error["pointer"], error["location"]) == ("#/tag", "path")
    problem_of(await api.put(f"{path}/{'x' * 65}"), 422, "validation_failed")


async def test_the_two_hundred_and_first_tag_is_one_too_many(api: ApiClient) -> None:
    customer = await create_customer(api, tags=[f"t{i}" for i in range(100)])
    path = f"{path_of(customer)}/tags"
    for i in range(100, 200):
        assert (await api.put(f"{path}/t{i}")).status_code == 200
    problem_of(await api.put(f"{path}/t200"), 409, "too_many_parts")
    assert (await api.put(f"{path}/T7")).status_code == 200


async def test_tags_need_their_own_scope(hub: HubUnderTest) -> None:
    """The role table of SECURITY 3: marketing tags customers that it may not change."""
    customer = await create_customer(hub.api)
    path = path_of(customer)
    marketing = hub.client(scopes=["customers:read", "tags:write"], roles=["marketing"])
    assert (await marketing.put(f"{path}/tags/vip")).status_code == 200
    problem_of(await marketing.post(f"{path}/emails", json={"email": "a@example.com"}), 403, "insufficient_scope")
    writer = hub.client(scopes=["customers:write"])
    problem_of(await writer.put(f"{path}/tags/vip"), 403, "insufficient_scope")
    problem_of(await writer.delete(f"{path}/tags/vip"), 403, "insufficient_scope")
    problem_of(await hub.client(roles=["read_only"]).put(f"{path}/tags/vip"), 403, "field_not_writable")


async def test_tags_of_archived_and_unknown_customers_are_not_changed(api: ApiClient) -> None:
    customer = await create_customer(api, tags=["vip"])
    await api.post(f"{path_of(customer)}/archive")
    for path, status, code in (
        (path_of(customer), 409, "customer_archived"),
        (f"/v1/customers/{to_text(Prefix.CUSTOMER, new_id())}", 404, "customer_not_found"),
    ):
        problem_of(await api.put(f"{path}/tags/vip"), status, code)
        problem_of(await api.delete(f"{path}/tags/vip"), status, code)
