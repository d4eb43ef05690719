"""Items of intake, and what came of them."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

import httpx

from tests.client import ApiClient
from tests.hub import START, HubUnderTest

PATH = "/v1/intake"
RECEIPT = {"object": "intake_receipt", "accepted": True}
_keys = count(1)


def at(hours: float) -> str:
    """A moment before now, in hours."""
    return (START - timedelta(hours=hours)).isoformat()


def item(customer: dict[str, Any], **members: Any) -> dict[str, Any]:
    """An item about this customer; members given win."""
    return {"source": "fair", "occurred_at": at(1), "customer": customer, **members}


def sender(hub: HubUnderTest) -> ApiClient:
    """A client that may do nothing else."""
    return hub.client(scopes=["customers:intake"], roles=["admin"])


async def send(api: ApiClient, customer: dict[str, Any], **members: Any) -> None:
    """Send one item that must be taken."""
    answer = await api.post(PATH, json=item(customer, **members))
    assert (answer.status_code, answer.json()) == (202, RECEIPT), answer.text


async def send_all(api: ApiClient, items: list[dict[str, Any]], **params: Any) -> httpx.Response:
    """Send a batch."""
    headers = {"Idempotency-Key": f"intake-{next(_keys):06d}"}
    return await api.post(f"{PATH}/batch", json={"items": items}, headers=headers, params=params)


async def found_by_number(hub: HubUnderTest, number: str) -> list[dict[str, Any]]:
    """The customers with this number."""
    answer = await hub.api.post("/v1/customers/lookup", json={"phone": number})
    assert answer.status_code == 200, answer.text
    customers: list[dict[str, Any]] = answer.json()["data"]
    return customers


async def the_one(hub: HubUnderTest, number: str) -> dict[str, Any]:
    """The only customer with this number."""
    (customer,) = await found_by_number(hub, number)
    return customer


async def touchpoints(hub: HubUnderTest, customer: dict[str, Any]) -> list[dict[str, Any]]:
    """What came in about a customer, newest arrivals first."""
    answer = await hub.api.get(f"/v1/customers/{customer['id']}/touchpoints")
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


async def findings(hub: HubUnderTest, customer: dict[str, Any]) -> list[dict[str, Any]]:
    """What waits for a decision about a customer."""
    answer = await hub.api.get("/v1/findings", params={"customer_id": customer["id"]})
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows
