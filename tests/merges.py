"""Merges made through HTTP, for tests."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from tests.client import ApiClient

_keys = itertools.count()


def choices_of(choices: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The choices of a body: by field, the customer whose value is chosen."""
    return [{"field": field, "customer_id": customer["id"]} for field, customer in choices.items()]


async def preview(api: ApiClient, customers: Sequence[Mapping[str, Any]], **members: Any) -> dict[str, Any]:
    """The plan for these customers."""
    answer = await api.post("/v1/merges/preview", json={"customer_ids": [one["id"] for one in customers]} | members)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def commit(api: ApiClient, plan: Mapping[str, Any], **members: Any) -> httpx.Response:
    """Make a plan true, whatever comes of it."""
    body = {
        "customer_ids": plan["customer_ids"],
        "survivor_id": plan["survivor_id"],
        "plan_hash": plan["plan_hash"],
        "reason": "duplicate",
    }
    headers = {"Idempotency-Key": f"merge-{next(_keys):08d}"}
    return await api.post("/v1/merges", json=body | members, headers=headers)


async def merge(
    api: ApiClient, customers: Sequence[Mapping[str, Any]], *, override: bool = False, **members: Any
) -> dict[str, Any]:
    """These customers as one; the first is the survivor."""
    plan = await preview(api, customers, survivor_id=customers[0]["id"], **members)
    answer = await commit(api, plan, **members, override_not_the_same=override)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def field_of(plan: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What a plan says of a field."""
    found: dict[str, Any] = next(field for field in plan["fields"] if field["field"] == name)
    return found


async def undo(api: ApiClient, merge: Mapping[str, Any], **members: Any) -> httpx.Response:
    """Undo a merge as it is now, whatever comes of it."""
    path = f"/v1/merges/{merge['id']}"
    etag = (await api.get(path)).headers.get("etag", "")
    return await api.post(f"{path}/undo", json={"reason": "not_the_same"} | members, headers={"If-Match": etag})


async def undone(api: ApiClient, merge: Mapping[str, Any]) -> dict[str, Any]:
    """Undo a merge; what came of it."""
    answer = await undo(api, merge)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert body["state"] == "undone"
    told: dict[str, Any] = body["undo"]
    return told
