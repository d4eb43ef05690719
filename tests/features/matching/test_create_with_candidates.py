"""Who may be the same is told with a create that asks for it (MATCHING 1)."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.security.reach import scoped
from tests.client import ApiClient
from tests.faults import counted
from tests.hub import HubUnderTest, make_number
from tests.principals import add_user, make_principal

PATH = "/v1/customers"
ASKED = {"include": "candidates"}
RIGHTS = ["customers:create", "customers:read", "merges:read", "phones:lookup"]


def person(number: str) -> dict[str, Any]:
    """Surest the same as those of the same number; others have numbers that look like it."""
    return {"display_name": "王小伟", "phones": [{"number": number, "shared": True}]}


async def made(api: ApiClient, body: dict[str, Any], **sent: Any) -> dict[str, Any]:
    answer = await api.post(PATH, json=body, **sent)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_who_was_there_is_told_without_values(hub: HubUnderTest) -> None:
    """The same numbers as the check of the new customer gives afterwards, and no value of anybody."""
    number = make_number()
    there = await made(hub.api, person(number))
    assert "candidates" not in there
    new = await made(hub.api, person(number), params=ASKED)
    one = new["candidates"][0]
    assert (one["customer_id"], one["decision"]) == (there["id"], "merge")
    assert {name for field in one["fields"] for name in field} == {"field", "level", "bits"}
    check = await hub.api.post("/v1/duplicates/check", json={"customer_id": new["id"]})
    explained = check.json()["data"][0]
    said = explained["explanation"]
    assert explained["customer_id"] == there["id"]
    assert [one[name] for name in ("total", "probability")] == [said[name] for name in ("total", "probability")]
    assert one["fields"] == [{name: field[name] for name in ("field", "level", "bits")} for field in said["fields"]]
    shown = (await hub.api.get(f"{PATH}/{new['id']}")).json()
    assert shown == {name: value for name, value in new.items() if name != "candidates"}


async def test_nobody_else_is_an_empty_list(hub: HubUnderTest) -> None:
    new = await made(hub.api, {"display_name": "Þorgerður Xhemajlaj"}, params=ASKED)
    assert new["candidates"] == []


async def test_a_replay_tells_the_same(hub: HubUnderTest) -> None:
    """D3, S-24: as it was then, though the customer itself and others are there by now; nobody is looked up again."""
    number, headers = make_number(), {"idempotency-key": f"asked-{make_number().strip('+')}"}
    there = await made(hub.api, person(number))
    first = await made(hub.api, person(number), params=ASKED, headers=headers)
    late = await made(hub.api, person(number))
    uses = await hub.rows("SELECT count(*) FROM phone_uses")
    again = await made(hub.api, person(number), params=ASKED, headers=headers)
    assert await hub.rows("SELECT count(*) FROM phone_uses") == uses
    assert again == first
    told = [one["customer_id"] for one in again["candidates"]]
    assert told[0] == there["id"]
    assert not {first["id"], late["id"]} & set(told)
    unasked = await hub.api.post(PATH, json=person(number), headers=headers)
    assert unasked.json()["code"] == "idempotency_key_reused"


@pytest.mark.parametrize("missing", ["merges:read", "customers:read", "phones:lookup"])
async def test_it_needs_the_rights_of_a_check(hub: HubUnderTest, missing: str) -> None:
    """S-14: refused before anything is stored; the create alone needs none of them."""
    api, body = hub.client([scope for scope in RIGHTS if scope != missing]), person(make_number())
    refused = (await api.post(PATH, json=body, params=ASKED)).json()
    assert (refused["code"], refused["scope"]) == ("insufficient_scope", missing)
    unasked = await made(api, body)
    found = await made(hub.client(RIGHTS), body, params=ASKED)
    assert found["candidates"][0]["customer_id"] == unasked["id"]
    only_one = [one for one in found["candidates"] if "same_mobile" in str(one["fields"])]
    assert len(only_one) == 1, "the refused create stored nobody"


async def test_a_number_that_cannot_be_read_is_named_where_it_stands(hub: HubUnderTest) -> None:
    body = {"display_name": "王小伟", "phones": [{"number": "12"}]}
    refused = [(await hub.api.post(PATH, json=body, params=params)).json() for params in (ASKED, {})]
    assert refused[0]["errors"] == refused[1]["errors"] != []


async def test_who_is_out_of_reach_is_not_told(hub: HubUnderTest) -> None:
    """S-62."""
    number = make_number()
    await made(hub.api, person(number))
    me = await add_user(hub.app.hub)
    api = hub.client_of(make_principal(reach=scoped(owner=me), user_id=me))
    mine = await made(api, person(number), params=ASKED)
    assert mine["candidates"] == []
    [one] = (await made(api, person(number), params=ASKED))["candidates"]
    assert one["customer_id"] == mine["id"]


async def test_who_does_not_ask_waits_for_nothing(hub: HubUnderTest) -> None:
    with counted(hub) as calls:
        await made(hub.api, {"display_name": "王小伟"})
    assert (len(calls.fetches), calls.sends, calls.transactions) == (0, 1, 0)
