"""Holds every event that the suite emits against its published schema (E-3)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from custhub.events.catalogue import data_schema
from custhub.events.envelope import CATALOGUE, Event
from custhub.kit.uow import Fact, Note, Recorder, UnitOfWork


@cache
def validator(name: str) -> Any:
    """Of a type's stored data: closed, so that an undeclared member fails, and with every declared one."""
    kind = CATALOGUE[name]
    schema = data_schema(kind)
    del schema["properties"]["self"], schema["properties"]["bulk_id"]
    schema |= {"additionalProperties": False, "required": ["id", *kind.members]}
    return Draft202012Validator(schema)


class CheckedRecorder:
    """The hub's own recorder, which is told of no event that consumers could not expect."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def record(self, uow: UnitOfWork, facts: Sequence[Fact], notes: Sequence[Note]) -> None:
        """Check, then record."""
        for fact in facts:
            assert isinstance(fact, Event), f"{fact.type} is in no catalogue"
            assert CATALOGUE.get(fact.type) is type(fact), f"{fact.type} is not in the catalogue"
            wrong = [
                f"{error.instance_path}: {error.message}" for error in validator(fact.type).iter_errors(fact.data())
            ]
            assert not wrong, f"{fact.type}: {wrong[:5]}"
        self._recorder.record(uow, facts, notes)

    def committed(self) -> None:
        """Hand it on."""
        self._recorder.committed()
