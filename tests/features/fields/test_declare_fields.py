"""Custom fields: declared, changed, taken out of use and brought back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from custhub.features.fields.service.catalogue import CATALOGUE
from custhub.kit.followed import Followed
from tests.client import ApiClient
from tests.customers import create_customer, declare, path_of, problem_of, read_customer
from tests.hub import HubUnderTest

LIST = "/v1/field-definitions"
TEXT = {"type": "string"}


async def test_a_field_is_declared_read_and_listed_in_the_order_of_forms(fresh_hub: HubUnderTest) -> None:
    api = fresh_hub.api
    late = await declare(api, "late", TEXT, position=9, description="x", readers=["sales", "admin", "sales"])
    early = await declare(api, "early", {"type": "integer", "maximum": 9}, position=1, required=True, filterable=True)
    assert late["schema"] == {"type": "string", "minLength": 0, "maxLength": 2000}
    assert (late["readers"], late["sensitive"], late["revision"]) == (["admin", "sales"], False, 1)
    assert [item["key"] for item in (await api.get(LIST)).json()["data"]] == ["early", "late"]
    one = await api.get(f"{LIST}/{early['id']}")
    assert one.json() == early
    seen = await api.get(f"{LIST}/{early['id']}", headers={"if-none-match": one.headers["etag"]})
    assert seen.status_code == 304
    told = await fresh_hub.rows("SELECT type FROM events WHERE subject_type = 'field_definition'")
    assert [row[0] for row in told] == ["field_definition.created"] * 2
    audited = await fresh_hub.rows("SELECT reason FROM audit_entries WHERE action = 'field_definition.created'")
    assert {row[0] for row in audited} == {"late", "early"}


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object"},
        {"type": "string", "pattern": "a+"},
        {"type": "string", "maxLength": 2_001},
        {"type": "string", "minLength": 3, "maxLength": 2},
        {"type": "string", "enum": []},
        {"type": "string", "enum": ["a", "a"]},
        {"type": "string", "enum": ["a"], "maxLength": 3},
        {"type": "string", "format": "email"},
        {"type": "string", "x-vocabulary": "nothing"},
        {"type": "integer", "minimum": 0.5},
        {"type": "integer", "minimum": 2, "maximum": 1},
        {"type": "number", "maximum": 1e300},
        {"type": "array"},
        {"type": "array", "items": {"type": "string"}},
        {"type": "array", "items": {"type": "integer", "enum": [1]}},
        {"type": "array", "items": {"type": "string", "enum": ["a"]}, "maxItems": 51},
        {"type": "array", "items": {"type": "string", "enum": ["a"]}, "uniqueItems": False},
        {"type": ["string", "null"]},
        {"$ref": "#"},
    ],
)
async def test_a_schema_outside_the_supported_part_is_refused(api: ApiClient, schema: dict[str, Any]) -> None:
    """S-102: no pattern of anybody's is ever run."""
    body = {"key": "refused", "labels": {"en": "x", "zh": "x"}, "schema": schema}
    problem = problem_of(await api.post(LIST, json=body), 422, "field_schema_invalid")
    assert problem["errors"][0]["pointer"].startswith("#/schema")


async def test_what_a_declaration_may_not_be(api: ApiClient) -> None:
    body = {"key": "both", "labels": {"en": "x", "zh": "x"}, "schema": TEXT, "sensitive": True, "filterable": True}
    problem_of(await api.post(LIST, json=body), 422, "field_not_filterable")
    await declare(api, "once", TEXT)
    again = {"key": "once", "labels": {"en": "x", "zh": "x"}, "schema": TEXT}
    problem_of(await api.post(LIST, json=again), 409, "field_key_taken")
    for key in ("", "Upper", "1st", "a-b", "x" * 41):
        problem_of(await api.post(LIST, json={**again, "key": key}), 422, "validation_failed")
    unknown = f"{LIST}/fld_01m81amc1cfrnt9m7qcr38rxrh"
    problem_of(await api.get(unknown), 404, "field_definition_not_found")
    problem_of(await api.patch(unknown, json={"required": True}), 404, "field_definition_not_found")
    problem_of(await api.post(f"{unknown}/archive"), 404, "field_definition_not_found")


