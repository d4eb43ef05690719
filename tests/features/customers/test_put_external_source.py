"""External sources: declared, replaced, removed while no id of theirs exists."""

from __future__ import annotations

import asyncio

from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of
from tests.hub import HubUnderTest, make_number

PATH = "/v1/external-sources"


async def test_put_creates_then_replaces_all_of_a_source(api: ApiClient) -> None:
    """contract_d1: PUT is a true replacement."""
    made = await api.put(f"{PATH}/Wechat.union", json={"identity": "person", "description": "公众号"})
    assert (made.status_code, made.headers["location"]) == (201, f"{PATH}/wechat.union")
    assert (made.json()["identity"], made.json()["description"], made.json()["revision"]) == ("person", "公众号", 1)
    replaced = await api.put(f"{PATH}/wechat.union", json={"identity": "person"})
    assert (replaced.status_code, replaced.json()["description"], replaced.json()["revision"]) == (200, None, 2)
    same = await api.put(f"{PATH}/wechat.union", json={"identity": "person"})
    assert same.json() == replaced.json()
    assert same.headers["etag"] == replaced.headers["etag"]


async def test_put_of_a_seen_revision_only(api: ApiClient) -> None:
    """contract_d2: If-Match is optional and checked when present."""
    made = await api.put(f"{PATH}/matched", json={})
    kept = {"if-match": made.headers["etag"]}
    assert (await api.put(f"{PATH}/matched", json={"description": "x"}, headers=kept)).status_code == 200
    problem_of(await api.put(f"{PATH}/matched", json={"description": "y"}, headers=kept), 412, "precondition_failed")
    problem_of(await api.delete(f"{PATH}/matched", headers=kept), 412, "precondition_failed")
    problem_of(await api.put(f"{PATH}/unmade", json={}, headers=kept), 412, "precondition_failed")


async def test_source_with_ids_is_not_removed(api: ApiClient) -> None:
    await api.put(f"{PATH}/erp2", json={})
    customer = await create_customer(api, external_ids=[{"source": "erp2", "id": make_number()}])
    problem_of(await api.delete(f"{PATH}/erp2"), 409, "external_source_in_use")
    await api.delete(f"{path_of(customer)}/external-ids/{customer['external_ids'][0]['id']}")
    assert (await api.delete(f"{PATH}/erp2")).status_code == 204
    problem_of(await api.delete(f"{PATH}/erp2"), 404, "external_source_not_found")


async def test_sources_are_listed_by_name_in_pages(fresh_hub: HubUnderTest) -> None:
    """contract_c1, contract_c2."""
    api = fresh_hub.api
    for name in ("shop", "erp", "crm", "pos", "app"):
        await api.put(f"{PATH}/{name}", json={})
    names: list[str] = []
    url = f"{PATH}?limit=2"
    while url:
        answer = await api.get(url)
        names += [item["source"] for item in answer.json()["data"]]
        url = answer.links.get("next", {}).get("url", "")
        assert answer.json()["has_more"] is bool(url)
    assert names == ["app", "crm", "erp", "pos", "shop"]
    problem_of(await api.get(f"{PATH}?cursor=AAAA"), 422, "invalid_cursor")


async def test_racing_first_puts_all_succeed(hub: HubUnderTest) -> None:
    for round_ in range(3):
        bodies = [{"description": f"d{i}"} for i in range(6)]
        answers = await asyncio.gather(*(hub.api.put(f"{PATH}/race{round_}", json=body) for body in bodies))
        assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
        assert {answer.json()["revision"] for answer in answers} == set(range(1, 7))


async def test_sources_need_fields_manage_to_change_and_customers_read_to_read(hub: HubUnderTest) -> None:
    reader = hub.client(scopes=["customers:read"])
    assert (await reader.get(PATH)).status_code == 200
    problem_of(await reader.put(f"{PATH}/x", json={}), 403, "insufficient_scope")
    problem_of(await reader.delete(f"{PATH}/x"), 403, "insufficient_scope")
    manager = hub.client(scopes=["fields:manage"])
    problem_of(await manager.get(PATH), 403, "insufficient_scope")
    for method, path in (("GET", PATH), ("PUT", f"{PATH}/x"), ("DELETE", f"{PATH}/x")):
        assert (await hub.client(token="").request(method, path)).status_code == 401


async def test_malformed_source_is_refused(api: ApiClient) -> None:
    problem_of(await api.put(f"{PATH}/a%20b", json={}), 422, "external_id_invalid")
    problem_of(await api.delete(f"{PATH}/a%20b"), 422, "external_id_invalid")
    problem_of(await api.put(f"{PATH}/ab", json={"identity": "company"}), 422, "validation_failed")
