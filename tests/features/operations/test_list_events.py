"""The feed: what it tells, in which order, and from where one may go on (E-2, E-7)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from custhub.events.epochs import begin_epoch
from custhub.events.retention import KEPT
from custhub.security.scopes import ALL, Scope
from tests.features.operations.feed import Copy, relay, state_of
from tests.hub import HubUnderTest, make_customer, make_number


async def create(hub: HubUnderTest, number: int = 1) -> list[dict[str, Any]]:
    made = [await hub.api.post("/v1/customers", json=make_customer()) for _ in range(number)]
    return [answer.json() for answer in made]


async def patch(hub: HubUnderTest, customer: dict[str, Any], **members: Any) -> dict[str, Any]:
    answer = await hub.api.patch(f"/v1/customers/{customer['id']}", json=members)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


async def read(hub: HubUnderTest, **params: Any) -> dict[str, Any]:
    answer = await hub.api.get("/v1/events", params=params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_e2_the_envelope_says_what_happened_to_whom_by_whom(fresh_hub: HubUnderTest) -> None:
    answer = await fresh_hub.api.post(
        "/v1/customers", json=make_customer(display_name="王伟"), headers={"X-Request-Id": "req-42"}
    )
    customer = answer.json()
    await relay(fresh_hub)
    (event,) = (await read(fresh_hub))["data"]
    assert re.fullmatch(r"evt_[0-7][0-9a-hjkmnp-tv-z]{25}", event.pop("id"))
    assert re.fullmatch(r"[a-z]+_[0-7][0-9a-hjkmnp-tv-z]{25}", event["actor"].pop("id"))
    assert event == {
        "type": "customer.created",
        "timestamp": "2026-03-01T08:00:00Z",
        "schema_version": 1,
        "epoch": 1,
        "position": 1,
        "subject": {"type": "customer", "id": customer["id"], "revision": 1},
        "actor": {"kind": "operator"},
        "request_id": "req-42",
        "data": {"id": customer["id"], "self": f"/v1/customers/{customer['id']}"},
    }


async def test_e5_a_change_names_its_fields_and_no_content(fresh_hub: HubUnderTest) -> None:
    (customer,) = await create(fresh_hub)
    await patch(fresh_hub, customer, display_name="赵敏", note="likes tea")
    await relay(fresh_hub)
    changed = (await read(fresh_hub))["data"][1]
    assert changed["type"] == "customer.updated"
    # The halves that were split off the name follow it.
    assert sorted(changed["data"].pop("fields")) == ["display_name", "family_name", "given_name", "note"]
    assert changed["data"] == {"id": customer["id"], "self": f"/v1/customers/{customer['id']}"}
    assert changed["subject"]["revision"] == 2


async def test_e5_the_link_of_a_part_leads_there(fresh_hub: HubUnderTest) -> None:
    answer = await fresh_hub.api.post("/v1/customers", json=make_customer(phones=[{"number": make_number()}]))
    phone = f"/v1/customers/{answer.json()['id']}/phones/{answer.json()['phones'][0]['id']}"
    assert (await fresh_hub.api.post(f"{phone}/verify", json={"result": "reached_owner"})).status_code == 200
    await relay(fresh_hub)
    (verified,) = (await read(fresh_hub, type="contact_point.verified"))["data"]
    assert verified["data"]["self"] == phone
    assert verified["data"]["result"] == "reached_owner"


async def test_e7_nothing_stands_in_the_feed_before_it_has_a_position(fresh_hub: HubUnderTest) -> None:
    await create(fresh_hub)
    before = await read(fresh_hub)
    assert before["data"] == []
    assert before["has_more"] is False
    await relay(fresh_hub)
    after = await read(fresh_hub, cursor=before["next_cursor"])
    assert [event["position"] for event in after["data"]] == [1]


async def test_contract_c1_pages_follow_each_other_and_the_end_goes_on_later(fresh_hub: HubUnderTest) -> None:
    made = await create(fresh_hub, 5)
    await relay(fresh_hub)
    answer = await fresh_hub.api.get("/v1/events", params={"limit": 2})
    first = answer.json()
    assert f"cursor={first['next_cursor']}" in answer.headers["link"]
    second = await read(fresh_hub, limit=2, cursor=first["next_cursor"])
    last = await fresh_hub.api.get("/v1/events", params={"limit": 2, "cursor": second["next_cursor"]})
    assert "link" not in last.headers
    third = last.json()
    assert [page["has_more"] for page in (first, second, third)] == [True, True, False]
    events = [event for page in (first, second, third) for event in page["data"]]
    assert [event["position"] for event in events] == [1, 2, 3, 4, 5]
    assert [event["subject"]["id"] for event in events] == [customer["id"] for customer in made]
    assert (await read(fresh_hub, limit=2, cursor=third["next_cursor"]))["data"] == []
    await create(fresh_hub)
    await relay(fresh_hub)
    assert [event["position"] for event in (await read(fresh_hub, cursor=third["next_cursor"]))["data"]] == [6]


async def test_contract_c3_several_types_come_in_the_order_of_the_feed(fresh_hub: HubUnderTest) -> None:
    customers = await create(fresh_hub, 3)
    for customer in customers:
        await patch(fresh_hub, customer, note="x")
        await fresh_hub.api.post(f"/v1/customers/{customer['id']}/archive")
    await relay(fresh_hub)
    asked = ["customer.archived", "customer.created", "customer.archived"]
    cursor, seen = None, []
    for _ in range(3):
        page = await read(fresh_hub, type=asked, limit=2, **({} if cursor is None else {"cursor": cursor}))
        cursor = page["next_cursor"]
        seen += [(event["position"], event["type"]) for event in page["data"]]
    assert [position for position, _ in seen] == [1, 2, 3, 5, 7, 9]
    assert {name for _, name in seen} == {"customer.archived", "customer.created"}
    assert not page["has_more"]


async def test_e7_a_reader_of_a_rare_type_stands_at_the_end_of_the_feed(fresh_hub: HubUnderTest) -> None:
    """Else its cursor would expire while nothing of its type happens."""
    await create(fresh_hub, 3)
    await relay(fresh_hub)
    rare = await read(fresh_hub, type="team.created")
    await age(fresh_hub)
    await create(fresh_hub)
    await relay(fresh_hub)
    assert (await read(fresh_hub, type="team.created", cursor=rare["next_cursor"]))["data"] == []


async def test_contract_c2_a_cursor_is_of_one_caller_and_filter(fresh_hub: HubUnderTest) -> None:
    await create(fresh_hub, 2)
    await relay(fresh_hub)
    cursor = (await read(fresh_hub, limit=1))["next_cursor"]
    for params in ({"type": "customer.created"}, {}):
        sent = cursor if params else cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
        answer = await fresh_hub.api.get("/v1/events", params={"cursor": sent, **params})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")


@pytest.mark.parametrize("path", ["/v1/events", "/v1/events/checksum?type=customer", "/v1/event-types"])
async def test_contract_h2_the_feed_needs_its_scope(hub: HubUnderTest, path: str) -> None:
    assert (await hub.client(token="").get(path)).status_code == 401
    refused = await hub.client(ALL - {Scope.EVENTS_READ.value}).get(path)
    assert (refused.status_code, refused.json()["scope"]) == (403, "events:read")
    assert (await hub.client([Scope.EVENTS_READ.value]).get(path)).status_code == 200


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "type=Customer", "type=x", "since=1", "cursor=%E4", "cursor=x"]
)
async def test_contract_b6_what_the_feed_does_not_know_is_refused(hub: HubUnderTest, query: str) -> None:
    assert (await hub.api.get(f"/v1/events?{query}")).status_code == 422


async def test_contract_b6_a_checksum_is_of_a_type_that_can_be_followed(hub: HubUnderTest) -> None:
    for query in ("", "?type=phone", "?type=customer&epoch=1"):
        assert (await hub.api.get(f"/v1/events/checksum{query}")).status_code == 422


async def age(hub: HubUnderTest, days: float = 31) -> None:
    """Let time pass, and retention."""
    hub.clock.advance(timedelta(days=days).total_seconds())
    hub.api = hub.client()  # the token before has ended
    await hub.app.upkeep.retention.run()


async def test_e7_an_older_cursor_is_told_the_oldest_it_can_go_on_from(fresh_hub: HubUnderTest) -> None:
    (customer,) = await create(fresh_hub)
    await relay(fresh_hub)
    cursor = (await read(fresh_hub))["next_cursor"]
    for note in ("a", "b"):
        await patch(fresh_hub, customer, note=note)
    await relay(fresh_hub)
    await age(fresh_hub)
    await create(fresh_hub)
    await relay(fresh_hub)
    answer = await fresh_hub.api.get("/v1/events", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (410, "cursor_expired")
    page = await read(fresh_hub, cursor=answer.json()["oldest"])
    assert [event["position"] for event in page["data"]] == [4]


async def test_e7_a_walk_from_the_start_is_not_stopped_by_what_retention_thinned_out(fresh_hub: HubUnderTest) -> None:
    customers = await create(fresh_hub, 4)
    for customer in customers[:2]:
        await patch(fresh_hub, customer, note="x")
    await relay(fresh_hub)
    await age(fresh_hub)
    copy = Copy(fresh_hub.api)
    await copy.follow(limit=1)
    assert [event["position"] for event in copy.seen] == [3, 4, 5, 6]
    told = await state_of(fresh_hub.api)
    assert copy.state() == (told["count"], told["checksum"])
    assert told["count"] == 4


async def test_e7_a_walk_that_retention_overtakes_still_ends_with_every_subject(fresh_hub: HubUnderTest) -> None:
    customers = await create(fresh_hub, 4)
    await relay(fresh_hub)
    await age(fresh_hub)
    started = await read(fresh_hub, limit=1)
    for customer in customers:
        await patch(fresh_hub, customer, note="x")
        await patch(fresh_hub, customer, note="y")
    await relay(fresh_hub)
    await age(fresh_hub)
    rest = await read(fresh_hub, limit=200, cursor=started["next_cursor"])
    assert {event["subject"]["id"]: event["subject"]["revision"] for event in rest["data"]} == {
        customer["id"]: 3 for customer in customers
    }


async def test_e7_a_restored_hub_sends_readers_to_its_new_start(fresh_hub: HubUnderTest) -> None:
    await create(fresh_hub, 2)
    await relay(fresh_hub)
    cursor = (await read(fresh_hub))["next_cursor"]
    begun = await begin_epoch(fresh_hub.app.database, fresh_hub.clock, "restore", after=4)
    assert (begun.epoch, begun.position) == (5, 2)
    answer = await fresh_hub.api.get("/v1/events", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"], answer.json()["epoch"]) == (409, "epoch_changed", 5)
    await create(fresh_hub)
    await relay(fresh_hub)
    page = await read(fresh_hub, cursor=answer.json()["start"])
    assert [(event["epoch"], event["position"]) for event in page["data"]] == [(1, 1), (1, 2), (5, 3)]
    assert (await state_of(fresh_hub.api))["epoch"] == 5


def test_e7_the_retention_is_thirty_days() -> None:
    assert timedelta(days=30) == KEPT
