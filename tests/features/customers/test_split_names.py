"""Parts that the hub split off a display name follow it; parts that somebody gave stay (MATCHING 1)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import ApiClient
from tests.customers import create_customer, path_of, read_customer


async def renamed(api: ApiClient, customer: dict[str, Any], **members: Any) -> tuple[str | None, str | None]:
    """The parts after a change."""
    answer = await api.patch(path_of(customer), json=members)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["display_name"] == members.get("display_name", body["display_name"])
    return body["family_name"], body["given_name"]


async def found(api: ApiClient, query: str) -> list[str]:
    answer = await api.post("/v1/customers/search", json={"q": query})
    return [hit["customer"]["id"] for hit in answer.json()["data"]]


async def test_a_new_display_name_leaves_nothing_of_the_old_one(api: ApiClient) -> None:
    customer = await create_customer(api, display_name="慕容雪莲")
    assert await found(api, "慕容") == await found(api, "murong") == [customer["id"]]
    assert await renamed(api, customer, display_name="诸葛晓亮") == ("诸葛", "晓亮")
    assert await found(api, "慕容") == await found(api, "murong") == await found(api, "雪莲") == []
    assert await found(api, "zhugexl") == await found(api, "晓亮") == [customer["id"]]
    # Nobody gave them now either: they go on following.
    assert await renamed(api, customer, display_name="Zoe Quill") == (None, None)
    assert await found(api, "诸葛") == []
    assert await renamed(api, customer, display_name="司徒丽") == ("司徒", "丽")


@pytest.mark.parametrize(
    ("made", "given"),
    [
        ({"display_name": "阿强", "family_name": "王", "given_name": "强"}, ("王", "强")),
        ({"display_name": "Ann Lee", "family_name": "Lee"}, ("Lee", None)),
        ({"display_name": "王小明", "family_name": "王", "given_name": "小明"}, ("王", "小明")),
        ({"display_name": None, "family_name": "欧阳", "given_name": "娜"}, ("欧阳", "娜")),
    ],
)
async def test_parts_that_came_with_the_customer_stay(
    api: ApiClient, made: dict[str, Any], given: tuple[str, str | None]
) -> None:
    customer = await create_customer(api, **made)
    assert await renamed(api, customer, display_name="小强") == given
    assert await renamed(api, customer, display_name="张三") == given


async def test_parts_that_somebody_gave_later_stay(api: ApiClient) -> None:
    customer = await create_customer(api, display_name="李娜")
    assert await renamed(api, customer, given_name="娜娜") == ("李", "娜娜")
    assert (await read_customer(api, customer))["display_name"] == "李娜娜"
    assert await renamed(api, customer, display_name="娜姐") == ("李", "娜娜")
    other = await create_customer(api, display_name="张伟")
    assert await renamed(api, other, display_name="王芳", family_name="张") == ("张", "伟")


async def test_an_organisation_has_no_parts(api: ApiClient) -> None:
    customer = await create_customer(api, kind="organisation", display_name="王朝")
    assert await renamed(api, customer, display_name="李白") == (None, None)


async def test_the_history_tells_of_the_parts(api: ApiClient) -> None:
    customer = await create_customer(api, display_name="李娜")
    await renamed(api, customer, display_name="王芳")
    first = (await api.get(f"{path_of(customer)}/history")).json()["data"][0]
    assert {"display_name", "family_name", "given_name"} <= {change["field"] for change in first["changes"]}
