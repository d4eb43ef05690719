"""Field definitions: declare, change, archive, restore."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from custhub.features.fields.errors import (
    FieldKeyTaken,
    FieldNotFilterable,
    FieldSchemaFixed,
    FieldSchemaInvalid,
    TooManyFields,
)
from custhub.features.fields.events import (
    FieldDefinitionArchived,
    FieldDefinitionCreated,
    FieldDefinitionEvent,
    FieldDefinitionRestored,
    FieldDefinitionUpdated,
)
from custhub.features.fields.models import DefinitionRow
from custhub.features.fields.repository import DefinitionRepository
from custhub.features.fields.rules import ValueSchema, parse_schema
from custhub.features.fields.schemas.answers import etag_of
from custhub.features.fields.schemas.bodies import FieldDefinitionCreate, FieldDefinitionPatch
from custhub.features.fields.service.catalogue import FieldCatalogue, definition_of
from custhub.http.issues import issue
from custhub.kit.errors import HubError
from custhub.kit.ids import new_id
from custhub.kit.revisions import check_revision
from custhub.kit.uow import Note, UnitOfWork

MAX_DEFINITIONS = 200


class FieldDefinitions:
    """Use cases of field definitions. They belong to no customer, so nobody's reach narrows them."""

    def __init__(self, uow: UnitOfWork, catalogue: FieldCatalogue) -> None:
        self._uow = uow
        self._catalogue = catalogue
        self._definitions = DefinitionRepository(uow)

    async def create(self, body: FieldDefinitionCreate) -> DefinitionRow:
        """Declare a custom field. Raises FieldSchemaInvalid, FieldNotFilterable, TooManyFields, FieldKeyTaken."""
        if body.sensitive and body.filterable:
            raise FieldNotFilterable(issues=[issue("#/filterable", FieldNotFilterable.code)])
        schema = self._schema(body.schema_, filterable=body.filterable)
        if len(self._catalogue.value.definitions) >= MAX_DEFINITIONS:
            raise TooManyFields
        now = self._uow.now
        row = DefinitionRow(
            id=new_id(),
            key=body.key,
            label_en=body.labels.en,
            label_zh=body.labels.zh,
            description=body.description,
            schema=schema.keywords(),
            sensitive=body.sensitive,
            filterable=body.filterable,
            required=body.required,
            readers=sorted(set(body.readers)),
            writers=sorted(set(body.writers)),
            position=body.position,
            archived_at=None,
            created_at=now,
            updated_at=now,
            revision=1,
        )
        self._definitions.add(row, _taken)
        self._told(FieldDefinitionCreated, "field_definition.created", row, sorted(body.model_fields_set))
        return row

    async def patch(
        self, definition_id: UUID, body: FieldDefinitionPatch, if_match: frozenset[int] | None
    ) -> DefinitionRow:
        """Change what was sent. Raises FieldSchemaInvalid, FieldSchemaFixed, StaleRevision."""
        row = await self._expected(definition_id, if_match)
        sent = body.changes()
        for name in sent.keys() & {"readers", "writers"}:
            sent[name] = sorted(set(sent[name]))
        if "schema" in sent:
            schema = self._schema(sent["schema"], filterable=row.filterable)
            if schema.kind != parse_schema(row.schema).kind:
                raise FieldSchemaFixed(issues=[issue("#/schema/type", FieldSchemaFixed.code)])
            sent["schema"] = schema.keywords()
        changed = {name: value for name, value in sent.items() if getattr(row, name) != value}
        if not changed:
            return row
        return self._changed(row, changed, FieldDefinitionUpdated, "field_definition.updated")

    async def archive(self, definition_id: UUID, if_match: frozenset[int] | None) -> DefinitionRow:
        """Take a field out of use; customers keep its values. Again is no change."""
        row = await self._expected(definition_id, if_match)
        if row.archived_at is not None:
            return row
        values = {"archived_at": self._uow.now}
        return self._changed(row, values, FieldDefinitionArchived, "field_definition.archived")

    async def restore(self, definition_id: UUID, if_match: frozenset[int] | None) -> DefinitionRow:
        """Bring a field back with the values it had. Again is no change."""
        row = await self._expected(definition_id, if_match)
        if row.archived_at is None:
            return row
        return self._changed(row, {"archived_at": None}, FieldDefinitionRestored, "field_definition.restored")

    async def _expected(self, definition_id: UUID, if_match: frozenset[int] | None) -> DefinitionRow:
        row = await self._definitions.get(definition_id)
        check_revision(if_match, row.revision, etag_of(row.revision))
        return row

    def _schema(self, raw: Mapping[str, Any], *, filterable: bool) -> ValueSchema:
        try:
            schema = parse_schema(raw, filterable=filterable)
        except FieldSchemaInvalid as error:
            raise FieldSchemaInvalid(issues=[issue("#/schema", error.code)]) from None
        if schema.vocabulary is not None and schema.vocabulary not in self._catalogue.value.vocabularies:
            raise FieldSchemaInvalid(issues=[issue("#/schema/x-vocabulary", FieldSchemaInvalid.code)])
        return schema

    def _changed(
        self, row: DefinitionRow, values: Mapping[str, Any], event: type[FieldDefinitionEvent], action: str
    ) -> DefinitionRow:
        row = self._definitions.change(row, values)
        names = {"labels" if name.startswith("label_") else name for name in values}
        self._told(event, action, row, sorted(names))
        return row

    def _told(self, event: type[FieldDefinitionEvent], action: str, row: DefinitionRow, fields: list[str]) -> None:
        names = [name.rstrip("_") for name in fields]
        self._uow.emit(event(row.id, row.revision, fields=tuple(names)))
        self._uow.audit(Note(action, "field_definition", row.id, fields=names, reason=row.key))
        definition = definition_of(row)
        self._uow.on_commit(lambda: self._catalogue.put(lambda known: known.with_definition(definition)))


async def _taken() -> HubError:
    return FieldKeyTaken(issues=[issue("#/key", FieldKeyTaken.code)])
