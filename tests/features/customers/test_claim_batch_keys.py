"""Claims of a batch when rivals take keys between the look-up and the claim: as if its items came one by one."""

from __future__ import annotations

from typing import Any

from custhub.features.customers.schemas.bodies import CustomerCreate
from custhub.features.customers.service.building import CustomerBuilder
from custhub.features.customers.service.claiming import Claims, candidate
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.standards import STANDARDS
from custhub.kit.uow import UnitOfWork
from custhub.security.reach import ALL_ROWS, Reach, scoped
from tests.customers import create_customer
from tests.hub import HubUnderTest, make_customer, make_number
from tests.principals import make_principal

SHOP = scoped(sources=["shop"])


class Batch:
    """A batch up to its claims, in a unit of work of its own."""

    def __init__(self, hub: HubUnderTest, items: list[dict[str, Any]], reach: Reach = ALL_ROWS) -> None:
        who = make_principal(kind="client", reach=reach)
        inner = hub.app.hub
        self.uow: UnitOfWork = inner.unit_of_work(who.actor, "tests")
        context = CustomerContext(self.uow, who, inner.keys, inner.settings, inner.parts[STANDARDS])
        builder = CustomerBuilder(context)
        built = [builder.build(CustomerCreate.model_validate(item)) for item in items]
        self.claims = Claims(context, [candidate(context, place, new) for place, new in enumerate(built)])

    async def claimed(self) -> list[str]:
        """What became of each item: its refusal, or nothing."""
        verdict = await self.claims.claim()
        places = {item.place for item in verdict.accepted} | set(verdict.refused)
        return [verdict.refused[place].code if place in verdict.refused else "" for place in sorted(places)]


async def test_key_taken_between_look_up_and_claim_refuses_its_item_alone(hub: HubUnderTest) -> None:
    number, key = make_number(), {"source": "shop", "id": make_number()}
    items = [
        make_customer(phones=[{"number": number}]),
        make_customer(external_ids=[key]),
        make_customer(phones=[{"number": make_number()}]),
    ]
    batch = Batch(hub, items)
    assert not (await batch.claims.look_up()).refused
    await create_customer(hub.api, phones=[{"number": number}], external_ids=[key])
    assert await batch.claimed() == ["phone_taken", "external_id_taken", ""]
    await batch.uow.rollback()


async def test_item_that_lost_a_key_gives_the_others_to_those_behind_it(hub: HubUnderTest) -> None:
    rival, free, key = make_number(), make_number(), {"source": "shop", "id": make_number()}
    items = [
        make_customer(phones=[{"number": free}, {"number": rival}], external_ids=[key]),
        make_customer(phones=[{"number": free}]),
        make_customer(external_ids=[key]),
        make_customer(phones=[{"number": rival}]),
    ]
    batch = Batch(hub, items)
    assert sorted((await batch.claims.look_up()).refused) == [1, 2, 3]
    await create_customer(hub.api, phones=[{"number": rival}])
    assert await batch.claimed() == ["phone_taken", "", "", "phone_taken"]
    await batch.uow.flush()
    claims = await batch.uow.fetch("SELECT count(*) FROM phone_claims", [])
    ids = await batch.uow.fetch("SELECT count(*) FROM customer_external_ids", [])
    await batch.uow.rollback()
    claims_before = await hub.rows("SELECT count(*) FROM phone_claims")
    ids_before = await hub.rows("SELECT count(*) FROM customer_external_ids")
    assert (claims[0][0], ids[0][0]) == (claims_before[0][0] + 1, ids_before[0][0] + 1)


async def test_number_lost_to_somebody_out_of_reach_counts_as_a_lookup(fresh_hub: HubUnderTest) -> None:
    """S-14: also when it was still free at the look-up."""
    number = make_number()
    batch = Batch(fresh_hub, [make_customer(phones=[{"number": number}], source="shop")], SHOP)
    await batch.claims.look_up()
    await create_customer(fresh_hub.api, phones=[{"number": number}], source="elsewhere")
    assert await batch.claimed() == ["phone_taken"]
    await batch.uow.commit()
    assert (await fresh_hub.rows("SELECT count(*) FROM phone_uses"))[0][0] == 1
