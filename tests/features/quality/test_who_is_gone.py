"""Of a customer who is gone neither findings nor a place in the queue are left; in a merge they go along."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.kit.ids import Prefix, from_text
from custhub.kit.uow import SYSTEM
from tests.customers import problem_of
from tests.features.consents.test_consents import links as of_all_links
from tests.features.imports.importing import COLUMNS, csv_of, imported, rows_of, run_job
from tests.features.quality.desk import DAY, FINDINGS, POLICY, findings, reachable, scan
from tests.features.quality.test_decide_finding import machine_says
from tests.features.quality.test_verification import CLAIM, MONTHLY, due
from tests.hub import HubUnderTest, make_number


async def counts(hub: HubUnderTest) -> tuple[int, int]:
    """Findings, and places in the queue."""
    found = [(await hub.rows(f"SELECT count(*) FROM {table}"))[0][0] for table in ("findings", "verifications")]  # noqa: S608  # no input
    return found[0], found[1]


async def ripened(hub: HubUnderTest) -> None:
    """So late that everybody is due, and scanned."""
    assert (await hub.client().put(POLICY, json=MONTHLY)).status_code == 200
    hub.clock.advance(40 * DAY)
    await scan(hub)


@pytest.mark.parametrize("members", [{}, {"mode": "upsert", "match_on": ["phone"]}], ids=["create", "upsert"])
async def test_an_undone_import_takes_what_was_found_along(fresh_hub: HubUnderTest, members: dict[str, Any]) -> None:
    hub = fresh_hub
    own = await reachable(hub.api, display_name="测试")
    made = await imported(hub, csv_of([["测试", make_number(), ""] for _ in range(3)], COLUMNS), **members)
    customer = {"id": (await rows_of(hub.api, made["id"], outcome="created"))[0]["customer_id"]}
    await ripened(hub)
    found = await findings(hub, customer)
    assert found.keys() == {"placeholder_name", "not_verified"}
    assert await counts(hub) == (8, 4)
    answer = await hub.client().post(f"/v1/imports/{made['id']}/undo")
    assert (await run_job(hub, answer.json()["id"])).state == "succeeded"
    assert (await hub.client().get(f"/v1/imports/{made['id']}")).json()["undo"]["removed"] == 3
    assert await counts(hub) == (2, 1)
    assert [one["customer_id"] for one in await due(hub.client())] == [own["id"]]
    problem_of(await hub.client().get(f"{FINDINGS}/{found['not_verified']['id']}"), 404, "finding_not_found")


async def test_what_others_say_of_a_customer_still_holds_it(fresh_hub: HubUnderTest) -> None:
    """MATCHING 5: what a source sent and was refused would be lost."""
    hub = fresh_hub
    made = await imported(hub, csv_of([["Tom Sawyer", make_number(), "", "en"]], [*COLUMNS, "language"]))
    customer = {"id": (await rows_of(hub.api, made["id"], outcome="created"))[0]["customer_id"]}
    await hub.api.put("/v1/external-sources/list", json={"priority": 1})
    assert await machine_says(hub, customer, "list", language="de") == ["language"]
    answer = await hub.api.post(f"/v1/imports/{made['id']}/undo")
    assert (await run_job(hub, answer.json()["id"])).state == "succeeded"
    assert (await hub.api.get(f"/v1/imports/{made['id']}")).json()["undo"] == {"removed": 0, "restored": 0, "kept": 1}
    assert await counts(hub) == (1, 0)


async def test_the_queue_is_exported_erased_and_left_by_a_merge(fresh_hub: HubUnderTest) -> None:
    """ARCHITECTURE 7, S-26."""
    hub = fresh_hub
    one, two = [await reachable(hub.api) for _ in range(2)]
    await ripened(hub)
    assert (await hub.client().post(CLAIM, json={"limit": 2})).status_code == 200
    source, target = (from_text(Prefix.CUSTOMER, customer["id"]) for customer in (one, two))
    told: dict[str, Any] = {}
    for link in hub.app.links:
        told |= await link.export(hub.app.database, source)
    assert [(place["attempts"], place["last_result"]) for place in told["verifications"]] == [(0, None)]
    assert [finding["reason"] for finding in told["findings"]] == ["not_verified"]
    quality = next(link for link in hub.app.links if "verifications" in link.tables)
    uow = hub.app.hub.unit_of_work(SYSTEM, "tests")
    moved = await quality.reassign(uow, [source], target)
    await uow.commit()
    assert [place["customer_id"] for place in await due(hub.client())] == [two["id"]]
    states = (await hub.client().get(FINDINGS, params={"customer_id": two["id"]})).json()["data"]
    assert sorted(finding["state"] for finding in states) == ["open", "rejected"]
    # Taken apart again, each has its finding and its place.
    uow = hub.app.hub.unit_of_work(SYSTEM, "tests")
    assert await quality.give_back(uow, moved, target) == {source: []}
    await uow.commit()
    assert await quality.export(hub.app.database, source) == {
        name: told[name] for name in ("findings", "verifications")
    }
    assert {place["customer_id"] for place in await due(hub.client())} == {one["id"], two["id"]}
    uow = hub.app.hub.unit_of_work(SYSTEM, "tests")
    await quality.reassign(uow, [source], target)
    await uow.commit()
    await of_all_links(hub, "erase", target)
    assert await counts(hub) == (0, 0)
