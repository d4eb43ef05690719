"""A merge that is killed at any statement has happened wholly or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.canonical import canonical
from tests.customers import create_customer, read_customer
from tests.faults import Fault, failing
from tests.hub import HubUnderTest, make_number
from tests.merges import commit, preview


async def three(hub: HubUnderTest) -> list[dict[str, Any]]:
    return [
        await create_customer(
            hub.api,
            display_name=name,
            phones=[{"number": make_number()}],
            emails=[{"email": "a@example.com"}],
            external_ids=[{"source": "shop", "id": make_number()}],
            tags=["vip"],
        )
        for name in ("曹先生", "Cao Wei", "曹伟")
    ]


@pytest.mark.parametrize("after", [False, True], ids=["before it runs", "after it ran"])
async def test_whatever_statement_fails_all_is_merged_or_nothing(fresh_hub: HubUnderTest, *, after: bool) -> None:
    """MATCHING 4: one transaction; a COMMIT whose answer is lost is one that happened."""
    hub, at, whole = fresh_hub, 0, 0
    made = await three(hub)
    while True:
        at += 1
        before = [await canonical(hub, one) for one in made]
        plan = await preview(hub.api, made, survivor_id=made[0]["id"])
        with failing(hub, Fault(at, after=after)) as fault:
            answer = await commit(hub.api, plan)
        merges = (await hub.api.get(f"/v1/merges?customer_id={made[2]['id']}")).json()["data"]
        if merges:
            whole += 1
            now = await read_customer(hub.api, made[0])
            assert (now["display_name"], len(now["phones"]), len(now["emails"])) == ("曹伟", 3, 3)
            assert (await hub.api.get(f"/v1/merges/{merges[0]['id']}/verification")).json()["ok"]
        else:
            assert answer.status_code >= 500
            assert [await canonical(hub, one) for one in made] == before
        if not fault.has_struck:
            assert answer.status_code == 201
            break
        if merges:
            made = await three(hub)
    # The last one that no statement was left to fail of, and with `after` the one whose COMMIT was not heard.
    assert whole >= 1 + after
    assert at > 5
