"""Keys that several transactions want at once: the second waits for the first, a circle ends in a lost race."""

from __future__ import annotations

import asyncio

from custhub.features.phones.models import ClaimRow
from custhub.features.phones.service import claim_numbers
from custhub.kit.ids import Prefix, from_text, new_id
from custhub.kit.uow import SYSTEM, UnitOfWork
from custhub.kit.writes import LostRace
from tests.customers import create_customer
from tests.hub import HubUnderTest, make_number


async def a_claim(hub: HubUnderTest, index: bytes) -> ClaimRow:
    """A claim of a stored number, under another index."""
    customer = await create_customer(hub.api, phones=[{"number": make_number()}])
    phone_id = from_text(Prefix.PHONE, customer["phones"][0]["id"])
    return ClaimRow(99, index, phone_id, from_text(Prefix.CUSTOMER, customer["id"]))


def a_unit(hub: HubUnderTest) -> UnitOfWork:
    return hub.app.hub.unit_of_work(SYSTEM, "tests")


async def test_of_two_rows_with_one_key_the_first_is_stored(hub: HubUnderTest) -> None:
    first, second = await a_claim(hub, new_id().bytes), await a_claim(hub, new_id().bytes)
    twin = second._replace(exact_index=first.exact_index)
    uow = a_unit(hub)
    assert await claim_numbers(uow, [first, twin, second]) == {(99, first.exact_index), (99, second.exact_index)}
    rows = await uow.fetch("SELECT phone_id FROM phone_claims WHERE kid = 99", [])
    stored = {row[0] if isinstance(row[0], bytes) else row[0].bytes for row in rows}
    assert {first.phone_id.bytes, second.phone_id.bytes} <= stored
    await uow.rollback()


async def test_rows_in_slices_are_one_set(hub: HubUnderTest) -> None:
    claim = await a_claim(hub, new_id().bytes)
    many = [claim._replace(exact_index=new_id().bytes) for _ in range(600)]
    uow = a_unit(hub)
    assert len(await claim_numbers(uow, many)) == 600
    assert await claim_numbers(uow, many) == set()
    await uow.rollback()


async def test_second_waits_for_the_first_and_learns_what_became_of_it(hub: HubUnderTest) -> None:
    claim = await a_claim(hub, new_id().bytes)
    rival = claim._replace(phone_id=(await a_claim(hub, new_id().bytes)).phone_id)
    for rolls_back in (True, False):
        first, second = a_unit(hub), a_unit(hub)
        assert await claim_numbers(first, [claim])
        waiting = asyncio.ensure_future(claim_numbers(second, [rival]))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await (first.rollback() if rolls_back else first.commit())
        assert bool(await waiting) is rolls_back
        await second.rollback()


async def test_units_of_work_in_a_circle_lose_and_can_be_run_again(hub: HubUnderTest) -> None:
    """The victim of a deadlock raises LostRace, whatever statement of it was hit."""
    one, two = await a_claim(hub, new_id().bytes), await a_claim(hub, new_id().bytes)
    met = asyncio.Barrier(2)

    async def claim_in_turn(*claims: ClaimRow) -> str:
        uow = a_unit(hub)
        try:
            await claim_numbers(uow, claims[:1])
            if hub.engine == "postgresql":
                await met.wait()
            await claim_numbers(uow, claims[1:])
        except LostRace:
            return "lost"
        finally:
            await uow.rollback()
        return "held"

    outcomes = await asyncio.gather(claim_in_turn(one, two), claim_in_turn(two, one))
    # SQLite has one writer at a time: nobody meets.
    assert sorted(outcomes) == (["held", "lost"] if hub.engine == "postgresql" else ["held", "held"])
