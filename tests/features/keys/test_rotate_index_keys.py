"""Rotation of blind index keys: unique and found under both keys all the while (S-13, S-17)."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from tests.features.keys.rotating import (
    Killed,
    assert_found,
    assert_moved,
    bury,
    finish,
    key_of,
    kids,
    make_customers,
    retire,
    runner_of,
    start,
)
from tests.features.keys.under_load import Load
from tests.hub import HubUnderTest, make_customer, make_number

PHASES = ["distributing", "dual_writing", "backfilling", "verifying", "switching", "dropping"]


async def test_s17_rotation_of_index_keys_moves_every_index_and_claim(fresh_hub: HubUnderTest) -> None:
    made = await make_customers(fresh_hub, 30)
    done = await finish(fresh_hub, await start(fresh_hub, "bidx"))
    assert (done["state"], done["phase"], done["processed"], done["total"]) == ("succeeded", "done", 30, 30)
    assert done["conflicts"] == []
    await assert_moved(fresh_hub, made, 2)
    assert (await key_of(fresh_hub, "bidx", 1))["state"] == "retiring"


async def test_s13_numbers_without_a_claim_get_none_by_the_rotation(fresh_hub: HubUnderTest) -> None:
    shared, dead, archived = make_number(), make_number(), make_number()
    api = fresh_hub.api
    await api.post("/v1/customers", json=make_customer(phones=[{"number": shared, "shared": True}]))
    gone = (await api.post("/v1/customers", json=make_customer(phones=[{"number": dead}]))).json()
    await api.patch(f"/v1/customers/{gone['id']}/phones/{gone['phones'][0]['id']}", json={"status": "dead"})
    away = (await api.post("/v1/customers", json=make_customer(phones=[{"number": archived}]))).json()
    await api.post(f"/v1/customers/{away['id']}/archive")
    assert (await finish(fresh_hub, await start(fresh_hub, "bidx")))["processed"] == 3
    assert await kids(fresh_hub, "phone_claims", "kid") == {}
    for number in (shared, dead, archived):
        assert (await api.post("/v1/customers", json=make_customer(phones=[{"number": number}]))).status_code == 201
    assert (await api.post(f"/v1/customers/{away['id']}/restore")).json()["code"] == "phone_taken"


async def test_s13_numbers_are_found_and_taken_in_every_phase(fresh_hub: HubUnderTest) -> None:
    made = await make_customers(fresh_hub, 8)
    location = await start(fresh_hub, "bidx")
    for phase in PHASES:
        with pytest.raises(Killed):
            await finish(fresh_hub, location, runner_of(fresh_hub, dies_when=f"phase = '{phase}'", most_rows=3))
        await bury(fresh_hub)
        await fresh_hub.app.key_states.follow()
        assert (await fresh_hub.api.get(location)).json()["phase"] == phase
        await assert_found(fresh_hub, made)
        number = make_number()
        first = await fresh_hub.api.post("/v1/customers", json=make_customer(phones=[{"number": number}]))
        made[number] = first.json()["id"]
        for taken in list(made)[:: len(made) - 1]:
            again = await fresh_hub.api.post("/v1/customers", json=make_customer(phones=[{"number": taken}]))
            assert (again.status_code, again.json()["code"]) == (409, "phone_taken"), phase
    assert (await finish(fresh_hub, location))["state"] == "succeeded"
    await assert_moved(fresh_hub, made, 2)


async def test_s17_a_rotation_killed_at_any_contact_with_the_database_is_finished_by_another_process(
    fresh_hub: HubUnderTest,
) -> None:
    made = await make_customers(fresh_hub, 4)
    kid = 1
    # Odd contacts on one engine, even ones on the other: together, every one.
    for at in itertools.count(1 + (fresh_hub.engine == "postgresql"), 2):
        kid += 1
        location = await start(fresh_hub, "bidx")
        try:
            await finish(fresh_hub, location, runner_of(fresh_hub, dies_at=at, most_rows=2))
        except Killed:
            await bury(fresh_hub)
            done = await finish(fresh_hub, location, runner_of(fresh_hub, most_rows=2))
            assert (done["state"], done["processed"]) == ("succeeded", 4)
        else:
            break
        assert await kids(fresh_hub, "customer_phones", "index_kid") == {kid: 4}
        assert await kids(fresh_hub, "phone_claims", "kid") == {kid: 4}
        await retire(fresh_hub, "bidx", kid - 1)
    assert at > 60
    await assert_moved(fresh_hub, made, kid)


async def test_s17_under_load_no_lookup_fails_and_no_number_gets_two_holders(fresh_hub: HubUnderTest) -> None:
    made = await make_customers(fresh_hub, 40)
    load, stop = Load([fresh_hub.api], made), asyncio.Event()
    working = asyncio.create_task(load.run(stop))
    runner = runner_of(fresh_hub, most_rows=20)
    try:
        done = await finish(fresh_hub, await start(fresh_hub, "bidx"), runner)
        assert (done["state"], done["to_kid"], done["conflicts"]) == ("succeeded", 2, [])
        assert (await finish(fresh_hub, await start(fresh_hub, "field"), runner))["state"] == "succeeded"
    finally:
        stop.set()
        report = await working
    assert report.wrong == []
    assert min(report.done.values()) > 3
    assert set(await kids(fresh_hub, "customer_phones", "index_kid")) == {2}
    assert set(await kids(fresh_hub, "phone_claims", "kid")) == {2}
    assert set(await kids(fresh_hub, "customer_keys", "kid")) == {2}
    for number, holder in list(report.holders.items()):
        answer = await fresh_hub.api.post("/v1/customers/lookup", json={"phone": number})
        assert [customer["id"] for customer in answer.json()["data"]] == [holder]


async def test_s17_two_runners_share_one_rotation(fresh_hub: HubUnderTest) -> None:
    made = await make_customers(fresh_hub, 20)
    location = await start(fresh_hub, "bidx")
    runners = [runner_of(fresh_hub, most_rows=3) for _ in range(2)]
    one, other = await asyncio.gather(*(finish(fresh_hub, location, runner) for runner in runners))
    assert one == other
    assert (one["state"], one["processed"]) == ("succeeded", 20)
    await assert_moved(fresh_hub, made, 2)


async def _execute(hub: HubUnderTest, sql: str, *values: Any) -> None:
    async with hub.app.database.transaction() as connection:
        await connection.execute(sql.replace("?", "$1") if connection.name == "postgresql" else sql, values)


async def test_s17_a_number_that_does_not_open_ends_the_rotation_before_anything_is_switched(
    fresh_hub: HubUnderTest,
) -> None:
    made = await make_customers(fresh_hub, 5)
    [(good,)] = await fresh_hub.rows("SELECT e164 FROM customer_phones ORDER BY id DESC LIMIT 1")
    last = "WHERE id = (SELECT id FROM customer_phones ORDER BY id DESC LIMIT 1)"
    await _execute(fresh_hub, f"UPDATE customer_phones SET e164 = ? {last}", bytes(66))  # noqa: S608  # no input
    failed = await finish(fresh_hub, await start(fresh_hub, "bidx"))
    assert (failed["state"], failed["phase"], failed["unreadable"]) == ("failed", "backfilling", 1)
    assert (await key_of(fresh_hub, "bidx", 1))["state"] == "live"
    number = make_number()
    await fresh_hub.api.post("/v1/customers", json=make_customer(phones=[{"number": number}]))
    again = await fresh_hub.api.post("/v1/customers", json=make_customer(phones=[{"number": number}]))
    assert again.json()["code"] == "phone_taken"
    await _execute(fresh_hub, f"UPDATE customer_phones SET e164 = ? WHERE e164 = {_zeros(fresh_hub)}", bytes(good))  # noqa: S608  # no input
    done = await finish(fresh_hub, await start(fresh_hub, "bidx"))
    assert (done["state"], done["from_kid"], done["to_kid"]) == ("succeeded", 1, 2)
    await assert_moved(fresh_hub, made, 2)


def _zeros(hub: HubUnderTest) -> str:
    return f"'\\x{'00' * 66}'" if hub.engine == "postgresql" else f"x'{'00' * 66}'"


async def test_s17_a_second_holder_of_one_number_is_reported_and_loses_its_claim(fresh_hub: HubUnderTest) -> None:
    number = make_number()
    await make_customers(fresh_hub, 3)
    for shared in (False, True):
        body = make_customer(phones=[{"number": number, "shared": shared}])
        assert (await fresh_hub.api.post("/v1/customers", json=body)).status_code == 201
    # What a change of the equivalence rules does: two claims that were different become one.
    await _execute(
        fresh_hub,
        "INSERT INTO phone_claims SELECT 1, ?, id, customer_id FROM customer_phones ORDER BY id DESC LIMIT 1",
        b"another spelling",
    )
    done = await finish(fresh_hub, await start(fresh_hub, "bidx"))
    assert done["state"] == "succeeded"
    [conflict] = done["conflicts"]
    holders = (await fresh_hub.api.post("/v1/customers/lookup", json={"phone": number})).json()["data"]
    assert conflict["customer_id"] == holders[1]["id"]
    assert await kids(fresh_hub, "phone_claims", "kid") == {2: 4}


@pytest.mark.parametrize("phase", ["switching", "dropping"])
async def test_s17_what_was_written_under_the_old_key_only_follows_before_that_goes(
    fresh_hub: HubUnderTest, phase: str
) -> None:
    made = await make_customers(fresh_hub, 3)
    location, runner = await start(fresh_hub, "bidx"), runner_of(fresh_hub, most_rows=2)
    with pytest.raises(Killed):
        await finish(fresh_hub, location, runner_of(fresh_hub, dies_when=f"phase = '{phase}'", most_rows=1))
    await bury(fresh_hub)
    assert (await fresh_hub.api.get(location)).json()["phase"] == phase
    # As if a process that stood still since before the rotation had woken up.
    old = "SELECT phone_id FROM phone_claims WHERE kid = 1"
    await _execute(fresh_hub, f"DELETE FROM phone_claims WHERE kid = ? AND phone_id IN ({old})", 2)  # noqa: S608  # no input
    await _execute(fresh_hub, "UPDATE customer_phones SET index_kid = ?", 1)
    assert (await finish(fresh_hub, location, runner))["state"] == "succeeded"
    await assert_moved(fresh_hub, made, 2)
