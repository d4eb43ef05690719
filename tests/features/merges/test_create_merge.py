"""Merges: exactly what the preview said, all rows, one transaction."""

from __future__ import annotations

from typing import Any

from tests.customers import create_customer, path_of, problem_of, read_customer
from tests.hub import HubUnderTest, make_number
from tests.merges import commit, field_of, merge, preview


async def two(hub: HubUnderTest) -> tuple[dict[str, Any], dict[str, Any]]:
    shop = make_number()
    first = await create_customer(
        hub.api,
        display_name="Cao Wei",
        birthday={"date": "1990-01-01"},
        phones=[{"number": make_number()}],
        emails=[{"email": "cao@example.com"}],
        tags=["VIP"],
        note="first",
    )
    second = await create_customer(
        hub.api,
        display_name="曹伟",
        birthday={"date": "1988-05-06"},
        phones=[{"number": make_number()}, {"number": make_number()}],
        emails=[{"email": "wei@example.com"}],
        addresses=[{"street": "1 Road", "country": "US"}],
        external_ids=[{"source": "shop", "id": shop}],
        tags=["vip", "B2B"],
        note=f"call {make_number()}",
        language="zh-CN",
    )
    return first, second


async def test_a_merge_gives_all_to_the_survivor(hub: HubUnderTest) -> None:
    """MATCHING 4."""
    first, second = await two(hub)
    plan = await preview(hub.api, [first, second], survivor_id=first["id"])
    assert field_of(plan, "display_name")["value"] == "曹伟"
    assert field_of(plan, "display_name")["rule"] == "substance"
    assert field_of(plan, "birthday")["value"]["date"] == "1988-05-06"
    assert field_of(plan, "language")["rule"] == "only"
    assert {move["table"]: move["rows"] for move in plan["moves"] if move["rows"]} == {
        "phones": 2, "emails": 1, "addresses": 1, "external_ids": 1,
        "tags": 1,
    }  # fmt: skip
    answer = await commit(hub.api, plan)
    assert answer.status_code == 201, answer.text
    merged = answer.json()
    assert merged["merged_ids"] == [second["id"]]
    now = await read_customer(hub.api, first)
    assert (now["display_name"], now["birthday"]["date"], now["language"]) == ("曹伟", "1988-05-06", "zh-CN")
    assert len(now["phones"]) == 3
    assert sum(phone["is_primary"] for phone in now["phones"]) == 1
    assert {tag["tag"] for tag in now["tags"]} == {"VIP", "B2B"}
    check = (await hub.api.get(f"/v1/merges/{merged['id']}/verification")).json()
    assert check["ok"], check
    told = (await hub.api.get(f"/v1/merges/{merged['id']}")).json()
    assert field_of(told, "display_name")["rejected"] == [{"customer_id": first["id"], "value": "Cao Wei"}]
    assert told["fields"] == plan["fields"]


async def test_a_plan_that_does_not_stand_any_more_changes_nothing(hub: HubUnderTest) -> None:
    first, second = await two(hub)
    plan = await preview(hub.api, [first, second])
    answer = await hub.api.patch(path_of(second), json={"language": "en"})
    assert answer.status_code == 200
    problem = problem_of(await commit(hub.api, plan), 409, "plan_changed")
    assert problem["changed"] == ["customers", "language"]
    again = await preview(hub.api, [first, second])
    assert problem["plan_hash"] == again["plan_hash"]
    assert (await merge(hub.api, [first, second]))["state"] == "done"
