"""The keys that stored data needs are there, or the hub says which are not (S-15, S-18, S-19)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from custhub.crypto.errors import KeyringError
from custhub.crypto.keyring import FileKeyProvider, Keyring, Purpose
from custhub.features.keys.errors import KeysUnusable
from custhub.features.keys.service.states import has_ciphertext
from custhub.features.keys.tasks import KeyWatcher
from tests.features.keys.rotating import finish, make_customers, start
from tests.hub import HubUnderTest, make_customer, make_number

PURPOSES = {str(purpose) for purpose in Purpose}


def ring_path(hub: HubUnderTest) -> Path:
    return hub.settings.keyring_path


def put(hub: HubUnderTest, ring: Keyring) -> None:
    provider = FileKeyProvider(ring_path(hub))
    provider.load()
    provider.replace(ring)


def foreign(ring: Keyring, purpose: Purpose) -> Keyring:
    """The same keyring but for the keys of one purpose, which are somebody else's."""
    other = Keyring.generate()
    roots = {p: {kid: ring.root(p, kid) for kid in ring.kids(p)} for p in Purpose}
    return Keyring({**roots, purpose: {kid: other.root(purpose, 1) for kid in ring.kids(purpose)}})


@pytest.fixture
async def stopped(fresh_hub: HubUnderTest) -> AsyncIterator[HubUnderTest]:
    """A hub with three customers that is started again by the test."""
    await make_customers(fresh_hub, 3)
    await fresh_hub.app.database.close()
    again = HubUnderTest(fresh_hub.settings.home, fresh_hub.settings.database_url)
    yield again
    await again.app.database.close()


async def test_s15_the_first_start_lists_a_key_of_every_purpose(fresh_hub: HubUnderTest) -> None:
    rows = await fresh_hub.rows("SELECT purpose, kid, kcv, state FROM key_refs ORDER BY purpose")
    ring = fresh_hub.app.keys.loaded
    assert [(row[0], row[1], bytes(row[2]), row[3]) for row in rows] == [
        (purpose, 1, ring.kcv(Purpose(purpose), 1), "live") for purpose in sorted(PURPOSES)
    ]
    assert await fresh_hub.app.key_states.check() == []


async def test_s15_two_first_starts_at_once_agree(fresh_hub: HubUnderTest) -> None:
    async with fresh_hub.app.database.transaction() as connection:
        await connection.execute("DELETE FROM key_refs", ())
    await asyncio.gather(*(fresh_hub.app.key_states.start() for _ in range(4)))
    assert (await fresh_hub.rows("SELECT count(*) FROM key_refs"))[0][0] == len(PURPOSES)


async def test_s15_a_start_with_all_keys_serves(stopped: HubUnderTest) -> None:
    await stopped.start()
    assert (await stopped.api.get("/v1/customers")).status_code == 200


async def test_s15_a_start_without_a_key_in_use_names_it_and_what_depends_on_it(stopped: HubUnderTest) -> None:
    ring = stopped.app.keys.loaded
    put(stopped, ring.with_new(Purpose.FIELD).without(Purpose.FIELD, 1))
    stopped.app.keys.reload()
    with pytest.raises(KeysUnusable) as refused:
        await stopped.start()
    assert refused.value.lines == ("key purpose=field kid=1 missing; 3 wrapped keys depend on it",)
    assert isinstance(refused.value, KeyringError)  # exit code 78


async def test_s15_a_start_with_another_key_under_the_same_id_names_it(stopped: HubUnderTest) -> None:
    put(stopped, foreign(stopped.app.keys.loaded, Purpose.BIDX))
    stopped.app.keys.reload()
    with pytest.raises(KeysUnusable) as refused:
        await stopped.start()
    assert str(refused.value) == "key purpose=bidx kid=1 mismatch; 6 wrapped keys depend on it"


async def test_s15_a_keyring_older_than_the_last_rotation_is_refused(fresh_hub: HubUnderTest, tmp_path: Path) -> None:
    before = fresh_hub.app.keys.loaded
    await make_customers(fresh_hub, 2)
    await finish(fresh_hub, await start(fresh_hub, "field"))
    put(fresh_hub, before)
    await fresh_hub.app.database.close()
    again = HubUnderTest(fresh_hub.settings.home, fresh_hub.settings.database_url)
    with pytest.raises(KeysUnusable, match="key purpose=field kid=2 missing; 2 wrapped keys depend on it"):
        await again.start()
    await again.app.database.close()


