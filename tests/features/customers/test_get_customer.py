"""Reading one customer."""

from __future__ import annotations

from custhub.security.roles import ROLES
from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of
from tests.hub import HubUnderTest, make_number


async def test_get_customer_needs_a_token_and_its_scope(hub: HubUnderTest) -> None:
    path = path_of(await create_customer(hub.api))
    problem_of(await hub.client(token="").get(path), 401, "token_missing")
    refused = await hub.client(["customers:write"]).get(path)
    assert problem_of(refused, 403, "insufficient_scope")["scope"] == "customers:read"


async def test_get_customer_shows_an_archived_one(api: ApiClient) -> None:
    """contract_d6: archived is not gone."""
    customer = await create_customer(api)
    await api.post(f"{path_of(customer)}/archive")
    answer = await api.get(path_of(customer))
    assert answer.status_code == 200
    assert answer.json()["archived_at"] == "2026-03-01T08:00:00Z"


async def test_can_is_null_unless_it_is_asked_for(api: ApiClient) -> None:
    """contract_j6: `include=can` fills it, on one customer and on pages."""
    customer = await create_customer(api, source="can-test")
    assert customer["can"] is None
    assert (await api.get(path_of(customer))).json()["can"] is None
    can = (await api.get(path_of(customer), params={"include": "can"})).json()["can"]
    assert can | {"fields": []} == {
        "update": True, "archive": True, "restore": False, "reveal_phones": True, "tag": True, "fields": [],
    }  # fmt: skip
    assert {"display_name", "note", "phones"} <= set(can["fields"])
    page = (await api.get("/v1/customers", params={"source": "can-test", "include": "can"})).json()
    assert page["data"][0]["can"] == can
    assert (await api.get("/v1/customers", params={"source": "can-test"})).json()["data"][0]["can"] is None


async def test_can_tells_each_role_what_it_may_do(hub: HubUnderTest) -> None:
    """contract_j6, SECURITY section 3: rights are known before the call."""
    customer = await create_customer(hub.api, phones=[{"number": make_number()}])

    async def can(role: str) -> dict[str, object]:
        client = hub.client(ROLES[role].scopes, [role])
        found: dict[str, object] = (await client.get(path_of(customer), params={"include": "can"})).json()["can"]
        return found

    sales = await can("sales")
    assert (sales["update"], sales["archive"], sales["fields"]) == (False, False, [])
    assert (sales["tag"], sales["reveal_phones"]) == (True, True)
    support = await can("support")
    assert (support["update"], support["archive"]) == (True, False)
    assert support["fields"] == ["addresses", "language", "preferred_channel", "tags"]
    assert (await can("admin"))["reveal_phones"] is False
    assert (await can("marketing"))["reveal_phones"] is False
    assert await can("auditor") == {
        "update": False, "archive": False, "restore": False, "reveal_phones": False, "tag": False, "fields": [],
    }  # fmt: skip
    assert (await can("manager"))["archive"] is True


async def test_can_follows_the_state_of_the_customer(api: ApiClient) -> None:
    """contract_j6: an archived customer can be restored and nothing else."""
    customer = await create_customer(api)
    await api.post(f"{path_of(customer)}/archive")
    can = (await api.get(path_of(customer), params={"include": "can"})).json()["can"]
    assert (can["update"], can["archive"], can["restore"], can["tag"], can["fields"]) == (
        False, False, True, False, [],
    )  # fmt: skip


async def test_get_customer_refuses_what_it_cannot_include(api: ApiClient) -> None:
    """contract_c5: a closed enum."""
    path = path_of(await create_customer(api))
    problem = problem_of(await api.get(path, params={"include": "total"}), 422, "validation_failed")
    assert problem["errors"][0]["code"] == "unknown_value"
    problem_of(await api.get(path, params={"include": ["can"] * 4}), 422, "validation_failed")
