"""The review queue and its decisions."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.features.duplicates.tasks import look_after_duplicates
from custhub.features.matching.service.cannot_links import forbid
from custhub.kit.ids import Prefix, from_text
from custhub.kit.uow import SYSTEM
from custhub.security.reach import scoped
from tests.customers import problem_of
from tests.features.duplicates.desk import DUPLICATES, SETTINGS, household, listed, scan, twins
from tests.hub import HubUnderTest
from tests.merges import undone
from tests.principals import make_principal

RIGHTS = ["merges:read", "customers:read"]
MISSING = f"{DUPLICATES}/dup_01m81amc1cfrnt9m7qcr38rxrh"


async def a_pair(hub: HubUnderTest) -> dict[str, Any]:
    await twins(hub)
    await scan(hub)
    (pair,) = await listed(hub, state="open")
    return pair


async def decide(hub: HubUnderTest, pair: dict[str, Any], decision: str, **body: Any) -> Any:
    return await hub.api.post(f"{DUPLICATES}/{pair['id']}/decision", json={"decision": decision, **body})


async def test_not_the_same_is_for_good(fresh_hub: HubUnderTest) -> None:
    """MATCHING 3: a cannot-link, the decision with the numbers it was made by, and no pair any more."""
    hub = fresh_hub
    pair = await a_pair(hub)
    answer = await decide(hub, pair, "not_same", reason="namesake")
    assert answer.status_code == 200, answer.text
    now = answer.json()
    assert (now["state"], now["decision"], now["reason"]) == ("not_same", "not_same", "namesake")
    assert now["decided_by"] is not None
    assert now["explanation"]["model_version"] == pair["explanation"]["model_version"]
    assert [row[0] for row in await hub.rows("SELECT reason FROM cannot_links")] == ["not_same"]
    found = await scan(hub)
    assert (found["pairs"], found["opened"], found["clusters"]) == (0, 0, 0)
    (kept,) = await listed(hub)
    assert (kept["state"], kept["total"]) == ("not_same", pair["total"])
    again = await decide(hub, pair, "not_same")
    assert (again.status_code, again.json()["revision"]) == (200, now["revision"])
    problem_of(await decide(hub, pair, "merge"), 409, "duplicate_decided")
    told = await hub.rows("SELECT type FROM events WHERE subject_type = 'duplicate'")
    assert [row[0] for row in told] == ["duplicate.decided"]


async def test_merge_joins_the_two(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    pair = await a_pair(hub)
    survivor = pair["right_id"]
    answer = await decide(hub, pair, "merge", survivor_id=survivor, reason="same_person")
    assert answer.status_code == 200, answer.text
    now = answer.json()
    assert (now["state"], now["decision"]) == ("merged", "merge")
    merge = (await hub.api.get(f"/v1/merges/{now['merge_id']}")).json()
    assert merge["survivor_id"] == survivor
    absorbed = (await hub.api.get(f"/v1/customers/{pair['left_id']}")).json()
    assert absorbed["merged_into"] == survivor
    assert await listed(hub, state="open") == []
    assert (await decide(hub, pair, "merge")).json()["merge_id"] == now["merge_id"]
    assert (await scan(hub))["pairs"] == 0
    (kept,) = await listed(hub, decision="merge")
    assert kept["state"] == "merged"


async def test_a_merge_that_is_undone_by_itself_tells_its_pair_apart_at_once(fresh_hub: HubUnderTest) -> None:
    """MATCHING 5: no scan has to come by first; nothing is learnt from a decision that was taken back."""
    hub = fresh_hub
    pair = await a_pair(hub)
    merged = (await decide(hub, pair, "merge")).json()
    await undone(hub.api, {"id": merged["merge_id"]})
    (now,) = await listed(hub)
    assert (now["id"], now["state"], now["decision"]) == (pair["id"], "not_same", None)
    assert now["revision"] == merged["revision"] + 1


async def test_later_waits_for_its_day(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    pair = await a_pair(hub)
    today = hub.clock.now().date().isoformat()
    first = (await decide(hub, pair, "later")).json()
    assert (first["state"], first["later_until"]) == ("later", None)
    assert (await listed(hub, state="open"), (await scan(hub))["opened"]) == ([], 0)
    assert (await listed(hub))[0]["state"] == "later"
    problem_of(await decide(hub, pair, "not_same", until=today), 422, "duplicate_decision_unclear")
    other = f"cus_{'0' * 26}"
    problem_of(await decide(hub, pair, "merge", survivor_id=other), 422, "duplicate_decision_unclear")


async def test_a_pair_whose_day_has_come_is_open_again(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    pair = await a_pair(hub)
    tomorrow = hub.clock.now().date().toordinal() + 1
    day = hub.clock.now().date().fromordinal(tomorrow).isoformat()
    assert (await decide(hub, pair, "later", until=day)).json()["later_until"] == day
    await look_after_duplicates(hub.app.hub)
    assert await listed(hub, state="open") == []
    hub.clock.advance(86_400)
    hub.api = hub.client()
    await look_after_duplicates(hub.app.hub)
    assert [found["id"] for found in await listed(hub, state="open")] == [pair["id"]]


async def test_a_decision_is_about_what_was_seen(fresh_hub: HubUnderTest) -> None:
    """contract_c6, contract_d2."""
    hub = fresh_hub
    pair = await a_pair(hub)
    path = f"{DUPLICATES}/{pair['id']}"
    read = await hub.api.get(path)
    etag = read.headers["etag"]
    assert (await hub.api.get(path, headers={"if-none-match": etag})).status_code == 304
    stale = {"if-match": '"7-00000000"'}
    body = {"decision": "later"}
    problem_of(await hub.api.post(f"{path}/decision", json=body, headers=stale), 412, "precondition_failed")
    assert (await hub.api.post(f"{path}/decision", json=body, headers={"if-match": etag})).status_code == 200
    problem_of(await hub.api.post(f"{MISSING}/decision", json=body), 404, "duplicate_not_found")


async def test_a_retired_pair_is_not_decided(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    pair = await a_pair(hub)
    assert (await hub.api.patch(SETTINGS, json={"review_bits": 40.0, "merge_bits": 40.0})).status_code == 200
    await scan(hub)
    assert [found["state"] for found in await listed(hub)] == ["retired"]
    for decision in ("merge", "not_same", "later"):
        problem_of(await decide(hub, pair, decision), 409, "duplicate_retired")


async def test_two_that_were_told_apart_elsewhere_are_not_joined(fresh_hub: HubUnderTest) -> None:
    """MATCHING 3: every path checks, and the next scan takes it over."""
    hub = fresh_hub
    pair = await a_pair(hub)
    left, right = (from_text(Prefix.CUSTOMER, pair[name]) for name in ("left_id", "right_id"))
    uow = hub.app.hub.unit_of_work(SYSTEM, "tests")
    await forbid(uow, [right], [left], "undo")
    await uow.commit()
    problem_of(await decide(hub, pair, "merge"), 409, "merge_forbidden")
    await scan(hub)
    assert [(found["state"], found["decision"]) for found in await listed(hub)] == [("not_same", None)]


async def test_pairs_are_filtered_and_paged(fresh_hub: HubUnderTest) -> None:
    """contract_c2, contract_c3."""
    hub = fresh_hub
    people = await twins(hub, 3)
    await household(hub)
    await scan(hub)
    every = await listed(hub)
    assert [pair["total"] for pair in every] == sorted((pair["total"] for pair in every), reverse=True)
    seen: list[str] = []
    params: dict[str, Any] = {"limit": 2}
    while True:
        body = (await hub.api.get(DUPLICATES, params=params)).json()
        seen += [pair["id"] for pair in body["data"]]
        if not body["has_more"]:
            break
        params["cursor"] = body["next_cursor"]
    assert seen == [pair["id"] for pair in every]
    best = every[0]
    assert len(await listed(hub, cluster_id=best["cluster_id"])) == 3
    assert len(await listed(hub, customer_id=people[0]["id"])) == 2
    assert await listed(hub, total_gte=best["total"] + 0.001) == []
    assert best in await listed(hub, total_gte=best["total"], suggested="merge", contradiction="false")
    assert best not in await listed(hub, total_lt=best["total"])
    problem_of(await hub.api.get(DUPLICATES, params={"cursor": "x" * 30}), 422, "invalid_cursor")


@pytest.mark.parametrize(("mask", "shown"), [("mask", "138****5678"), ("last4", "*5678"), ("none", None)])
async def test_an_explanation_shows_what_its_reader_may_see(
    fresh_hub: HubUnderTest, mask: str, shown: str | None
) -> None:
    """S-21, S-61: numbers masked, hidden fields null; bits for everyone."""
    hub = fresh_hub
    await twins(hub, phones=[{"number": "13812345678", "shared": True}])
    await scan(hub)
    role = {"mask": "read_only", "last4": "support", "none": "marketing"}[mask]
    reader = hub.client_of(make_principal(role, scopes=RIGHTS))
    answer = await reader.get(DUPLICATES)
    assert answer.status_code == 200, answer.text
    fields = {field["field"]: field for field in answer.json()["data"][0]["explanation"]["fields"]}
    assert "13812345678" not in answer.text
    if shown is None:
        assert fields["phone"]["left"] is None
    else:
        assert fields["phone"]["left"].endswith(shown)
    assert fields["mail"]["left"] == "eleanor.rigby@fastmail.com"


async def test_pairs_out_of_reach_are_absent(fresh_hub: HubUnderTest) -> None:
    """S-62: one of two within reach is not enough."""
    hub = fresh_hub
    await twins(hub, 1, source="shop")
    await twins(hub, 1)
    await twins(hub, 2, name="Prudence Farrow", source="shop")
    await scan(hub)
    assert len(await listed(hub, state="open")) == 2
    partner = hub.client_of(make_principal("partner", kind="client", reach=scoped(sources=["shop"]), scopes=RIGHTS))
    data = (await partner.get(DUPLICATES)).json()["data"]
    assert len(data) == 1
    said = {field["field"]: field["left"] for field in data[0]["explanation"]["fields"]}
    assert (said["name"] is None, said["mail"], said["birthday"]) == (False, None, None)
    hidden = next(pair for pair in await listed(hub) if pair["id"] != data[0]["id"])
    problem_of(await partner.get(f"{DUPLICATES}/{hidden['id']}"), 404, "duplicate_not_found")


async def test_of_an_erased_customer_no_pair_is_left(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    pair = await a_pair(hub)

    uow = hub.app.hub.unit_of_work(SYSTEM, "tests")
    for link in hub.app.links:
        await link.erase(uow, from_text(Prefix.CUSTOMER, pair["left_id"]))
    await uow.commit()
    assert (await hub.rows("SELECT count(*) FROM duplicates"))[0][0] == 0
