"""Finding customers by what somebody types (contract_c2, contract_b4, S-61, S-62)."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.security.fields import Access, everything
from custhub.security.reach import scoped
from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of
from tests.hub import HubUnderTest, make_number
from tests.principals import make_principal

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


async def test_whole_names_come_first_and_a_customer_comes_once(fresh_hub: HubUnderTest) -> None:
    """contract_c2: exact, beginning, inside; names before companies before addresses."""
    api = fresh_hub.api
    await create_customer(api, display_name="王小明", emails=[{"email": "li.wei@corp.example"}])
    await create_customer(api, display_name="王五", company_name="李记餐饮有限公司")
    for name in ("张李", "李娜李", "李", "李娜"):
        await create_customer(api, display_name=name)
    assert await names(api, "li") == ["李", "李娜", "李娜李", "王五", "王小明", "张李"]
    assert await names(api, "李") == ["李", "李娜", "李娜李", "王五", "张李"]


async def test_a_company_an_address_and_an_id_are_found(fresh_hub: HubUnderTest) -> None:
    api = fresh_hub.api
    await create_customer(
        api,
        kind="organisation",
        display_name="北京华信科技有限公司",
        emails=[{"email": "Info@HuaXin.example"}],
        external_ids=[{"source": "shop", "id": "A-1043"}],
    )
    met = {}
    for q in ("华信", "hxkj", "info@hua", "huaxin.ex", "@huaxin.example", "a-10"):
        (hit,) = await found(api, q)
        ranges = hit["matched"]["ranges"]
        text = hit["matched"]["text"]
        met[q] = (hit["matched"]["field"], "".join(text[place["start"] : place["end"]] for place in ranges))
    assert met == {
        "华信": ("display_name", "华信"),
        "hxkj": ("display_name", "华信科技"),
        "info@hua": ("emails", "Info@hua"),
        "huaxin.ex": ("emails", "huaxin.ex"),
        "@huaxin.example": ("emails", "huaxin.example"),
        "a-10": ("external_ids", "A-10"),
    }


async def test_walking_pages_gives_everybody_once_in_one_order(fresh_hub: HubUnderTest) -> None:
    """contract_c2."""
    api = fresh_hub.api
    for i in range(23):
        name = "张" + "伟芳娜敏静"[i % 5] + "一二三四五"[i // 5]
        await create_customer(api, display_name=name, emails=[{"email": f"zhang{i}@example.com"}])
    whole = [hit["customer"]["id"] for hit in await found(api, "zhang", limit=200)]
    assert len(whole) == len(set(whole)) == 23
    walked: list[str] = []
    body: dict[str, Any] = {"q": "zhang", "limit": 4}
    while True:
        answer = (await api.post(SEARCH, json=body)).json()
        walked += [hit["customer"]["id"] for hit in answer["data"]]
        assert answer["has_more"] == (answer["next_cursor"] is not None)
        if not answer["has_more"]:
            break
        body["cursor"] = answer["next_cursor"]
    assert walked == whole


async def test_hundreds_of_ranges_are_walked_in_order_however_small_the_page(fresh_hub: HubUnderTest) -> None:
    """contract_c2: letters that may be initials are many ranges, most of which hold nothing."""
    api = fresh_hub.api
    inside = "李子顺"
    await create_customer(api, display_name=inside)
    await create_customer(api, display_name="Anna Weber", emails=[{"email": "zs@example.com"}])
    await create_customer(api, display_name="Maria Weber", company_name="中山实业有限公司")
    begun = ["张三", "张三丰", "赵四", "郑爽", "周深", "周深海", "朱顺"]
    for name in reversed(begun):
        await create_customer(api, display_name=name)
    answer = [*begun, "Maria Weber", "Anna Weber", inside]
    assert await names(api, "zs") == answer
    for limit in (1, 2, 3, 7):
        walked: list[str] = []
        body: dict[str, Any] = {"q": "zs", "limit": limit}
        while True:
            page = (await api.post(SEARCH, json=body)).json()
            walked += [hit["customer"]["display_name"] for hit in page["data"]]
            if not page["has_more"]:
                break
            body["cursor"] = page["next_cursor"]
        assert walked == answer, limit


async def test_filters_hold_for_a_caller_who_reaches_few(fresh_hub: HubUnderTest) -> None:
    """S-62: those few are looked through by their tokens, and only then asked for what was selected."""
    for name, stage in (("张伟", "lead"), ("张伟一", "active"), ("张伟二", "lead")):
        await create_customer(fresh_hub.api, display_name=name, source="mine", stage=stage)
    archived = await create_customer(fresh_hub.api, display_name="张伟三", source="mine")
    await fresh_hub.api.post(f"{path_of(archived)}/archive")
    mine = fresh_hub.client_of(make_principal(reach=scoped(sources=["mine"])))
    assert await names(mine, "zhang") == ["张伟", "张伟二", "张伟一"]
    assert await names(mine, "zhang", filters={"stage": ["active"]}) == ["张伟一"]
    assert await names(mine, "wei zhang", filters={"archived": "true"}) == ["张伟三"]


async def test_a_cursor_belongs_to_its_search(fresh_hub: HubUnderTest) -> None:
    """contract_c2."""
    api = fresh_hub.api
    for _ in range(3):
        await create_customer(api, display_name="张伟")
    cursor = (await api.post(SEARCH, json={"q": "张", "limit": 1})).json()["next_cursor"]
    for body in (
        {"q": "张伟", "cursor": cursor},
        {"q": "张", "cursor": cursor, "filters": {"archived": "any"}},
        {"q": "张", "cursor": cursor[:-2] + "AA"},
    ):
        problem_of(await api.post(SEARCH, json=body), 422, "invalid_cursor")
    other = fresh_hub.client_of(make_principal())
    problem_of(await other.post(SEARCH, json={"q": "张", "cursor": cursor}), 422, "invalid_cursor")


async def test_reach_decides_who_is_found_however_many_are_reached(
    fresh_hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S-62: by the few that are reached and by the tokens of all, in one order."""
    for i in range(6):
        await create_customer(
            fresh_hub.api, display_name=f"张伟{'一二三四五六'[i]}", source="mine" if i % 2 else "theirs"
        )
    mine = fresh_hub.client_of(make_principal(reach=scoped(sources=["mine"])))
    few = [hit["customer"]["source"] for hit in await found(mine, "zhang")]
    assert few == ["mine"] * 3
    page = (await mine.post(SEARCH, json={"q": "张", "limit": 2})).json()
    rest = await found(mine, "张", limit=2, cursor=page["next_cursor"])
    by_reach = [hit["customer"]["id"] for hit in [*page["data"], *rest]]
    monkeypatch.setattr("custhub.features.customers.queries.search.FEW", 1)
    by_tokens = await found(mine, "张")
    assert [hit["customer"]["id"] for hit in by_tokens] == by_reach
    nobody = fresh_hub.client_of(make_principal(reach=scoped()))
    assert (await nobody.post(SEARCH, json={"q": "张"})).json() == EMPTY


