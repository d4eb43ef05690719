"""What a caller does not see of customers, plans and verifications of merges do not give away either."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from typing import Any

from custhub.features.merges.rules import SurvivorRule
from custhub.security.fields import Access, everything
from custhub.security.scopes import ALL
from tests.canonical import id_of
from tests.customers import create_customer
from tests.hub import HubUnderTest, make_number
from tests.merges import merge, preview
from tests.principals import make_principal

BORN = "1984-07-09"


def parts_of(plan_hash: str) -> dict[bytes, bytes]:
    """The short hashes behind the whole one, by those of their names."""
    raw = base64.urlsafe_b64decode(plan_hash + "=" * (-len(plan_hash) % 4))[32:]
    return {raw[at : at + 4]: raw[at + 4 : at + 8] for at in range(0, len(raw), 8)}


async def pair(hub: HubUnderTest) -> list[dict[str, Any]]:
    first = await create_customer(hub.api, display_name="Eleanor Rigby", birthday={"date": BORN})
    return [first, await create_customer(hub.api, display_name="Eleanor Rigby")]


async def test_a_plan_hash_cannot_be_held_against_guesses(hub: HubUnderTest) -> None:
    """S-61: days are few. Neither plain hashes nor those of other customers with known values may match."""
    two = await pair(hub)
    client = hub.client_of(make_principal(fields=everything(Access.WRITE) | {"birthday": Access.HIDDEN}))
    plan = await preview(client, two, survivor_id=two[0]["id"])
    told = set(parts_of(plan["plan_hash"]).values())
    values = [repr((BORN, "solar", False)), "None"]
    for rule, own in itertools.product(SurvivorRule, two):
        for basis in ([id_of(own).hex, rule, values], values, ["birthday", [id_of(own).hex, rule, values]]):
            guess = hashlib.sha256(json.dumps(basis, sort_keys=True, default=str).encode()).digest()
            assert guess[:4] not in told
    mine = await pair(hub)
    known = parts_of((await preview(hub.api, mine, survivor_id=mine[0]["id"]))["plan_hash"])
    assert told.isdisjoint(known.values())


async def test_a_verification_tells_what_its_reader_may_see(hub: HubUnderTest) -> None:
    """S-60, S-61, S-81: all of it counts, no more than that is told."""
    two = [await create_customer(hub.api, phones=[{"number": make_number()}]) for _ in range(2)]
    said = {"customer_id": two[1]["id"], "purpose": "marketing", "channel": "email", "status": "denied"}
    assert (await hub.api.post("/v1/consents", json=said)).status_code == 201
    path = f"/v1/merges/{(await merge(hub.api, two))['id']}/verification"
    whole = (await hub.api.get(path)).json()
    assert [consent["strictest"] for consent in whole["consents"]] == ["denied"]
    fields = everything(Access.WRITE) | {"phones": Access.HIDDEN}
    client = hub.client_of(make_principal(fields=fields, scopes=ALL - {"consents:read"}))
    told = (await client.get(path)).json()
    assert (told["ok"], told["consents"]) == (True, [])
    tables = [table["table"] for table in whole["tables"]]
    assert [table["table"] for table in told["tables"]] == [name for name in tables if name != "phones"]
