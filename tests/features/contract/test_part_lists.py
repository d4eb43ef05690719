"""Lists of what a customer has are paged like every other one (contract_c1, contract_c2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of
from tests.hub import HubUnderTest, make_number
from tests.principals import make_principal

PARTS = {
    "phones": [{"number": make_number()} for _ in range(5)],
    "emails": [{"email": f"part-{make_number()}@example.com"} for _ in range(5)],
    "addresses": [{"full_text": f"深圳市南山区科技园路{i}号"} for i in range(5)],
    "contacts": [{"name": f"王{i}"} for i in range(5)],
    "external_ids": [{"source": "shop", "id": make_number()} for _ in range(5)],
    "tags": ["e", "D", "c", "B", "a"],
}


async def consented(api: ApiClient, **members: Any) -> dict[str, Any]:
    """A customer who was asked about five channels."""
    made = await create_customer(api, **members)
    for channel in ("email", "sms", "phone", "wechat", "whatsapp"):
        said = {"customer_id": made["id"], "purpose": "marketing", "channel": channel, "status": "granted"}
        assert (await api.post("/v1/consents", json=said)).status_code == 201
    return made


@pytest.mark.parametrize("name", [*PARTS, "consents"])
async def test_a_walk_meets_each_once(name: str, hub: HubUnderTest) -> None:
    given = {name: PARTS[name]} if name in PARTS else {}
    kind = {"kind": "organisation"} if name == "contacts" else {}
    made = await (create_customer if given else consented)(hub.api, **given, **kind)
    path = f"{path_of(made)}/{name.replace('_', '-')}"
    whole = (await hub.api.get(path)).json()
    assert (len(whole["data"]), whole["next_cursor"], whole["has_more"]) == (5, None, False)
    found, url = [], f"{path}?limit=2"
    while url:
        answer = await hub.api.get(url)
        page = answer.json()
        assert len(page["data"]) == (2 if page["has_more"] else 1)
        found += page["data"]
        url = f"{path}?limit=2&cursor={page['next_cursor']}" if page["has_more"] else ""
        assert ("link" in answer.headers) == page["has_more"]
    assert found == whole["data"]


async def test_a_cursor_is_of_one_caller_and_one_list(hub: HubUnderTest) -> None:
    parts = {"phones": [{"number": make_number()} for _ in range(2)], "tags": ["a", "b"]}
    made, other = await create_customer(hub.api, **parts), await create_customer(hub.api, tags=["a", "b"])
    cursor = (await hub.api.get(f"{path_of(made)}/phones?limit=1")).json()["next_cursor"]
    for path in (f"{path_of(made)}/tags", f"{path_of(other)}/phones"):
        problem_of(await hub.api.get(f"{path}?cursor={cursor}"), 422, "invalid_cursor")
    stranger = hub.client_of(make_principal())
    problem_of(await stranger.get(f"{path_of(made)}/phones?cursor={cursor}"), 422, "invalid_cursor")
    for limit in (0, 201):
        problem_of(await hub.api.get(f"{path_of(made)}/phones?limit={limit}"), 422, "validation_failed")
