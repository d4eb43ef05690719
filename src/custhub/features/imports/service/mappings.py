"""Mapping profiles: how files of one source are read, kept for the next one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from custhub.features.imports.errors import MappingNameTaken
from custhub.features.imports.models import MappingRow
from custhub.features.imports.repository import MappingRepository
from custhub.features.imports.rules.mapping import Plan, check_fields
from custhub.features.imports.service.parts import ImportParts
from custhub.features.imports.service.rows import schema_of
from custhub.kit.ids import new_id
from custhub.kit.revisions import check_revision
from custhub.kit.uow import Note, UnitOfWork


class MappingService:
    """Use cases of mapping profiles."""

    def __init__(self, uow: UnitOfWork, parts: ImportParts) -> None:
        self._uow = uow
        self._schema = schema_of(parts.standards.catalogue.value)
        self._mappings = MappingRepository(uow)

    def create(self, source: str, name: str, plan: Plan) -> MappingRow:
        """A new profile. Raises MappingInvalid; MappingNameTaken shows at commit."""
        check_fields(plan, self._schema)
        now = self._uow.now
        row = MappingRow(new_id(), source, name, plan.to_json(), now, now, 1)
        self._mappings.add(row, _taken)
        self._uow.audit(Note("import_mapping.created", "import_mapping", row.id, fields=["name", "rules"]))
        return row

    async def get(self, mapping_id: UUID) -> MappingRow:
        """One profile. Raises MappingNotFound."""
        return await self._mappings.get(mapping_id)

    async def patch(self, mapping_id: UUID, sent: dict[str, Any], if_match: frozenset[int] | None) -> MappingRow:
        """Change what was sent. Raises MappingInvalid, StaleRevision; MappingNameTaken shows at commit."""
        row = await self.get(mapping_id)
        check_revision(if_match, row.revision, f'"{row.revision}-00000000"')
        values: dict[str, Any] = {}
        if sent.get("name", row.name) != row.name:
            values["name"] = sent["name"]
        mapping = {**row.mapping, **{name: sent[name] for name in ("rules", "constants") if name in sent}}
        if mapping != row.mapping:
            check_fields(Plan.of(mapping), self._schema)
            values["mapping"] = mapping
        if not values:
            return row
        self._uow.audit(Note("import_mapping.updated", "import_mapping", row.id, fields=sorted(values)))
        return self._mappings.change(row, values, _taken)

    async def remove(self, mapping_id: UUID, if_match: frozenset[int] | None) -> None:
        """Forget it. Raises MappingNotFound, StaleRevision."""
        row = await self.get(mapping_id)
        check_revision(if_match, row.revision, f'"{row.revision}-00000000"')
        self._mappings.remove(row)
        self._uow.audit(Note("import_mapping.deleted", "import_mapping", row.id))


async def _taken() -> MappingNameTaken:
    return MappingNameTaken()