async def test_s15_stored_data_without_a_list_of_keys_is_checked_too(stopped: HubUnderTest) -> None:
    await stopped.app.database.open()
    async with stopped.app.database.transaction() as connection:
        await connection.execute("DELETE FROM key_refs", ())
        await connection.execute("UPDATE customer_keys SET kid = 3", ())
    with pytest.raises(KeysUnusable, match="key purpose=field kid=3 missing; 3 wrapped keys depend on it"):
        await stopped.app.key_states.start()
    assert (await stopped.rows("SELECT count(*) FROM key_refs"))[0][0] == 0


async def test_s19_a_keyring_may_be_created_only_while_nothing_is_stored(fresh_hub: HubUnderTest) -> None:
    async with fresh_hub.app.database.transaction() as connection:
        await connection.execute("DELETE FROM key_refs", ())
    assert not await has_ciphertext(fresh_hub.app.database)
    await make_customers(fresh_hub, 1)
    assert await has_ciphertext(fresh_hub.app.database)


async def test_s15_a_key_lost_at_run_time_makes_the_hub_unready_and_stops_writes_until_it_is_back(
    fresh_hub: HubUnderTest,
) -> None:
    watcher = KeyWatcher(fresh_hub.app.hub, fresh_hub.app.key_states)
    await watcher.poll()
    ring = fresh_hub.app.keys.loaded
    number = make_number()
    created = await fresh_hub.api.post("/v1/customers", json=make_customer(phones=[{"number": number}]))
    put(fresh_hub, foreign(ring, Purpose.FIELD))
    await watcher.poll()
    ready = await fresh_hub.api.get("/health/ready")
    assert (ready.status_code, ready.json()["code"]) == (503, "key_unavailable")
    refused = await fresh_hub.api.post("/v1/customers", json=make_customer(phones=[{"number": make_number()}]))
    assert (refused.status_code, refused.json()["code"]) == (503, "key_unavailable")
    put(fresh_hub, ring)
    await watcher.poll()
    assert (await fresh_hub.api.get("/health/ready")).status_code == 200
    body = (await fresh_hub.api.get(f"/v1/customers/{created.json()['id']}")).json()
    assert body["phones"][0]["masked"] == f"+86 {number[:3]}****{number[-4:]}"


async def test_s15_a_keyring_that_cannot_be_read_at_run_time_makes_the_hub_unready(fresh_hub: HubUnderTest) -> None:
    watcher, path = KeyWatcher(fresh_hub.app.hub, fresh_hub.app.key_states), ring_path(fresh_hub)
    await watcher.poll()
    path.rename(path.with_suffix(".away"))
    for _ in range(2):
        await watcher.poll()
        assert (await fresh_hub.api.get("/health/ready")).json()["code"] == "key_unavailable"
    path.with_suffix(".away").rename(path)
    await watcher.poll()
    assert (await fresh_hub.api.get("/health/ready")).status_code == 200


async def test_s15_another_reason_for_not_being_ready_is_left_alone(fresh_hub: HubUnderTest) -> None:
    fresh_hub.app.hub.not_ready = "storage_low"
    await KeyWatcher(fresh_hub.app.hub, fresh_hub.app.key_states).poll()
    assert fresh_hub.app.hub.not_ready == "storage_low"


async def test_s17_a_process_that_lost_touch_with_the_database_does_not_write(fresh_hub: HubUnderTest) -> None:
    await make_customers(fresh_hub, 1)
    watcher = KeyWatcher(fresh_hub.app.hub, fresh_hub.app.key_states)
    fresh_hub.app.key_states.watch()
    fresh_hub.clock.advance(5.5)
    body = make_customer(phones=[{"number": make_number()}])
    assert (await fresh_hub.api.post("/v1/customers", json=body)).json()["code"] == "key_unavailable"
    assert (await fresh_hub.api.get("/v1/customers")).status_code == 200
    await watcher.poll()
    assert (await fresh_hub.api.post("/v1/customers", json=body)).status_code == 201
