"""Lists of customers: shape, limits, filters, orders, totals, cursors (contract_c1 to contract_c4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from custhub.kit.ids import Prefix, new_id, to_text
from custhub.security.fields import Access, Field, everything
from tests.client import ApiClient
from tests.customers import create_customer, declare, path_of, problem_of
from tests.hub import HubUnderTest
from tests.principals import add_team, add_user, make_principal

LIST = "/v1/customers"


async def _names(api: ApiClient, **params: Any) -> list[str]:
    answer = await api.get(LIST, params={"limit": 200, **params})
    assert answer.status_code == 200, answer.text
    return [customer["display_name"] for customer in answer.json()["data"]]


async def test_list_customers_needs_a_token_and_its_scope(hub: HubUnderTest) -> None:
    problem_of(await hub.client(token="").get(LIST), 401, "token_missing")
    refused = await hub.client(["customers:create"]).get(LIST)
    assert problem_of(refused, 403, "insufficient_scope")["scope"] == "customers:read"


async def test_a_list_has_data_cursor_and_flag_and_no_total(fresh_hub: HubUnderTest) -> None:
    """contract_c1: never a bare array, no total unless asked for."""
    empty = await fresh_hub.api.get(LIST)
    assert empty.json() == {"data": [], "next_cursor": None, "has_more": False, "total": None}
    assert "link" not in empty.headers
    made = [await create_customer(fresh_hub.api, display_name=f"n{i}") for i in range(3)]
    page = await fresh_hub.api.get(LIST, params={"limit": 2, "sort": "created_at"})
    body = page.json()
    assert body["data"] == made[:2]
    assert body["has_more"] is True
    link = page.headers["link"]
    assert link.endswith('; rel="next"')
    url = link[1 : link.index(">")]
    assert dict(parse_qsl(urlsplit(url).query)) == {
        "limit": "2", "sort": "created_at", "cursor": body["next_cursor"],
    }  # fmt: skip
    last = await fresh_hub.api.get(url)
    assert last.json() == {"data": made[2:], "next_cursor": None, "has_more": False, "total": None}
    assert "link" not in last.headers


async def test_the_limit_is_fifty_unless_said_otherwise(fresh_hub: HubUnderTest) -> None:
    """contract_c2: default 50; a page of exactly all rows says that there are no more."""
    for i in range(51):
        await create_customer(fresh_hub.api, display_name=f"n{i}")
    assert len((await fresh_hub.api.get(LIST)).json()["data"]) == 50
    whole = (await fresh_hub.api.get(LIST, params={"limit": 51})).json()
    assert (len(whole["data"]), whole["has_more"], whole["next_cursor"]) == (51, False, None)


@pytest.mark.parametrize("limit", ["0", "201", "-1", "1.5", "abc", "", "99999999999999999999"])
async def test_a_limit_out_of_range_is_refused(api: ApiClient, limit: str) -> None:
    """contract_c2: 1 to 200."""
    problem = problem_of(await api.get(LIST, params={"limit": limit}), 422, "validation_failed")
    assert [(e["pointer"], e["location"]) for e in problem["errors"]] == [("#/limit", "query")]


@pytest.mark.parametrize("limit", [1, 200])
async def test_a_limit_at_the_edge_is_taken(api: ApiClient, limit: int) -> None:
    assert (await api.get(LIST, params={"limit": limit})).status_code == 200


async def _population(hub: HubUnderTest) -> dict[str, str]:
    """Six customers that differ in everything a filter asks for; the values of owners and teams."""
    team, other_team = [await add_team(hub.app.hub) for _ in range(2)]
    owner, other = await add_user(hub.app.hub, team), await add_user(hub.app.hub, other_team)
    ids = {
        "owner": to_text(Prefix.USER, owner), "other": to_text(Prefix.USER, other),
        "team": to_text(Prefix.TEAM, team), "other_team": to_text(Prefix.TEAM, other_team),
    }  # fmt: skip
    await declare(hub.api, "size", {"type": "integer"}, filterable=True)
    colours = {"type": "array", "items": {"type": "string", "enum": ["red", "green", "blue"]}}
    await declare(hub.api, "colours", colours, filterable=True)
    rows: Sequence[dict[str, Any]] = [
        {"display_name": "a", "stage": "lead", "source": "web", "owner_id": ids["owner"], "tags": ["VIP"],
         "category": "dealer", "needs": ["renewal"], "custom_fields": {"size": 42, "colours": ["blue"]}},
        {"display_name": "b", "stage": "active", "source": "web", "team_id": ids["team"], "tags": ["vip", "new"],
         "category": "dealer", "needs": ["service"], "custom_fields": {"size": 42, "colours": ["red", "green"]}},
        {"display_name": "c", "stage": "active", "source": "shop", "category": "partner",
         "needs": ["renewal", "purchase"], "custom_fields": {"size": 43},
         "addresses": [{"full_text": "广东省深圳市南山区1号"}]},
        {"display_name": "d", "stage": "lapsed", "source": "fair",
         "addresses": [{"full_text": "广东省广州市天河区1号"}]},
        {"display_name": "e", "stage": "former", "source": "fair", "owner_id": ids["other"],
         "addresses": [{"country": "DE", "city": "Berlin", "street": "Allee 1"}, {"full_text": "北京市朝阳区1号"}]},
        {"display_name": "f", "stage": "prospect", "source": "web", "team_id": ids["other_team"], "tags": ["Größe"]},
    ]  # fmt: skip
    for row in rows:
        customer = await create_customer(hub.api, **row)
        if row["display_name"] == "f":
            await hub.api.post(f"{path_of(customer)}/archive")
        hub.clock.advance(60)
    return ids


FILTERS: list[tuple[dict[str, Any], str]] = [
    ({}, "abcde"),
    ({"archived": "false"}, "abcde"),
    ({"archived": "true"}, "f"),
    ({"archived": "any"}, "abcdef"),
    ({"stage": "active"}, "bc"),
    ({"stage": ["active", "lead"]}, "abc"),
    ({"source": "web"}, "ab"),
    ({"source": ["web", "shop"]}, "abc"),
    ({"source": "nothing"}, ""),
    ({"owner_id": "{owner}"}, "a"),
    ({"owner_id": ["{owner}", "{other}"]}, "ae"),
    ({"owner_id": "{nobody}"}, ""),
    ({"team_id": "{team}"}, "b"),
    ({"team_id": ["{team}", "{other_team}"], "archived": "any"}, "bf"),
    ({"tag": "VIP"}, "ab"),
    ({"tag": "vIp"}, "ab"),
    ({"tag": ["new", "nothing"]}, "b"),
    ({"tag": "GRÖSSE", "archived": "any"}, "f"),
    ({"country": "CN"}, "cde"),
    ({"country": "DE"}, "e"),
    ({"province": "广东省"}, "cd"),
    ({"city": "深圳市"}, "c"),
    ({"city": ["深圳市", "Berlin"]}, "ce"),
    ({"country": "DE", "province": "北京市"}, "e"),
    ({"created_at_gte": "2026-03-01T08:02:00Z"}, "cde"),
    ({"created_at_lt": "2026-03-01T08:02:00Z"}, "ab"),
    ({"created_at_gte": "2026-03-01T08:01:00Z", "created_at_lt": "2026-03-01T16:03:00+08:00"}, "bc"),
    ({"updated_at_gte": "2026-03-01T08:04:00Z"}, "e"),
    ({"updated_at_lt": "2026-03-01T08:00:00.000001Z"}, "a"),
    ({"stage": "active", "source": "web"}, "b"),
    ({"stage": "active", "tag": "vip", "team_id": "{team}", "created_at_gte": "2026-01-01T00:00:00Z"}, "b"),
    ({"stage": "lead", "archived": "true"}, ""),
    ({"category": "dealer"}, "ab"),
    ({"category": ["dealer", "partner"]}, "abc"),
    ({"need": "renewal"}, "ac"),
    ({"need": ["renewal", "service"], "category": "dealer"}, "ab"),
    ({"custom": "size:42"}, "ab"),
    ({"custom": "size:42.0"}, "ab"),
    ({"custom": ["size:42", "size:43"]}, "abc"),
    ({"custom": ["size:42", "colours:red"]}, "b"),
    ({"custom": ["size:42", "colours:red", "colours:blue"], "need": "renewal"}, "a"),
    ({"custom": "size:none"}, ""),
]


async def test_every_filter_selects_what_it_names(fresh_hub: HubUnderTest) -> None:
    """contract_c3: equality, sets by repeating, ranges; together they narrow. Totals count the same rows."""
    ids = await _population(fresh_hub) | {"nobody": to_text(Prefix.USER, new_id())}
    for params, expected in FILTERS:
        sent = {
            name: [v.format(**ids) for v in value] if isinstance(value, list) else value.format(**ids)
            for name, value in params.items()
        }
        assert "".join(await _names(fresh_hub.api, sort="created_at", **sent)) == expected, params
        body = (await fresh_hub.api.get(LIST, params={**sent, "include": "total"})).json()
        assert body["total"] == {"value": len(expected), "exact": True}, params


async def test_every_filter_of_the_document_is_in_the_table(hub: HubUnderTest) -> None:
    """contract_c3: a filter without a row above is a hole in these tests."""
    listing = hub.app.api.openapi()["paths"][LIST]["get"]["parameters"]
    names = {parameter["name"] for parameter in listing if parameter.get("in") == "query"}
    covered = {name for params, _ in FILTERS for name in params}
    assert names - covered <= {"limit", "cursor", "sort", "include", "saved_filter_id"}


SORTS = {
    "created_at": ["曾小贤", "Bob", "李雷", "阿明"],
    "-created_at": ["阿明", "李雷", "Bob", "曾小贤"],
    "name": ["阿明", "Bob", "李雷", "曾小贤"],
    "-name": ["曾小贤", "李雷", "Bob", "阿明"],
    "updated_at": ["Bob", "李雷", "阿明", "曾小贤"],
    "-updated_at": ["曾小贤", "阿明", "李雷", "Bob"],
}


async def test_every_order_sorts(fresh_hub: HubUnderTest) -> None:
    """contract_c4: names by pinyin, surnames by their surname reading (曾 is zeng); newest first by default."""
    first = await create_customer(fresh_hub.api, display_name="曾小贤")
    for name in ("Bob", "李雷", "阿明"):
        fresh_hub.clock.advance(1)
        await create_customer(fresh_hub.api, display_name=name)
    fresh_hub.clock.advance(1)
    await fresh_hub.api.patch(path_of(first), json={"note": "x"})
    for sort, expected in SORTS.items():
        assert await _names(fresh_hub.api, sort=sort) == expected, sort
    assert await _names(fresh_hub.api) == SORTS["-created_at"]


@pytest.mark.parametrize("sort", ["phone", "id", "+created_at", "created_at,name", "", "-", "NAME"])
async def test_another_order_is_refused(api: ApiClient, sort: str) -> None:
    """contract_c4: an enum."""
    problem = problem_of(await api.get(LIST, params={"sort": sort}), 422, "validation_failed")
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [("#/sort", "unknown_value")]


@pytest.mark.parametrize("name", ["phone", "phone_last4", "phone_like", "q", "display_name", "note"])
async def test_numbers_and_texts_are_no_filters(api: ApiClient, name: str) -> None:
    """S-11, contract_b4: a phone number never stands in a URL."""
    answer = await api.get(LIST, params={name: "13812345678"})
    assert answer.status_code == 422
    assert answer.json()["code"] in ("filter_not_supported", "unknown_field")


async def test_a_renamed_customer_moves(fresh_hub: HubUnderTest) -> None:
    """contract_c4: the stored key follows the name."""
    first = await create_customer(fresh_hub.api, display_name="阿明")
    await create_customer(fresh_hub.api, display_name="李雷")
    await fresh_hub.api.patch(path_of(first), json={"display_name": "周明"})
    assert await _names(fresh_hub.api, sort="name") == ["李雷", "周明"]


async def test_a_total_is_exact_or_says_that_it_is_not(fresh_hub: HubUnderTest) -> None:
    """contract_c1: exact up to 10,000, honestly marked beyond."""
    await create_customer(fresh_hub.api)
    await _multiply(fresh_hub, 10_000)
    body = (await fresh_hub.api.get(LIST, params={"include": "total", "limit": 1})).json()
    assert body["total"] == {"value": 10_000, "exact": False}
    body = (await fresh_hub.api.get(LIST, params={"include": "total", "limit": 1, "source": "api"})).json()
    assert body["total"] == {"value": 1, "exact": True}


async def _multiply(hub: HubUnderTest, count: int) -> None:
    """`count` bare copies of the one customer, under the source `copy`."""
    from custhub.kit.db import metadata

    columns = [column.name for column in metadata.tables["customers"].columns]
    copied = ", ".join({"id": "{id}", "source": "'copy'"}.get(name, name) for name in columns)
    numbers, new = (
        (f"generate_series(1, {count}) AS n(i)", "gen_random_uuid()")
        if hub.engine == "postgresql"
        else (
            f"(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n)",  # noqa: S608  # a number of ours
            "randomblob(16)",
        )
    )
    sql = f"INSERT INTO customers ({', '.join(columns)}) SELECT {copied.format(id=new)} FROM customers, {numbers}"  # noqa: S608  # no input
    async with hub.app.database.transaction() as connection:
        await connection.execute(sql, ())


@pytest.fixture
async def cursor_of(hub: HubUnderTest) -> str:
    """A cursor of the second page of one list."""
    for _ in range(3):
        await create_customer(hub.api, source="cursors")
    page = await hub.api.get(LIST, params={"source": "cursors", "limit": 1})
    return str(page.json()["next_cursor"])


async def test_an_altered_cursor_is_refused(api: ApiClient, cursor_of: str) -> None:
    """contract_c2: every character is signed; other spellings of the same bytes are not ours either."""
    params: dict[str, Any] = {"source": "cursors", "limit": 1}
    assert (await api.get(LIST, params={**params, "cursor": cursor_of})).status_code == 200
    altered = [
        cursor_of[:i] + ("A" if cursor_of[i] != "A" else "B") + cursor_of[i + 1 :] for i in range(len(cursor_of))
    ]
    altered += [cursor_of + "!", cursor_of + "=", "!" + cursor_of, cursor_of[:-1], cursor_of[1:], cursor_of + "AAAA"]
    altered += ["", "x", "====", "é", "0" * 500, cursor_of.swapcase()]
    for cursor in altered:
        problem = problem_of(await api.get(LIST, params={**params, "cursor": cursor}), 422, "invalid_cursor")
        assert [(e["pointer"], e["location"]) for e in problem["errors"]] == [("#/cursor", "query")]


async def test_a_cursor_is_bound_to_filter_and_order(api: ApiClient, cursor_of: str) -> None:
    """contract_c2: to everything but the place and the size of a page."""
    filters: tuple[dict[str, Any], ...] = (
        {},
        {"source": "other"},
        {"source": ["cursors", "other"]},
        {"source": "cursors", "sort": "created_at"},
        {"source": "cursors", "sort": "name"},
        {"source": "cursors", "archived": "any"},
        {"source": "cursors", "stage": "lead"},
        {"source": "cursors", "created_at_gte": "2020-01-01T00:00:00Z"},
    )
    for params in filters:
        problem_of(await api.get(LIST, params={**params, "cursor": cursor_of}), 422, "invalid_cursor")
    for limit in (1, 2, 200):
        params = {"source": "cursors", "limit": limit, "cursor": cursor_of}
        assert (await api.get(LIST, params=params)).status_code == 200


async def test_a_cursor_is_bound_to_its_principal(hub: HubUnderTest, cursor_of: str) -> None:
    """contract_c2: of another caller, 422."""
    other = hub.client_of(make_principal())
    problem_of(await other.get(LIST, params={"source": "cursors", "cursor": cursor_of}), 422, "invalid_cursor")


async def test_a_cursor_of_another_route_is_refused(hub: HubUnderTest) -> None:
    """contract_c2: a lookup's cursor is none of a list."""
    for i in range(2):
        await create_customer(hub.api, phones=[{"number": f"1381{i:03d}9191"}])
    lookup = await hub.api.post("/v1/customers/lookup", json={"phone_last4": "9191", "limit": 1})
    cursor = lookup.json()["next_cursor"]
    assert cursor is not None
    problem_of(await hub.api.get(LIST, params={"cursor": cursor}), 422, "invalid_cursor")


