"""Customers made through HTTP, for tests that are about something else."""

from __future__ import annotations

from typing import Any

import httpx

from tests.client import ApiClient
from tests.hub import make_customer, make_number


async def create_customer(api: ApiClient, **members: Any) -> dict[str, Any]:
    """A new customer; members given win."""
    return _made(await api.post("/v1/customers", json=make_customer(**members)))


async def add_phone(api: ApiClient, customer: dict[str, Any], number: str = "", **members: Any) -> dict[str, Any]:
    """One more number of a customer."""
    body = {"number": number or make_number()} | members
    return _made(await api.post(f"{path_of(customer)}/phones", json=body))


async def declare(api: ApiClient, key: str, schema: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A new custom field."""
    body = {"key": key, "labels": {"en": key, "zh": key}, "schema": schema} | members
    return _made(await api.post("/v1/field-definitions", json=body))


def path_of(customer: dict[str, Any], phone: dict[str, Any] | None = None) -> str:
    """Where a customer, or a number of it, is."""
    path = f"/v1/customers/{customer['id']}"
    return path if phone is None else f"{path}/phones/{phone['id']}"


async def read_customer(api: ApiClient, customer: dict[str, Any]) -> dict[str, Any]:
    """The customer as it is now."""
    answer = await api.get(path_of(customer))
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def problem_of(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer that must have this status and code."""
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    body: dict[str, Any] = answer.json()
    return body


def _made(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body
