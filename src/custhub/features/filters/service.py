"""Keep, change and use saved filters."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from custhub.features.accounts.queries import reachable_team
from custhub.features.customers.errors import SavedFilterNotFound, TeamUnknown
from custhub.features.customers.schemas.listing import CustomerFilter
from custhub.features.fields.rules import Access
from custhub.features.filters.errors import SavedFilterExists, SavedFilterNotYours
from custhub.features.filters.events import SavedFilterCreated, SavedFilterDeleted, SavedFilterUpdated
from custhub.features.filters.queries import SavedFilterRow, visible_filter
from custhub.features.filters.repository import FilterRepository
from custhub.features.filters.schemas import SavedFilterCreate, SavedFilterPatch, filter_etag
from custhub.http.issues import issue
from custhub.kit.ids import new_id
from custhub.kit.query import Reader
from custhub.kit.revisions import check_revision
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

_OBJECT = "saved_filter"


async def find_filter(reader: Reader, who: Principal, filter_id: UUID) -> SavedFilterRow:
    """One saved filter. Raises SavedFilterNotFound, also for one that is not shared with this caller."""
    row = await visible_filter(reader, who, filter_id)
    if row is None:
        raise SavedFilterNotFound
    return row


class SavedSelections:
    """Saved filters for whoever selects customers: lists, bulk actions, exports."""

    async def find(self, reader: Reader, who: Principal, filter_id: UUID) -> CustomerFilter:
        """What a saved filter selects. Raises SavedFilterNotFound."""
        return CustomerFilter.model_validate((await find_filter(reader, who, filter_id)).filter)


class SavedFilters:
    """Use cases of one caller."""

    def __init__(self, uow: UnitOfWork, who: Principal, access: Access) -> None:
        self._uow = uow
        self._who = who
        self._access = access
        self._filters = FilterRepository(uow)

    async def create(self, body: SavedFilterCreate) -> SavedFilterRow:
        """Keep a filter. Raises FieldHidden, TeamUnknown; SavedFilterExists shows at commit."""
        uow, who = self._uow, self._who
        body.filter.check(who, self._access, "#/filter")
        await self._check_team(body.team_id)
        row = SavedFilterRow(
            new_id(),
            body.name,
            body.resource,
            body.filter.stored(),
            who.kind,
            who.id,
            body.team_id,
            uow.now,
            uow.now,
            1,
        )
        self._filters.add(row, _exists)
        uow.emit(SavedFilterCreated(row.id, 1))
        uow.audit(Note("saved_filter.created", _OBJECT, row.id, fields=sorted(body.model_fields_set)))
        return row

    async def patch(self, filter_id: UUID, body: SavedFilterPatch, if_match: frozenset[int] | None) -> SavedFilterRow:
        """Change what was sent. Raises SavedFilterNotFound, SavedFilterNotYours, FieldHidden, TeamUnknown."""
        uow, sent = self._uow, body.model_fields_set
        row = await self._own(filter_id, if_match)
        values: dict[str, Any] = {name: getattr(body, name) for name in sent & {"name", "team_id"}}
        if "filter" in sent:
            body.filter.check(self._who, self._access, "#/filter")
            values["filter"] = body.filter.stored()
        if values.get("team_id") != row.team_id:
            await self._check_team(values.get("team_id"))
        values = {name: value for name, value in values.items() if getattr(row, name) != value}
        if not values:
            return row
        row = self._filters.change(row, values, _exists)
        fields = tuple(sorted(values))
        uow.emit(SavedFilterUpdated(row.id, row.revision, fields=fields))
        uow.audit(Note("saved_filter.updated", _OBJECT, row.id, fields=fields))
        return row

    async def delete(self, filter_id: UUID, if_match: frozenset[int] | None) -> None:
        """Forget a filter. Raises SavedFilterNotFound, SavedFilterNotYours."""
        row = await self._own(filter_id, if_match)
        self._filters.remove(row)
        self._uow.emit(SavedFilterDeleted(row.id, row.revision + 1))
        self._uow.audit(Note("saved_filter.deleted", _OBJECT, row.id))

    async def _own(self, filter_id: UUID, if_match: frozenset[int] | None) -> SavedFilterRow:
        row, who = await find_filter(self._uow, self._who, filter_id), self._who
        # Those of people who left are somebody's to tidy up.
        if row.owner_id != who.id and Scope.USERS_MANAGE not in who.scopes:
            raise SavedFilterNotYours
        check_revision(if_match, row.revision, filter_etag(row))
        return row

    async def _check_team(self, team_id: UUID | None) -> None:
        if team_id is not None and not await reachable_team(self._uow, self._who.reach, team_id):
            raise TeamUnknown(issues=[issue("#/team_id", TeamUnknown.code)])


async def _exists() -> SavedFilterExists:
    return SavedFilterExists()