HIDDEN = {
    Field.CATEGORY: {"category": "dealer"},
    Field.NEEDS: {"need": "renewal"},
    Field.CUSTOM_FIELDS: {"custom": "anything:x"},
    Field.STAGE: {"stage": "lead"},
    Field.SOURCE: {"source": "web"},
    Field.OWNER: {"owner_id": to_text(Prefix.USER, new_id())},
    Field.TEAM: {"team_id": to_text(Prefix.TEAM, new_id())},
    Field.TAGS: {"tag": "VIP"},
    Field.ADDRESSES: {"country": "CN"},
    Field.DISPLAY_NAME: {"sort": "name"},
}


@pytest.mark.parametrize("level", [Access.HIDDEN, Access.MASKED])
@pytest.mark.parametrize("field", HIDDEN)
async def test_filtering_or_sorting_by_what_one_does_not_see_is_refused(
    hub: HubUnderTest, field: Field, level: Access
) -> None:
    """S-61: 403, for a masked field too: its values could be found by trial."""
    blind = hub.client_of(make_principal(fields=everything(Access.READ) | {field.value: level}))
    problem = problem_of(await blind.get(LIST, params=HIDDEN[field]), 403, "field_hidden")
    assert problem["errors"][0]["pointer"] == f"#/{field.value}"
    if field is Field.ADDRESSES:
        for name in ("province", "city"):
            problem_of(await blind.get(LIST, params={name: "x"}), 403, "field_hidden")
    if field is Field.DISPLAY_NAME:
        problem_of(await blind.get(LIST, params={"sort": "-name"}), 403, "field_hidden")
    assert (await blind.get(LIST)).status_code == 200
