"""Adding and retiring keys (S-04, S-17, S-18)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from custhub.crypto.keyring import FileKeyProvider, Keyring, Purpose
from custhub.crypto.live import LiveKeys
from custhub.features.keys.service.states import KeyStates
from tests.databases import TestDatabases
from tests.features.keys.rotating import Runner, finish, key_of, make_customers, retire, runner_of, start
from tests.hub import HubUnderTest, make_customer

ADDED = ["suppress", "jwt", "cursor", "audit", "audit_mac"]


async def add(hub: HubUnderTest, purpose: str) -> dict[str, Any]:
    answer = await hub.api.post("/v1/keys", json={"purpose": purpose})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def on_disk(hub: HubUnderTest) -> Keyring:
    return FileKeyProvider(hub.settings.keyring_path).load()


@pytest.mark.parametrize("purpose", ADDED)
async def test_s17_an_added_key_is_known_everywhere_before_it_comes_into_charge(
    fresh_hub: HubUnderTest, purpose: str
) -> None:
    answer = await fresh_hub.api.post("/v1/keys", json={"purpose": purpose})
    added = answer.json()
    assert (answer.status_code, added["kid"], added["state"], added["in_keyring"]) == (201, 2, "next", True)
    assert fresh_hub.app.keys.keyring.newest(Purpose(purpose)) == 1
    read = await fresh_hub.api.get(answer.headers["location"])
    assert (read.json(), read.headers["etag"]) == (added, answer.headers["etag"])
    second = await fresh_hub.api.post("/v1/keys", json={"purpose": purpose})
    assert (second.status_code, second.json()["code"]) == (409, "rotation_in_progress")
    await runner_of(fresh_hub).round()
    assert fresh_hub.app.keys.keyring.newest(Purpose(purpose)) == 2
    assert (await fresh_hub.api.get(answer.headers["location"])).json()["state"] == "live"
    assert (await key_of(fresh_hub, purpose, 1))["state"] == ("live" if purpose == "suppress" else "retiring")


async def test_s17_tokens_of_the_old_key_stay_valid_and_new_ones_are_signed_with_the_new_key(
    fresh_hub: HubUnderTest,
) -> None:
    old = fresh_hub.api
    await add(fresh_hub, "jwt")
    await runner_of(fresh_hub).round()
    new = fresh_hub.client()
    assert fresh_hub.app.local_keys.signing_kid == "jwt-2"
    assert {key["kid"] for key in fresh_hub.app.local_keys.jwks()["keys"]} == {"jwt-1", "jwt-2"}
    for client in (old, new):
        assert (await client.get("/v1/customers")).status_code == 200
    refused = await new.post(f"/v1/keys/{(await key_of(fresh_hub, 'jwt', 1))['id']}/retire")
    assert (refused.json()["code"], refused.json()["free_at"]) == ("key_in_use", "2026-03-01T09:00:30Z")
    fresh_hub.clock.advance(3_631)
    fresh = fresh_hub.client()
    assert (await fresh.post(f"/v1/keys/{(await _key(fresh, 'jwt', 1))['id']}/retire")).status_code == 200
    assert {key["kid"] for key in fresh_hub.app.local_keys.jwks()["keys"]} == {"jwt-1", "jwt-2"}
    await runner_of(fresh_hub).round()
    assert {key["kid"] for key in fresh_hub.app.local_keys.jwks()["keys"]} == {"jwt-2"}
    assert on_disk(fresh_hub).kids(Purpose.JWT) == (2,)


async def _key(client: Any, purpose: str, kid: int) -> dict[str, Any]:
    keys = (await client.get("/v1/keys", params={"purpose": purpose})).json()["data"]
    return next(key for key in keys if key["kid"] == kid)


async def test_s17_numbers_suppressed_under_an_old_key_are_still_checked(fresh_hub: HubUnderTest) -> None:
    before = fresh_hub.app.keys.suppressions.of("+8613812345678")
    await add(fresh_hub, "suppress")
    await runner_of(fresh_hub).round()
    after = fresh_hub.app.keys.suppressions.of("+8613812345678")
    assert before.items() < after.items()


@pytest.mark.parametrize("purpose", ["suppress", "audit", "audit_mac"])
async def test_s17_a_key_that_must_stay_checkable_is_never_retired(fresh_hub: HubUnderTest, purpose: str) -> None:
    await add(fresh_hub, purpose)
    await runner_of(fresh_hub).round()
    refused = await fresh_hub.api.post(f"/v1/keys/{(await key_of(fresh_hub, purpose, 1))['id']}/retire")
    assert (refused.status_code, refused.json()["code"]) == (409, "key_permanent")


@pytest.mark.parametrize(("purpose", "dependants"), [("field", 4), ("bidx", 8)])
async def test_s17_a_key_in_use_is_not_retired_and_the_answer_counts_what_needs_it(
    fresh_hub: HubUnderTest, purpose: str, dependants: int
) -> None:
    await make_customers(fresh_hub, 4)
    key = await key_of(fresh_hub, purpose, 1)
    assert key["dependants"] == dependants
    refused = await fresh_hub.api.post(f"/v1/keys/{key['id']}/retire")
    assert (refused.status_code, refused.json()["code"], refused.json()["dependants"]) == (
        409,
        "key_in_use",
        dependants,
    )


@pytest.mark.parametrize("purpose", ["field", "bidx"])
async def test_s17_a_rotated_key_is_retired_and_leaves_the_keyring_for_good(
    fresh_hub: HubUnderTest, purpose: str
) -> None:
    await make_customers(fresh_hub, 2)
    await finish(fresh_hub, await start(fresh_hub, purpose))
    await retire(fresh_hub, purpose, 1)
    retired = await key_of(fresh_hub, purpose, 1)
    assert (retired["state"], retired["in_keyring"], retired["dependants"]) == ("retired", False, 0)
    assert on_disk(fresh_hub).kids(Purpose(purpose)) == (2,)
    assert '"1": null' in fresh_hub.settings.keyring_path.read_text()
    again = await fresh_hub.api.post(f"/v1/keys/{retired['id']}/retire")
    assert (again.status_code, again.json()) == (200, retired)
    assert await fresh_hub.app.key_states.check() == []
    await finish(fresh_hub, await start(fresh_hub, purpose))
    assert on_disk(fresh_hub).kids(Purpose(purpose)) == (2, 3)


async def test_s17_a_retired_key_that_somebody_still_wrote_under_stays_in_the_keyring(
    fresh_hub: HubUnderTest,
) -> None:
    await make_customers(fresh_hub, 2)
    wrapped = await fresh_hub.rows("SELECT customer_id, wrapped FROM customer_keys ORDER BY customer_id LIMIT 1")
    await finish(fresh_hub, await start(fresh_hub, "field"))
    key = await key_of(fresh_hub, "field", 1)
    assert (await fresh_hub.api.post(f"/v1/keys/{key['id']}/retire")).status_code == 200
    marks = ("$1", "$2") if fresh_hub.engine == "postgresql" else ("?", "?")
    async with fresh_hub.app.database.transaction() as connection:
        await connection.execute(
            f"UPDATE customer_keys SET kid = 1, wrapped = {marks[0]} WHERE customer_id = {marks[1]}",  # noqa: S608  # no input
            [bytes(wrapped[0][1]), wrapped[0][0]],
        )
    await runner_of(fresh_hub).round()
    kept = await key_of(fresh_hub, "field", 1)
    assert (kept["state"], kept["in_keyring"], kept["dependants"]) == ("retiring", True, 1)
    assert on_disk(fresh_hub).kids(Purpose.FIELD) == (1, 2)


async def test_s18_a_keyring_from_the_environment_is_only_read(
    engine: str, tmp_path: Any, databases: TestDatabases
) -> None:
    url = databases.postgres_url() if engine == "postgresql" else ""
    if not url:
        databases.sqlite_copy(tmp_path / "data" / "custhub.db")
    ring = Keyring.generate()
    hub = await HubUnderTest(tmp_path, url, keyring=ring.to_json()).start()
    try:
        made = await make_customers(hub, 2)
        for path, purpose in (("/v1/key-rotations", "field"), ("/v1/keys", "jwt")):
            refused = await hub.api.post(path, json={"purpose": purpose})
            assert (refused.status_code, refused.json()["code"]) == (409, "keyring_read_only")
    finally:
        await hub.stop()
    # The operator adds a key to the keyring of every process and starts them again.
    hub = await HubUnderTest(tmp_path, url, keyring=ring.with_new(Purpose.FIELD).to_json()).start()
    try:
        assert hub.app.keys.keyring.newest(Purpose.FIELD) == 1
        done = await finish(hub, await start(hub, "field"))
        assert (done["state"], done["to_kid"], done["processed"]) == ("succeeded", 2, len(made))
        await retire(hub, "field", 1)
        assert (await key_of(hub, "field", 1))["in_keyring"] is True
        assert not LiveKeys(hub.app.keys.provider).is_writable
    finally:
        await hub.stop()


async def test_s17_a_process_that_lacks_the_new_key_keeps_it_from_being_used(fresh_hub: HubUnderTest) -> None:
    await make_customers(fresh_hub, 2)
    location = await start(fresh_hub, "field")
    other, path = _elsewhere(fresh_hub)
    runner = Runner(fresh_hub.app.hub, fresh_hub.app.key_states, poll_seconds=0.0)
    await runner.round()
    for _ in range(3):
        fresh_hub.clock.advance(5)
        await other.follow()  # its keyring has no key 2, and it says so
        await runner.round()
        assert (await fresh_hub.api.get(location)).json()["phase"] == "distributing"
    path.write_bytes(fresh_hub.settings.keyring_path.read_bytes())
    await other.follow()
    fresh_hub.clock.advance(7)
    async with asyncio.timeout(60):  # the job looks again when it comes to it
        while (await fresh_hub.api.get(location)).json()["phase"] == "distributing":
            await runner.round()


def _elsewhere(hub: HubUnderTest) -> tuple[KeyStates, Path]:
    """Another process on the same database, with a keyring file of its own as it was before the rotation."""
    path = hub.settings.home / "elsewhere.json"
    provider = FileKeyProvider(path)
    provider.create()
    ring = hub.app.keys.loaded
    provider.replace(Keyring({purpose: {1: ring.root(purpose, 1)} for purpose in Purpose}))
    keys = LiveKeys(FileKeyProvider(path))
    return KeyStates(hub.app.database, keys, hub.clock, hub.app.hub.unit_of_work), path


async def test_keys_need_their_scope_and_a_known_id(hub: HubUnderTest) -> None:
    assert (await hub.client(token="").get("/v1/keys")).status_code == 401
    other, unknown = hub.client(["ops:read"]), "/v1/keys/key_01m81ewxw7f799fxg3scyz5mvr"
    for answer in (
        await other.get("/v1/keys"),
        await other.get(unknown),
        await other.post("/v1/keys", json={"purpose": "jwt"}),
        await other.post(f"{unknown}/retire"),
    ):
        assert (answer.status_code, answer.json()["scope"]) == (403, "keys:manage")
    for answer in (await hub.api.get(unknown), await hub.api.post(f"{unknown}/retire")):
        assert (answer.status_code, answer.json()["code"]) == (404, "key_not_found")
    for purpose in ("field", "bidx", "backup"):
        assert (await hub.api.post("/v1/keys", json={"purpose": purpose})).status_code == 422


async def test_list_keys_pages_and_filters(hub: HubUnderTest) -> None:
    every = (await hub.api.get("/v1/keys")).json()["data"]
    pages, cursor = [], None
    while True:
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await hub.api.get("/v1/keys", params=params)).json()
        pages += page["data"]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    assert [key["id"] for key in pages] == [key["id"] for key in every]
    some = (await hub.api.get("/v1/keys", params={"purpose": ["jwt", "field"]})).json()["data"]
    assert {key["purpose"] for key in some} == {"jwt", "field"}
    assert (await hub.api.get("/v1/keys", params={"cursor": "AAAA"})).json()["code"] == "invalid_cursor"


async def test_get_key_answers_304_only_while_its_dependants_are_the_same(fresh_hub: HubUnderTest) -> None:
    path = f"/v1/keys/{(await key_of(fresh_hub, 'field', 1))['id']}"
    tag = (await fresh_hub.api.get(path)).headers["etag"]
    assert (await fresh_hub.api.get(path, headers={"If-None-Match": tag})).status_code == 304
    await fresh_hub.api.post("/v1/customers", json=make_customer())
    assert (await fresh_hub.api.get(path, headers={"If-None-Match": tag})).status_code == 200


async def test_changes_of_keys_leave_audit_entries_and_events(fresh_hub: HubUnderTest) -> None:
    await make_customers(fresh_hub, 1)
    await finish(fresh_hub, await start(fresh_hub, "field"))
    await retire(fresh_hub, "field", 1)
    actions = [row[0] for row in await fresh_hub.rows("SELECT action FROM audit_entries ORDER BY id")]
    assert [action for action in actions if action.startswith("key")] == [
        "key.added",
        "key_rotation.started",
        "key_rotation.rewrapping",
        "key_rotation.succeeded",
        "key.retired",
        "key.removed",
    ]
    types = [row[0] for row in await fresh_hub.rows("SELECT type FROM events ORDER BY id")]
    assert [kind for kind in types if kind.startswith("key")] == [
        "key.added",
        "key.activated",
        "key.rotated",
        "key.retired",
    ]
