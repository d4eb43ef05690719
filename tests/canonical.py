"""All that is kept of a customer as one value, by every link: two of one content are equal byte for byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from custhub.kit.customer_link import Kept, Moved
from custhub.kit.ids import Prefix, from_text
from custhub.kit.uow import SYSTEM
from tests.hub import HubUnderTest


def id_of(customer: Mapping[str, Any]) -> UUID:
    """The id of a customer's body."""
    return from_text(Prefix.CUSTOMER, str(customer["id"]))


async def export_of(hub: HubUnderTest, customer: Mapping[str, Any]) -> dict[str, Any]:
    """What every link tells of it."""
    told: dict[str, Any] = {}
    for link in hub.app.links:
        told |= await link.export(hub.app.database, id_of(customer))
    return told


async def canonical(hub: HubUnderTest, customer: Mapping[str, Any], *but: str) -> bytes:
    """The export in one order; `but` are members that are left out."""
    told = await export_of(hub, customer)
    return orjson.dumps({name: told[name] for name in told if name not in but}, option=orjson.OPT_SORT_KEYS)


async def joined(hub: HubUnderTest, source: Mapping[str, Any], target: Mapping[str, Any]) -> Moved:
    """The rows of one become those of the other."""
    uow = hub.app.hub.unit_of_work(SYSTEM, "tests")
    moved: dict[str, Any] = {}
    for link in hub.app.links:
        moved |= (await link.reassign(uow, [id_of(source)], id_of(target))).get(id_of(source), {})
        await uow.flush()
    await uow.commit()
    stored: Moved = orjson.loads(orjson.dumps(moved))
    return stored


async def given_back(
    hub: HubUnderTest, source: Mapping[str, Any], target: Mapping[str, Any], moved: Moved
) -> Sequence[Kept]:
    """They are who they were again; what is not."""
    uow = hub.app.hub.unit_of_work(SYSTEM, "tests")
    kept: list[Kept] = []
    for link in hub.app.links:
        kept += (await link.give_back(uow, {id_of(source): moved}, id_of(target))).get(id_of(source), ())
        await uow.flush()
    await uow.commit()
    return kept