@pytest.mark.parametrize("level", [Access.HIDDEN, Access.MASKED])
async def test_what_a_role_does_not_see_is_neither_searched_nor_told(fresh_hub: HubUnderTest, level: Access) -> None:
    """S-61."""
    await create_customer(
        fresh_hub.api,
        display_name="张伟",
        company_name="宏图贸易有限公司",
        emails=[{"email": "weizhang@corp.example"}],
        external_ids=[{"source": "shop", "id": "A-1043"}],
    )
    asked = {
        "display_name": "张伟", "company_name": "宏图", "emails": "weizhang@", "external_ids": "A-1043",
    }  # fmt: skip
    for field, q in asked.items():
        fields = everything(Access.READ) | {field: level}
        client = fresh_hub.client_of(make_principal(fields=fields))
        assert await found(client, q) == [], field
        others = [await names(client, other) for name, other in asked.items() if name != field]
        assert all(len(found_names) == 1 for found_names in others), field


async def test_a_filter_on_a_hidden_field_is_refused(hub: HubUnderTest) -> None:
    """S-61."""
    fields = everything(Access.READ) | {"tags": Access.HIDDEN}
    client = hub.client_of(make_principal(fields=fields))
    refused = await client.post(SEARCH, json={"q": "张", "filters": {"tag": ["VIP"]}})
    (issue,) = problem_of(refused, 403, "field_hidden")["errors"]
    assert (issue["pointer"], issue["location"]) == ("#/filters/tag", "body")


