"""External ids: unique per source among live customers."""

from __future__ import annotations

from custhub.kit.ids import Prefix, new_id, to_text
from custhub.security.reach import scoped
from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of, read_customer
from tests.hub import HubUnderTest, make_number
from tests.principals import make_principal


async def test_add_and_remove_external_id(api: ApiClient) -> None:
    customer = await create_customer(api)
    path = f"{path_of(customer)}/external-ids"
    key = make_number()
    added = await api.post(path, json={"source": "Shop", "id": key})
    assert (added.status_code, added.json()["source"], added.json()["external_id"]) == (201, "shop", key)
    assert (await api.get(path)).json()["data"] == [added.json()]
    assert (await read_customer(api, customer))["external_ids"] == [added.json()]
    assert (await api.delete(added.headers["location"])).status_code == 204
    problem_of(await api.delete(added.headers["location"]), 404, "external_id_not_found")
    assert (await read_customer(api, customer))["revision"] == customer["revision"] + 2


async def test_removed_external_id_is_free_for_others(api: ApiClient) -> None:
    key = {"source": "shop", "id": make_number()}
    first, second = await create_customer(api, external_ids=[key]), await create_customer(api)
    path = f"{path_of(second)}/external-ids"
    taken = problem_of(await api.post(path, json=key), 409, "external_id_taken")
    assert taken["existing_id"] == first["id"]
    own = problem_of(await api.post(f"{path_of(first)}/external-ids", json=key), 409, "external_id_taken")
    assert own["existing_id"] == first["id"]
    await api.delete(f"{path_of(first)}/external-ids/{first['external_ids'][0]['id']}")
    assert (await api.post(path, json=key)).status_code == 201


async def test_external_id_of_an_archived_customer_is_free(api: ApiClient) -> None:
    """contract_d6: archiving frees unique keys."""
    key = {"source": "shop", "id": make_number()}
    first, second = await create_customer(api, external_ids=[key]), await create_customer(api)
    assert (await api.post(f"{path_of(first)}/archive")).status_code == 200
    assert (await api.post(f"{path_of(second)}/external-ids", json=key)).status_code == 201
    back = problem_of(await api.post(f"{path_of(first)}/restore"), 409, "external_id_taken")
    assert back["existing_id"] == second["id"]


async def test_holder_out_of_reach_is_not_named(hub: HubUnderTest) -> None:
    """S-13, S-63: what the caller may not reach is not told."""
    key = {"source": "erp", "id": make_number()}
    await create_customer(hub.api, source="elsewhere", external_ids=[key])
    mine = await create_customer(hub.api, source="shop")
    shop = hub.client_of(make_principal(reach=scoped(sources=["shop"])))
    problem = problem_of(await shop.post(f"{path_of(mine)}/external-ids", json=key), 409, "external_id_taken")
    assert "existing_id" not in problem


async def test_malformed_external_ids_are_refused(api: ApiClient) -> None:
    path = f"{path_of(await create_customer(api))}/external-ids"
    for body in ({"source": "a b", "id": "1"}, {"source": "shop", "id": "\u200b"}):
        problem_of(await api.post(path, json=body), 422, "external_id_invalid")
    problem_of(await api.delete(f"{path}/{to_text(Prefix.EXTERNAL_ID, new_id())}"), 404, "external_id_not_found")


async def test_the_hundred_and_first_external_id_is_one_too_many(api: ApiClient) -> None:
    keys = [{"source": "shop", "id": make_number()} for _ in range(101)]
    path = f"{path_of(await create_customer(api, external_ids=keys[:50]))}/external-ids"
    for key in keys[50:100]:
        assert (await api.post(path, json=key)).status_code == 201
    problem_of(await api.post(path, json=keys[100]), 409, "too_many_parts")
