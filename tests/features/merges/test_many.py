"""Many customers in one merge."""

from __future__ import annotations

from tests.customers import read_customer
from tests.hub import HubUnderTest, make_customer, make_number
from tests.merges import commit, preview

MANY = 60


async def test_many_become_one_with_all_they_have(hub: HubUnderTest) -> None:
    """MATCHING 4: any number of records, all children, one transaction."""
    items = [
        make_customer(
            display_name=f"客户{i}",
            phones=[{"number": make_number()}],
            emails=[{"email": f"many{i}@example.com"}],
            external_ids=[{"source": "shop", "id": make_number()}],
            tags=[f"tag{i % 7}"],
        )
        for i in range(MANY)
    ]
    answer = await hub.api.post(
        "/v1/customers/batch", json={"items": items}, headers={"Idempotency-Key": f"many-{make_number()}"}
    )
    made = answer.json()["results"]
    plan = await preview(hub.api, made)
    merged = await commit(hub.api, plan)
    assert merged.status_code == 201, merged.text
    assert len(merged.json()["merged_ids"]) == MANY - 1
    now = await read_customer(hub.api, {"id": plan["survivor_id"]})
    assert [len(now[name]) for name in ("phones", "emails", "external_ids", "tags")] == [MANY, MANY, MANY, 7]
    for name in ("phones", "emails"):
        assert sum(part["is_primary"] for part in now[name]) == 1
    check = (await hub.api.get(f"/v1/merges/{merged.json()['id']}/verification")).json()
    assert check["ok"], check
    found = await hub.api.post("/v1/customers/search", json={"q": f"many{MANY - 1}@example.com"})
    assert [hit["customer"]["id"] for hit in found.json()["data"]] == [plan["survivor_id"]]
