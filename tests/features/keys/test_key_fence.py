"""Nothing is committed that was built under an older knowledge of the keys (S-13, S-17)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from custhub.crypto.errors import KeyUnavailable
from custhub.crypto.keyring import Purpose
from custhub.crypto.live import KeyRoles
from custhub.features.keys.service.fence import KeyFence
from custhub.features.phones.models import ClaimRow, phone_claims
from custhub.kit.ids import Prefix, from_text, new_id
from custhub.kit.uow import SYSTEM, UnitOfWork
from custhub.kit.writes import LostRace
from tests.features.keys.rotating import Killed, bury, finish, kids, make_customers, runner_of, start
from tests.hub import HubUnderTest, make_customer, make_number

BOTH = KeyRoles({Purpose.BIDX: 1}, claims=(1, 2))
SWITCHED = KeyRoles({Purpose.BIDX: 2}, claims=(1, 2))


@pytest.fixture
def with_two(fresh_hub: HubUnderTest) -> HubUnderTest:
    """A hub whose keyring has two index keys, the first in charge."""
    fresh_hub.app.keys.write_new(Purpose.BIDX)
    fresh_hub.app.keys.reload()
    return fresh_hub


def when_committing(hub: HubUnderTest, act: Callable[[], object]) -> list[bool]:
    """Do something right before the next unit of work is sent; what is given back tells whether it was locked."""
    runs: list[bool] = []
    check = hub.app.hub.recorder.record

    class Recorder:
        def record(self, uow: UnitOfWork, facts: Any, notes: Any) -> None:
            runs.append(uow.locking)
            if len(runs) == 1:
                act()
            check(uow, facts, notes)

        def committed(self) -> None:
            return None

    hub.app.hub.recorder = Recorder()
    return runs


async def test_s17_a_create_that_was_overtaken_by_the_next_phase_runs_again(with_two: HubUnderTest) -> None:
    for roles, index in ((BOTH, 1), (SWITCHED, 2)):
        runs = when_committing(with_two, lambda roles=roles: with_two.app.keys.adopt(roles))  # type: ignore[misc]
        number = make_number()
        answer = await with_two.api.post("/v1/customers", json=make_customer(phones=[{"number": number}]))
        assert answer.status_code == 201
        assert runs == [False, True]
        claims = await with_two.rows(
            "SELECT kid FROM phone_claims WHERE phone_id = (SELECT max(id) FROM customer_phones) ORDER BY kid"
            if with_two.engine == "sqlite"
            else "SELECT kid FROM phone_claims ORDER BY phone_id DESC, kid LIMIT 2"
        )
        assert [row[0] for row in claims] == [1, 2]
        stored = await with_two.rows("SELECT index_kid FROM customer_phones ORDER BY id DESC LIMIT 1")
        assert stored[0][0] == index


async def test_s17_a_request_that_is_overtaken_twice_answers_503(with_two: HubUnderTest) -> None:
    keys = with_two.app.keys
    uow = UnitOfWork(with_two.app.database, with_two.clock, with_two.app.hub.recorder, SYSTEM, "test", locking=True)
    uow.insert(phone_claims, ClaimRow(1, bytes(16), new_id(), new_id()))
    KeyFence(keys).check(uow)
    keys.adopt(BOTH)
    with pytest.raises(KeyUnavailable):
        KeyFence(keys).check(uow)
    uow.locking = False
    with pytest.raises(LostRace):
        KeyFence(keys).check(uow)


async def test_s17_no_data_key_is_stored_under_a_retired_key(with_two: HubUnderTest) -> None:
    keys = with_two.app.keys
    keys.write_new(Purpose.FIELD)
    keys.reload()
    retired = KeyRoles({Purpose.FIELD: 2, Purpose.BIDX: 1}, (1,), frozenset({(Purpose.FIELD, 1)}))
    runs = when_committing(with_two, lambda: keys.adopt(retired))
    assert (await with_two.api.post("/v1/customers", json=make_customer())).status_code == 201
    assert len(runs) == 2
    assert [row[0] for row in await with_two.rows("SELECT kid FROM customer_keys")] == [2]


async def test_s13_a_release_that_is_under_way_leaves_no_claim_behind(fresh_hub: HubUnderTest) -> None:
    """A release removes the claims its snapshot sees: one added meanwhile would block the number for good."""
    made = await make_customers(fresh_hub, 4)
    location = await start(fresh_hub, "bidx")
    with pytest.raises(Killed):
        await finish(fresh_hub, location, runner_of(fresh_hub, dies_when="phase = 'backfilling'"))
    await bury(fresh_hub)
    number = next(iter(made))
    path = f"/v1/customers/{made[number]}"
    if fresh_hub.engine == "postgresql":
        releasing = asyncio.create_task(_release_slowly(fresh_hub, from_text(Prefix.CUSTOMER, made[number])))
        await asyncio.sleep(0.2)
        assert (await finish(fresh_hub, location))["state"] == "succeeded"
        await releasing
    else:
        both = await asyncio.gather(fresh_hub.api.post(f"{path}/archive"), finish(fresh_hub, location))
        assert (both[0].status_code, both[1]["state"]) == (200, "succeeded")
    assert await kids(fresh_hub, "phone_claims", "kid") == {2: 3}


async def _release_slowly(hub: HubUnderTest, customer_id: UUID) -> None:
    async with hub.app.database.transaction() as connection:
        await connection.execute(
            "WITH slow AS MATERIALIZED (SELECT pg_sleep(0.8) AS done) "
            "DELETE FROM phone_claims WHERE customer_id = $1 AND EXISTS (SELECT done FROM slow)",
            [customer_id],
        )
