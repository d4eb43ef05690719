"""Roles as data: made from the same parts as the built-in ones, within what their maker has (S-67)."""

from __future__ import annotations

from uuid import UUID

from custhub.features.accounts.errors import RoleBuiltIn, RoleInUse, RoleNameTaken, RoleNotFound
from custhub.features.accounts.events import RoleCreated, RoleDeleted, RoleUpdated
from custhub.features.accounts.models import ROLE_NAME, RoleRow
from custhub.features.accounts.queries.people import role_by_id
from custhub.features.accounts.repository import add, change, references_to, remove
from custhub.features.accounts.schemas.answers import etag_of
from custhub.features.accounts.schemas.bodies import RoleCreate, RolePatch
from custhub.features.accounts.service.authority import check_access, check_scopes
from custhub.kit.ids import new_id
from custhub.kit.revisions import check_revision
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.principal import Principal


class Roles:
    """Use cases of one caller who manages roles."""

    def __init__(self, uow: UnitOfWork, who: Principal) -> None:
        self._uow = uow
        self._who = who

    async def create(self, body: RoleCreate) -> RoleRow:
        """A new role. Raises ScopeNotGrantable, AccessNotGrantable; RoleNameTaken shows at commit."""
        uow = self._uow
        row = RoleRow(
            new_id(),
            body.name,
            body.description,
            sorted(set(body.scopes)),
            body.reach,
            {field.value: level for field, level in body.fields.items()},
            body.phone_mask,
            body.reveals_per_day,
            False,
            uow.now,
            uow.now,
            1,
        )
        check_scopes(self._who, row.scopes)
        check_access(self._who, row)
        add(uow, row)
        uow.on_violation(ROLE_NAME, _name_taken)
        uow.emit(RoleCreated(row.id, row.revision))
        uow.audit(Note("role.created", "role", row.id, fields=["scopes", "reach", "fields"]))
        return row

    async def patch(self, role_id: UUID, body: RolePatch, if_match: frozenset[int] | None) -> RoleRow:
        """Change what a role gives; its holders feel it within five seconds.

        Raises RoleBuiltIn, StaleRevision, and for what is added ScopeNotGrantable, AccessNotGrantable.
        """
        sent = body.changes()
        row = await self._own(role_id, if_match)
        if "scopes" in sent:
            sent["scopes"] = sorted(set(sent["scopes"]))
            check_scopes(self._who, set(sent["scopes"]) - set(row.scopes))
        if "fields" in sent:
            sent["fields"] = {field.value: level for field, level in sent["fields"].items()}
        values = {name: value for name, value in sent.items() if getattr(row, name) != value}
        if not values:
            return row
        if values.keys() & {"reach", "fields", "phone_mask"}:
            check_access(self._who, row._replace(**values))
        row = change(self._uow, row, values)
        self._uow.emit(RoleUpdated(row.id, row.revision, fields=tuple(sorted(values))))
        self._uow.audit(Note("role.updated", "role", row.id, fields=sorted(values)))
        return row

    async def delete(self, role_id: UUID, if_match: frozenset[int] | None) -> None:
        """Remove a role nobody has. Raises RoleBuiltIn, StaleRevision; RoleInUse shows at commit."""
        row = await self._own(role_id, if_match)
        remove(self._uow, row)
        for constraint in references_to(RoleRow):
            self._uow.on_violation(constraint, _in_use)
        self._uow.emit(RoleDeleted(row.id, row.revision + 1))
        self._uow.audit(Note("role.deleted", "role", row.id))

    async def _own(self, role_id: UUID, if_match: frozenset[int] | None) -> RoleRow:
        row = await role_by_id(self._uow, role_id, locking=self._uow.locking)
        if row is None:
            raise RoleNotFound
        if row.is_builtin:
            raise RoleBuiltIn
        check_revision(if_match, row.revision, etag_of(row.revision))
        return row


async def _name_taken() -> RoleNameTaken:
    return RoleNameTaken()


async def _in_use() -> RoleInUse:
    return RoleInUse()