async def test_filters_narrow_a_search(fresh_hub: HubUnderTest) -> None:
    api = fresh_hub.api
    vip = await create_customer(api, display_name="张伟", tags=["VIP"])
    gone = await create_customer(api, display_name="张伟")
    assert (await api.post(f"{path_of(gone)}/archive")).status_code == 200
    assert len(await found(api, "张伟")) == 1
    assert [hit["customer"]["id"] for hit in await found(api, "张伟", filters={"archived": "true"})] == [gone["id"]]
    assert len(await found(api, "张伟", filters={"archived": "any"})) == 2
    assert [hit["customer"]["id"] for hit in await found(api, "张伟", filters={"tag": ["vip"]})] == [vip["id"]]


async def test_a_number_is_looked_up_and_never_searched(fresh_hub: HubUnderTest) -> None:
    """contract_b4: under the scope, the quota and the audit of a lookup."""
    number = make_number()
    customer = await create_customer(
        fresh_hub.api, phones=[{"number": number}], external_ids=[{"source": "a", "id": number}]
    )
    answer = await fresh_hub.api.post(SEARCH, json={"q": f"+86 {number[:3]} {number[3:7]} {number[7:]}"})
    (hit,) = answer.json()["data"]
    assert hit["customer"]["id"] == customer["id"]
    assert hit["matched"]["field"] == "phones"
    assert number not in answer.text.replace(hit["customer"]["external_ids"][0]["external_id"], "")
    assert answer.headers["cache-control"] == "no-store"
    (entry,) = await fresh_hub.rows("SELECT reason FROM audit_entries WHERE action = 'phone.looked_up'")
    assert entry[0] == "number"
    reader = fresh_hub.client(["customers:read"])
    refused = await reader.post(SEARCH, json={"q": number})
    assert problem_of(refused, 403, "insufficient_scope")["scope"] == "phones:lookup"
    elsewhere = fresh_hub.client_of(make_principal(reach=scoped(sources=["other"])))
    unreached = await elsewhere.post(SEARCH, json={"q": number})
    unknown = await elsewhere.post(SEARCH, json={"q": make_number()})
    assert unreached.json() == unknown.json() == EMPTY
    assert await found(fresh_hub.api, number, filters={"tag": ["VIP"]}) == []


async def test_part_of_a_number_finds_nothing(fresh_hub: HubUnderTest) -> None:
    """contract_b4, S-25: no number is in any token."""
    number = make_number()
    await create_customer(fresh_hub.api, display_name=f"王师傅{number}", phones=[{"number": number}])
    assert await found(fresh_hub.api, number[:7]) == []
    (hit,) = await found(fresh_hub.api, "师傅")
    text = hit["matched"]["text"]
    assert number not in text
    (place,) = hit["matched"]["ranges"]
    assert text[place["start"] : place["end"]] == "师傅"
    tokens = [row[0] for row in await fresh_hub.rows("SELECT token FROM search_tokens")]
    assert not [token for token in tokens if any(char.isdigit() for char in token)]


async def test_a_search_takes_no_idempotency_key(hub: HubUnderTest) -> None:
    """contract_d3: its answer names customers who could not be erased from a stored one."""
    refused = await hub.api.post(SEARCH, json={"q": "张"}, headers={"Idempotency-Key": "search-0001"})
    problem_of(refused, 400, "idempotency_not_supported")


@pytest.mark.parametrize("body", [{}, {"q": ""}, {"q": "x" * 101}, {"q": "x", "limit": 0}, {"q": "x", "sort": "name"}])
async def test_a_search_that_makes_no_sense_is_refused(hub: HubUnderTest, body: dict[str, Any]) -> None:
    assert (await hub.api.post(SEARCH, json=body)).status_code == 422


@pytest.mark.parametrize(
    "q", ["%", "_", "\\", "%%", "!!", "  ", "'", "张%", "\U0010ffff", "@", "@@", "N张", "\ue5a00\ue5a1"]
)
async def test_any_text_may_be_searched_for(hub: HubUnderTest, q: str) -> None:
    assert (await hub.api.post(SEARCH, json={"q": q})).status_code == 200
