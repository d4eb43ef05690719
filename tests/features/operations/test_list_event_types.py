"""The catalogue: every type with a schema and an example that keeps it (E-3, E-4)."""

from __future__ import annotations

import ast
import copy
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from custhub.events.catalogue import breaking_changes, data_schema, example, types
from custhub.events.envelope import CATALOGUE, Event
from custhub.events.placing import tracked_kinds
from custhub.features.operations.schemas.events import TrackedType
from tests import event_schemas, told
from tests.hub import HubUnderTest

assert event_schemas.text()  # loads every feature
ALL = [pytest.param(kind, id=kind.type) for kind in types()]


@pytest.mark.parametrize("kind", ALL)
def test_e3_each_example_keeps_its_schema(kind: type[Event]) -> None:
    schema = data_schema(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    shown = example(kind)
    jsonschema.validate(shown["data"], schema)
    closed = schema | {"additionalProperties": False, "required": ["id", "self", *kind.members]}
    jsonschema.validate(shown["data"], closed)
    assert shown["subject"]["id"] == shown["data"]["id"]
    assert shown["type"] == kind.type


@pytest.mark.parametrize("kind", ALL)
def test_e3_names_say_what_happened_to_what(kind: type[Event]) -> None:
    assert re.fullmatch(r"[a-z0-9_]+\.[a-z0-9_]+", kind.type)
    assert kind.subject_type
    assert kind.__doc__
    assert len(kind.__doc__) < 500


@pytest.mark.parametrize("kind", ALL)
def test_e3_an_event_with_a_member_that_is_not_declared_fails_the_suite(kind: type[Event]) -> None:
    data = {name: schema["examples"][0] for name, schema in kind.members.items()}
    stored = {"id": example(kind)["subject"]["id"], **data}
    assert told.validator(kind.type).is_valid(stored)
    assert not told.validator(kind.type).is_valid({**stored, "phone": "13812345678"})
    assert not told.validator(kind.type).is_valid({})


def test_e3_every_class_of_events_in_the_source_is_in_the_catalogue() -> None:
    source = Path(event_schemas.__file__).parents[1] / "src" / "custhub" / "features"
    declared = {
        node.value.value
        for file in source.glob("*/events.py")
        for cls in ast.walk(ast.parse(file.read_text()))
        if isinstance(cls, ast.ClassDef)
        for node in cls.body
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == "type" for target in node.targets)
        and isinstance(node.value, ast.Constant)
    }
    # A feature that is not wired yet declares what nobody can emit.
    assert set(CATALOGUE) <= declared
    assert len(CATALOGUE) > 20


def test_e7_the_types_with_a_checksum_are_those_that_are_tracked() -> None:
    assert {kind.value for kind in TrackedType} == set(tracked_kinds())


def test_e7_types_of_one_subject_agree_on_it() -> None:
    by_subject: dict[str, set[Any]] = {}
    for kind in types():
        by_subject.setdefault(kind.subject_type, set()).add((kind.prefix, kind.tracked, kind.passing, bool(kind.path)))
    assert {name: found for name, found in by_subject.items() if len(found) > 1} == {}


def test_e4_the_published_schemas_are_those_of_the_code() -> None:
    assert event_schemas.COMMITTED.read_text(encoding="utf-8") == event_schemas.text(), (
        "run `python -m tests.event_schemas` and read the change"
    )


def test_e4_within_a_version_schemas_only_grow() -> None:
    old = json.loads(event_schemas.text())
    assert breaking_changes(old, old) == []

    def changed(edit: Any) -> list[str]:
        new = copy.deepcopy(old)
        edit(new)
        return breaking_changes(old, new)

    def members(new: Any) -> Any:
        return new["key.added"]["data_schema"]["properties"]

    assert changed(lambda new: members(new).update(more={"type": "string"})) == []
    assert changed(lambda new: members(new)["kid"].update(description="clearer")) == []
    assert changed(lambda new: new.update({"thing.made": {}})) == []
    assert changed(lambda new: members(new).pop("kid")) == ["key.added: kid is gone"]
    assert changed(lambda new: members(new)["kid"].update(type="string")) == ["key.added: kid means something else"]
    assert changed(lambda new: new.pop("key.added")) == ["key.added is gone"]
    lost = changed(lambda new: new["key.added"]["data_schema"]["required"].remove("self"))
    assert lost == ["key.added: not always there any more: self"]

    def next_version(new: Any) -> None:
        members(new).pop("kid")
        new["key.added"]["schema_version"] = 2

    assert changed(next_version) == []
    lowered = copy.deepcopy(old)
    lowered["key.added"]["schema_version"] = 0
    assert breaking_changes(old, lowered) == ["key.added: the version went down"]


async def test_e3_the_catalogue_is_served(hub: HubUnderTest) -> None:
    answer = await hub.api.get("/v1/event-types")
    body = answer.json()
    assert (body["next_cursor"], body["has_more"]) == (None, False)
    assert [entry["name"] for entry in body["data"]] == sorted(CATALOGUE)
    for entry in body["data"]:
        jsonschema.validate(entry["example"]["data"], entry["data_schema"])
        assert entry["example"]["type"] == entry["name"]
        assert entry["example"]["schema_version"] == entry["schema_version"]
