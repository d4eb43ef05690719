"""Whoever is refused is told what would have been right, and nothing of what was sent (contract_e1, contract_e2)."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.http.issues import issues_of
from tests.client import ApiClient

CANARY = "kanarienvogel"


@pytest.mark.parametrize(
    ("body", "pointer", "expected"),
    [
        ({"display_name": 5}, "#/display_name", {"type": "string"}),
        ({"display_name": CANARY * 50}, "#/display_name", {"max_length": 200}),
        ({"display_name": ""}, "#/display_name", {"min_length": 1}),
        ({"display_name": "x", "phones": CANARY}, "#/phones", {"type": "array"}),
        ({"display_name": "x", "kind": CANARY}, "#/kind", {"values": ["person", "organisation"]}),
    ],
)
async def test_a_body_is_told_of_types_bounds_and_values(
    api: ApiClient, body: dict[str, Any], pointer: str, expected: dict[str, Any]
) -> None:
    """contract_e1: what the document says of the member stands beside the refusal."""
    answer = await api.post("/v1/customers", json=body)
    assert answer.status_code == 422
    assert {one["pointer"]: one.get("expected") for one in answer.json()["errors"]} == {pointer: expected}
    assert CANARY not in answer.text


@pytest.mark.parametrize(
    ("limit", "expected"), [("201", {"maximum": 200}), ("0", {"minimum": 1}), (CANARY, {"type": "integer"})]
)
async def test_a_query_is_told_its_bounds(api: ApiClient, limit: str, expected: dict[str, Any]) -> None:
    """contract_c2: parameters as well as members."""
    answer = await api.get("/v1/customers", params={"limit": limit})
    assert [one["expected"] for one in answer.json()["errors"]] == [expected]


async def test_an_item_of_a_batch_is_told_too(api: ApiClient) -> None:
    """contract_d4: where items are refused one by one."""
    body = {"items": [{"display_name": "x"}, {"display_name": ""}]}
    answer = await api.post("/v1/customers/batch", json=body, headers={"idempotency-key": "expected-0001"})
    assert '"expected":{"min_length":1}' in answer.text


@pytest.mark.parametrize(
    "error",
    [
        {"type": "union_tag_invalid", "ctx": {"tag": CANARY, "discriminator": CANARY}},
        {"type": "string_too_long", "ctx": {"max_length": CANARY, "actual_length": 77}},
        {"type": "enum", "ctx": {"expected": f"{CANARY} or '{CANARY} {CANARY}'"}},
        {"type": "literal_error", "ctx": {}},
        {"type": "value_error", "ctx": {"error": CANARY}},
        {"type": "wrong_type"},
    ],
)
def test_nothing_else_of_a_context_is_passed_on(error: dict[str, Any]) -> None:
    """contract_p2: contexts hold parts of what was sent, such as the tag of a union."""
    (told,) = issues_of([{"loc": ("body", "name"), "msg": CANARY, "input": CANARY, **error}])
    assert told.expected == ()
