"""Finding customers by what somebody types (contract_c2, contract_b4, S-61, S-62)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of
from tests.hub import HubUnderTest

SEARCH = "/v1/customers/search"
EMPTY: dict[str, Any] = {"data": [], "next_cursor": None, "has_more": False}


async def found(api: ApiClient, q: str, **body: Any) -> list[dict[str, Any]]:
    answer = await api.post(SEARCH, json={"q": q, **body})
    assert answer.status_code == 200, answer.text
    hits: list[dict[str, Any]] = answer.json()["data"]
    return hits


async def names(api: ApiClient, q: str, **body: Any) -> list[str]:
    return [hit["customer"]["display_name"] for hit in await found(api, q, **body)]


async def test_search_needs_a_token_and_its_scope(hub: HubUnderTest) -> None:
    problem_of(await hub.client(token="").post(SEARCH, json={"q": "张"}), 401, "token_missing")
    refused = await hub.client(["customers:create"]).post(SEARCH, json={"q": "张"})
    assert problem_of(refused, 403, "insufficient_scope")["scope"] == "customers:read"


@pytest.mark.parametrize(
    ("q", "part"),
    [
        ("张三", "张三"), ("三丰", "三丰"), ("丰", "丰"), ("張三", "张三"), ("zhangsanf", "张三丰"), ("zsf", "张三丰"),
        ("zhangsf", "张三丰"), ("zhsf", "张三丰"), ("sanfeng", "三丰"), ("sf", "三丰"), ("zhang sanfeng", "张三丰"),
        ("sanfeng zhang", "张三丰"), ("张sf", "张三丰"), ("ZHANG", "张"), ("ｚｈａｎｇ", "张"),
    ],
)  # fmt: skip
async def test_a_chinese_name_is_found_by_any_part_in_any_spelling(fresh_hub: HubUnderTest, q: str, part: str) -> None:
    """The answer is the customer as GET gives it, with the part that was met."""
    customer = await create_customer(fresh_hub.api, display_name="张三丰")
    await create_customer(fresh_hub.api, display_name="李四")
    (hit,) = await found(fresh_hub.api, q)
    assert hit["customer"] == (await fresh_hub.api.get(path_of(customer))).json()
    assert (hit["matched"]["field"], hit["matched"]["text"]) == ("display_name", "张三丰")
    assert "".join("张三丰"[place["start"] : place["end"]] for place in hit["matched"]["ranges"]) in (part, "张三丰")
