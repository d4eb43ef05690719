"""What others hear of a changed part: one event and one audit entry of its customer, naming the field (E-1, S-70)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.customers import create_customer, path_of
from tests.hub import HubUnderTest, make_number

#: Part -> a body to add, one to change it.
PARTS: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {
    "emails": ({"email": "secret@example.com"}, {"label": "x"}),
    "addresses": ({"street": "Secret Street"}, {"label": "x"}),
    "contacts": ({"name": "Secret Person"}, {"job_title": "x"}),
    "external-ids": ({"source": "shop", "id": "SECRET-1"}, None),
}


@pytest.mark.parametrize("part", PARTS)
async def test_each_change_of_a_part_is_told_once(fresh_hub: HubUnderTest, part: str) -> None:
    customer = await create_customer(fresh_hub.api, kind="organisation", display_name="某公司")
    path = f"{path_of(customer)}/{part}"
    added, changed = PARTS[part]
    made = (await fresh_hub.api.post(path, json=added)).json()
    revisions = [2]
    if changed is not None:
        assert (await fresh_hub.api.patch(f"{path}/{made['id']}", json=changed)).status_code == 200
        revisions.append(3)
    assert (await fresh_hub.api.delete(f"{path}/{made['id']}")).status_code == 204
    revisions.append(revisions[-1] + 1)
    await assert_told(fresh_hub, part.replace("-", "_"), revisions)


async def test_tags_are_told_once_each(fresh_hub: HubUnderTest) -> None:
    customer = await create_customer(fresh_hub.api)
    path = f"{path_of(customer)}/tags/secret"
    for method in ("PUT", "PUT", "DELETE"):
        assert (await fresh_hub.api.request(method, path)).is_success
    await assert_told(fresh_hub, "tags", [2, 3])


async def test_batch_tells_of_each_customer(fresh_hub: HubUnderTest) -> None:
    items = [{"display_name": f"Secret {i}", "phones": [{"number": make_number()}]} for i in range(3)]
    answer = await fresh_hub.api.post(
        "/v1/customers/batch", json={"items": items}, headers={"idempotency-key": "told-batch"}
    )
    assert answer.json()["succeeded"] == 3
    events = await fresh_hub.rows(
        "SELECT subject_revision, customer_id, data FROM events WHERE type = 'customer.created'"
    )
    entries = await fresh_hub.rows("SELECT customer_id, fields FROM audit_entries WHERE action = 'customer.created'")
    assert len({bytes_of(row[1]) for row in events}) == len({bytes_of(row[0]) for row in entries}) == 3
    assert all("display_name" in str(row[1]) and "phones" in str(row[1]) for row in entries)
    assert "Secret" not in str([*events, *entries])


def bytes_of(value: Any) -> bytes:
    return value if isinstance(value, bytes) else bytes(value.bytes)


async def assert_told(hub: HubUnderTest, field: str, revisions: list[int]) -> None:
    events = await hub.rows(
        "SELECT subject_revision, data FROM events WHERE type = 'customer.updated' ORDER BY subject_revision"
    )
    assert [row[0] for row in events] == revisions
    assert all(f'"{field}"' in str(row[1]).replace("'", '"') for row in events)
    entries = await hub.rows("SELECT fields, details FROM audit_entries WHERE action <> 'customer.created'")
    assert len(entries) == len(revisions)
    for fields, details in entries:
        assert field in str(fields)
        assert "secret" not in bytes(details).decode("latin-1").lower()
    assert "secret" not in str(events).lower()
