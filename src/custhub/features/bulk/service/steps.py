"""What each action does to one customer, and how it is taken back: by the use cases of single customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

from custhub.features.bulk.rules import ActionType
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.schemas.bodies import CustomerPatch
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.profile import CustomerService
from custhub.features.customers.service.tags import CustomerTags
from custhub.kit.db import from_micros, micros
from custhub.kit.ids import Prefix, text_or_none
from custhub.security.fields import Field
from custhub.security.scopes import Scope

Kept = Mapping[str, Any]


class BulkContext(CustomerContext):
    """Of many customers with one owner and one team: whoever started it was allowed to give them."""

    async def check_placement(self, owner_id: UUID | None, team_id: UUID | None) -> None:
        """Checked once, when the action was asked for; an undo gives back who had it, even who left."""


class Step(Protocol):
    """One action on one customer. `action` is the action as it was sent."""

    @property
    def scope(self) -> Scope:
        """The right that the single action needs."""

    @property
    def field(self) -> Field | None:
        """The field that has to be writable, if it is one."""

    async def do(self, context: CustomerContext, record: CustomerRecord, action: Kept) -> Kept | None:
        """Do it and say what it replaced; None when the customer was so already. Raises what refuses it."""

    async def undo(self, context: CustomerContext, record: CustomerRecord, action: Kept, before: Kept) -> bool:
        """Take it back; False when somebody changed it since. Raises what refuses it."""


class _Set(NamedTuple):
    """One member gets a value. `given` is what the action calls it."""

    member: str
    given: str
    field: Field
    scope: Scope = Scope.CUSTOMERS_WRITE

    async def do(self, context: CustomerContext, record: CustomerRecord, action: Kept) -> Kept | None:
        before = _text(record, self.member)
        patch = CustomerPatch.model_validate({self.member: action[self.given]})
        after = await CustomerService(context).patch(record.row.id, patch)
        return None if after is record else {self.member: before}

    async def undo(self, context: CustomerContext, record: CustomerRecord, action: Kept, before: Kept) -> bool:
        if _text(record, self.member) != action[self.given]:
            return False
        await CustomerService(context).patch(record.row.id, CustomerPatch.model_validate(dict(before)))
        return True


class _AddTags(NamedTuple):
    """Tags come."""

    field: Field = Field.TAGS
    scope: Scope = Scope.TAGS_WRITE

    async def do(self, context: CustomerContext, record: CustomerRecord, action: Kept) -> Kept | None:
        added, _ = await CustomerTags(context).change(record.row.id, add=action["tags"])
        return {"added": [tag.tag for tag in added]} if added else None

    async def undo(self, context: CustomerContext, record: CustomerRecord, action: Kept, before: Kept) -> bool:
        _, removed = await CustomerTags(context).change(record.row.id, remove=before["added"])
        return bool(removed)


class _RemoveTags(NamedTuple):
    """Tags go."""

    field: Field = Field.TAGS
    scope: Scope = Scope.TAGS_WRITE

    async def do(self, context: CustomerContext, record: CustomerRecord, action: Kept) -> Kept | None:
        _, removed = await CustomerTags(context).change(record.row.id, remove=action["tags"])
        kept = [[tag.tag, tag.added_by, micros(tag.added_at)] for tag in removed]
        return {"removed": kept} if kept else None

    async def undo(self, context: CustomerContext, record: CustomerRecord, action: Kept, before: Kept) -> bool:
        back = [(tag, added_by, from_micros(at)) for tag, added_by, at in before["removed"]]
        added, _ = await CustomerTags(context).change(record.row.id, back=back)
        return bool(added)


class _Archive(NamedTuple):
    """A customer goes into the archive."""

    field: Field | None = None
    scope: Scope = Scope.CUSTOMERS_ARCHIVE

    async def do(self, context: CustomerContext, record: CustomerRecord, action: Kept) -> Kept | None:
        if record.row.archived_at is not None:
            return None
        await CustomerService(context).archive(record.row.id)
        return {"archived_at": micros(context.uow.now)}

    async def undo(self, context: CustomerContext, record: CustomerRecord, action: Kept, before: Kept) -> bool:
        at = record.row.archived_at
        if at is None or micros(at) != before["archived_at"]:
            return False
        await CustomerService(context).restore(record.row.id)
        return True


class _Restore(NamedTuple):
    """A customer comes out of the archive."""

    field: Field | None = None
    scope: Scope = Scope.CUSTOMERS_ARCHIVE

    async def do(self, context: CustomerContext, record: CustomerRecord, action: Kept) -> Kept | None:
        at = record.row.archived_at
        if at is None:
            return None
        await CustomerService(context).restore(record.row.id)
        return {"archived_at": micros(at)}

    async def undo(self, context: CustomerContext, record: CustomerRecord, action: Kept, before: Kept) -> bool:
        if record.row.archived_at is not None:
            return False
        await CustomerService(context).archive(record.row.id, at=from_micros(before["archived_at"]))
        return True


STEPS: Final[Mapping[ActionType, Step]] = {
    ActionType.ASSIGN_OWNER: _Set("owner_id", "owner_id", Field.OWNER),
    ActionType.ASSIGN_TEAM: _Set("team_id", "team_id", Field.TEAM),
    ActionType.SET_STAGE: _Set("stage", "stage", Field.STAGE),
    ActionType.ADD_TAGS: _AddTags(),
    ActionType.REMOVE_TAGS: _RemoveTags(),
    ActionType.ARCHIVE: _Archive(),
    ActionType.RESTORE: _Restore(),
    ActionType.REASSIGN_LEAVER: _Set("owner_id", "to_owner_id", Field.OWNER),
}

_PREFIXES: Final = {"owner_id": Prefix.USER, "team_id": Prefix.TEAM}


def _text(record: CustomerRecord, member: str) -> str | None:
    value = getattr(record.row, member)
    return text_or_none(_PREFIXES[member], value) if member in _PREFIXES else value
