"""Rotation of field keys: every data key is wrapped anew, nothing is sealed anew (S-17)."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from tests.features.keys.rotating import (
    OPEN,
    Killed,
    assert_found,
    bury,
    finish,
    key_of,
    kids,
    make_customers,
    retire,
    runner_of,
    start,
)
from tests.hub import HubUnderTest, make_customer, make_number


async def test_s17_rotation_of_field_keys_leaves_no_row_under_the_old_key(fresh_hub: HubUnderTest) -> None:
    made = await make_customers(fresh_hub, 30)
    before = await fresh_hub.rows("SELECT id, e164 FROM customer_phones ORDER BY id")
    location = await start(fresh_hub, "field")
    queued = (await fresh_hub.api.get(location)).json()
    assert (queued["state"], queued["phase"], queued["from_kid"], queued["to_kid"]) == ("queued", "distributing", 1, 2)
    done = await finish(fresh_hub, location)
    assert (done["state"], done["phase"], done["processed"], done["total"]) == ("succeeded", "done", 30, 30)
    assert await kids(fresh_hub, "customer_keys", "kid") == {2: 30}
    assert [list(row) for row in await fresh_hub.rows("SELECT id, e164 FROM customer_phones ORDER BY id")] == [
        list(row) for row in before
    ]
    await assert_found(fresh_hub, made)
    assert (await key_of(fresh_hub, "field", 1))["state"] == "retiring"
    assert (await key_of(fresh_hub, "field", 2))["dependants"] == 30


async def test_s17_data_keys_of_the_system_move_too(fresh_hub: HubUnderTest) -> None:
    cipher = fresh_hub.app.keys.cipher
    await _keep_system_key(fresh_hub)
    await make_customers(fresh_hub, 1)
    done = await finish(fresh_hub, await start(fresh_hub, "field"))
    assert done["processed"] == 2
    [(kid, wrapped)] = await fresh_hub.rows("SELECT kid, wrapped FROM system_keys")
    assert (kid, cipher.kid_of(bytes(wrapped))) == (2, 2)


async def _keep_system_key(hub: HubUnderTest) -> None:
    from custhub.crypto.cipher import SYSTEM
    from custhub.crypto.models import SystemKey, system_keys
    from custhub.kit.ids import new_id
    from custhub.kit.uow import SYSTEM as BY_SYSTEM

    dek, wrapped = hub.app.keys.cipher.new_dek(SYSTEM)
    uow = hub.app.hub.unit_of_work(BY_SYSTEM, "test")
    uow.insert(system_keys, SystemKey(new_id(), "webhooks", dek.version, 1, wrapped))
    await uow.commit()


async def test_s17_one_rotation_per_purpose_at_a_time(fresh_hub: HubUnderTest) -> None:
    await start(fresh_hub, "field")
    second = await fresh_hub.api.post("/v1/key-rotations", json={"purpose": "field"})
    assert (second.status_code, second.json()["code"]) == (409, "rotation_in_progress")
    await start(fresh_hub, "bidx")
    listed = (await fresh_hub.api.get("/v1/key-rotations", params={"limit": 1})).json()
    assert (listed["data"][0]["purpose"], listed["has_more"]) == ("bidx", True)
    rest = await fresh_hub.api.get("/v1/key-rotations", params={"limit": 1, "cursor": listed["next_cursor"]})
    assert [row["purpose"] for row in rest.json()["data"]] == ["field"]


async def test_s17_of_parallel_starts_one_wins(fresh_hub: HubUnderTest) -> None:
    body = {"purpose": "field"}
    answers = await asyncio.gather(*(fresh_hub.api.post("/v1/key-rotations", json=body) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 7
    assert (await finish(fresh_hub, await _newest(fresh_hub)))["to_kid"] == 2


async def _newest(hub: HubUnderTest) -> str:
    return f"/v1/key-rotations/{(await hub.api.get('/v1/key-rotations')).json()['data'][0]['id']}"


async def test_s17_a_rotation_killed_at_any_contact_with_the_database_is_finished_by_another_process(
    fresh_hub: HubUnderTest,
) -> None:
    made = await make_customers(fresh_hub, 12)
    kid = 1
    # Odd contacts on one engine, even ones on the other: together, every one.
    for at in itertools.count(1 + (fresh_hub.engine == "postgresql"), 2):
        kid += 1
        location = await start(fresh_hub, "field")
        try:
            await finish(fresh_hub, location, runner_of(fresh_hub, dies_at=at, most_rows=5))
        except Killed:
            await bury(fresh_hub)
            done = await finish(fresh_hub, location, runner_of(fresh_hub, most_rows=5))
            assert (done["state"], done["processed"]) == ("succeeded", 12)
        else:
            break
        assert await kids(fresh_hub, "customer_keys", "kid") == {kid: 12}
        await retire(fresh_hub, "field", kid - 1)
    assert at > 25
    await assert_found(fresh_hub, made)


async def test_s17_customers_created_and_changed_meanwhile_lose_nothing(fresh_hub: HubUnderTest) -> None:
    made = await make_customers(fresh_hub, 40)
    ids = list(made.values())
    runner, location = runner_of(fresh_hub, most_rows=3), await start(fresh_hub, "field")
    rotation = asyncio.create_task(finish(fresh_hub, location, runner))
    new: dict[str, str] = {}
    failures = 0
    for i in itertools.count():
        if rotation.done() and i > 20:
            break
        number = make_number()
        created = await fresh_hub.api.post("/v1/customers", json=make_customer(phones=[{"number": number}]))
        patched = await fresh_hub.api.patch(f"/v1/customers/{ids[i % 40]}", json={"note": f"call 1391234{i:04d}"})
        failures += (created.status_code, patched.status_code) != (201, 200)
        new[number] = created.json()["id"]
    assert (await rotation)["state"] == "succeeded"
    assert failures == 0
    assert await kids(fresh_hub, "customer_keys", "kid") == {2: 40 + len(new)}
    await assert_found(fresh_hub, made | new)


async def test_s17_two_runners_share_one_rotation_without_doing_anything_twice(fresh_hub: HubUnderTest) -> None:
    await make_customers(fresh_hub, 30)
    location = await start(fresh_hub, "field")
    runners = [runner_of(fresh_hub, most_rows=4) for _ in range(2)]
    one, other = await asyncio.gather(*(finish(fresh_hub, location, runner) for runner in runners))
    assert one == other
    assert (one["state"], one["processed"]) == ("succeeded", 30)


async def test_s17_a_runner_whose_lease_was_taken_over_stores_nothing_more(fresh_hub: HubUnderTest) -> None:
    await make_customers(fresh_hub, 12)
    location = await start(fresh_hub, "field")
    slow, quick = runner_of(fresh_hub, dies_when="processed >= 2", most_rows=2), runner_of(fresh_hub, most_rows=2)
    with pytest.raises(Killed):
        await finish(fresh_hub, location, slow)
    await quick.round()  # leased to the other one
    assert quick.jobs.in_hand == 0
    assert (await fresh_hub.api.get(location)).json()["state"] in OPEN
    await bury(fresh_hub)
    assert (await finish(fresh_hub, location, quick))["processed"] == 12


async def test_s17_a_data_key_that_does_not_open_ends_the_rotation_as_failed_and_can_be_repaired(
    fresh_hub: HubUnderTest,
) -> None:
    made = await make_customers(fresh_hub, 5)
    [(good,)] = await fresh_hub.rows("SELECT wrapped FROM customer_keys ORDER BY customer_id LIMIT 1")
    first = "(SELECT customer_id FROM customer_keys ORDER BY customer_id LIMIT 1)"
    await _wrap_first(fresh_hub, first, bytes(good)[:-1] + bytes([bytes(good)[-1] ^ 1]))
    location = await start(fresh_hub, "field")
    failed = await finish(fresh_hub, location)
    assert (failed["state"], failed["processed"], failed["unreadable"]) == ("failed", 4, 1)
    assert failed["error"]["code"] == "key_rotation_incomplete"
    assert await kids(fresh_hub, "customer_keys", "kid") == {1: 1, 2: 4}
    key = await key_of(fresh_hub, "field", 1)
    refused = await fresh_hub.api.post(f"/v1/keys/{key['id']}/retire")
    assert (refused.json()["code"], refused.json()["dependants"]) == ("key_in_use", 1)
    await _wrap_first(fresh_hub, first, bytes(good))
    done = await finish(fresh_hub, await start(fresh_hub, "field"))
    assert (done["state"], done["from_kid"], done["to_kid"]) == ("succeeded", 1, 2)
    await assert_found(fresh_hub, made)


async def _wrap_first(hub: HubUnderTest, first: str, wrapped: bytes) -> None:
    async with hub.app.database.transaction() as connection:
        mark = "$1" if connection.name == "postgresql" else "?"
        await connection.execute(f"UPDATE customer_keys SET wrapped = {mark} WHERE customer_id = {first}", [wrapped])  # noqa: S608  # no input


async def test_key_rotations_need_their_scope_and_a_known_id(hub: HubUnderTest) -> None:
    assert (await hub.client(token="").get("/v1/key-rotations")).status_code == 401
    other = hub.client(["ops:read"])
    for answer in (
        await other.get("/v1/key-rotations"),
        await other.get("/v1/key-rotations/key_01m81ewxw7f799fxg3scyz5mvr"),
        await other.post("/v1/key-rotations", json={"purpose": "field"}),
    ):
        assert (answer.status_code, answer.json()["scope"]) == (403, "keys:manage")
    unknown = await hub.api.get("/v1/key-rotations/key_01m81ewxw7f799fxg3scyz5mvr")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "key_rotation_not_found")
    suppress = await hub.api.post("/v1/key-rotations", json={"purpose": "suppress"})
    assert suppress.status_code == 422


async def test_get_key_rotation_answers_304_while_nothing_moves(fresh_hub: HubUnderTest) -> None:
    location = await start(fresh_hub, "bidx")
    first = await fresh_hub.api.get(location)
    again = await fresh_hub.api.get(location, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    await finish(fresh_hub, location)
    assert (await fresh_hub.api.get(location, headers={"If-None-Match": first.headers["etag"]})).status_code == 200


async def test_a_rotation_whose_job_was_canceled_is_closed_and_goes_on_with_the_next_one(
    fresh_hub: HubUnderTest,
) -> None:
    made = await make_customers(fresh_hub, 3)
    location = await start(fresh_hub, "field")
    job = f"/v1/jobs/{(await fresh_hub.api.get(location)).json()['job_id']}"
    assert (await fresh_hub.api.post(f"{job}/cancel")).status_code == 200
    assert (await fresh_hub.api.post("/v1/key-rotations", json={"purpose": "field"})).status_code == 409
    await runner_of(fresh_hub).round()
    closed = (await fresh_hub.api.get(location)).json()
    assert (closed["state"], closed["error"]["code"]) == ("failed", "key_rotation_stopped")
    # Valid as it stands: numbers open, and another rotation takes up the key that this one had brought.
    await assert_found(fresh_hub, made)
    done = await finish(fresh_hub, await start(fresh_hub, "field"))
    assert (done["state"], done["to_kid"]) == ("succeeded", closed["to_kid"])
    assert await kids(fresh_hub, "customer_keys", "kid") == {2: 3}