async def test_only_who_manages_fields_declares_them(hub: HubUnderTest) -> None:
    reader = hub.client(scopes=["customers:read"])
    assert (await reader.get(LIST)).status_code == 200
    body = {"key": "k", "labels": {"en": "x", "zh": "x"}, "schema": TEXT}
    assert problem_of(await reader.post(LIST, json=body), 403, "insufficient_scope")["scope"] == "fields:manage"


async def test_patch_changes_all_but_what_values_depend_on(api: ApiClient) -> None:
    """contract_d2: If-Match is checked."""
    made = await declare(api, "patched", {"type": "string", "maxLength": 5})
    path = f"{LIST}/{made['id']}"
    changed = await api.patch(
        path, json={"schema": {"type": "string", "maxLength": 9}, "labels": {"en": "A", "zh": "甲"}}
    )
    assert (changed.json()["schema"]["maxLength"], changed.json()["labels"]["zh"]) == (9, "甲")
    assert (await api.patch(path, json={"labels": {"en": "A", "zh": "甲"}})).json()["revision"] == 2
    problem_of(await api.patch(path, json={"schema": {"type": "integer"}}), 422, "field_schema_fixed")
    for name in ("key", "sensitive", "filterable"):
        problem_of(await api.patch(path, json={name: True}), 422, "unknown_field")
    stale = {"if-match": f'"{made["revision"]}-00000000"'}
    problem_of(await api.patch(path, json={"required": True}, headers=stale), 412, "precondition_failed")


async def test_an_archived_field_hides_its_values_and_gives_them_back(api: ApiClient) -> None:
    made = await declare(api, "gone", TEXT)
    customer = await create_customer(api, custom_fields={"gone": "kept"})
    path = f"{LIST}/{made['id']}"
    archived = await api.post(f"{path}/archive")
    assert archived.json()["archived_at"] is not None
    assert (await api.post(f"{path}/archive")).json() == archived.json()
    assert (await read_customer(api, customer))["custom_fields"] == {}
    answer = await api.patch(path_of(customer), json={"custom_fields": {"gone": "x"}})
    problem = problem_of(answer, 422, "custom_field_unknown")
    assert problem["errors"][0]["pointer"] == "#/custom_fields/gone"
    assert (await api.post(f"{path}/restore")).json()["archived_at"] is None
    assert (await read_customer(api, customer))["custom_fields"] == {"gone": "kept"}


async def test_of_racing_declarations_of_one_key_one_wins(api: ApiClient) -> None:
    body = {"key": "raced", "labels": {"en": "x", "zh": "x"}, "schema": TEXT}
    answers = await asyncio.gather(*(api.post(LIST, json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_other_processes_follow_within_their_next_look(fresh_hub: HubUnderTest) -> None:
    """A catalogue that did not make the change itself reads it; a look that finds nothing new reads nothing."""
    mine: Followed[Any] = fresh_hub.app.hub.parts[CATALOGUE]
    other = Followed(mine._stamp, mine._load, mine.value)
    await other.follow(fresh_hub.app.database)
    assert "followed" not in other.value.definitions
    made = await declare(fresh_hub.api, "followed", TEXT)
    assert "followed" in mine.value.definitions
    await other.follow(fresh_hub.app.database)
    assert other.value.digest == mine.value.digest
    known = other.value
    await other.follow(fresh_hub.app.database)
    assert other.value is known
    await fresh_hub.api.post(f"{LIST}/{made['id']}/archive")
    await other.follow(fresh_hub.app.database)
    assert other.value.definitions["followed"].archived
