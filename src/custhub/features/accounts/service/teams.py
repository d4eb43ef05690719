"""Teams: a tree in which nobody stands below himself."""

from __future__ import annotations

from uuid import UUID

from custhub.features.accounts.errors import ReferenceUnknown, TeamCycle, TeamInUse, TeamNameTaken, TeamNotFound
from custhub.features.accounts.events import TeamCreated, TeamDeleted, TeamUpdated
from custhub.features.accounts.models import TEAM_NAME, TeamRow
from custhub.features.accounts.queries.people import locked_team_parents, team_by_id
from custhub.features.accounts.repository import add, again_when, change, references_to, remove
from custhub.features.accounts.rules import would_cycle
from custhub.features.accounts.schemas.answers import etag_of
from custhub.features.accounts.schemas.bodies import TeamCreate, TeamPatch
from custhub.kit.ids import new_id
from custhub.kit.revisions import check_revision
from custhub.kit.uow import Note, UnitOfWork


class Teams:
    """Use cases of one caller who manages teams."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def create(self, body: TeamCreate) -> TeamRow:
        """A new team. Raises ReferenceUnknown; TeamNameTaken shows at commit."""
        uow = self._uow
        if body.parent_id is not None and await team_by_id(uow, body.parent_id) is None:
            raise ReferenceUnknown("#/parent_id")
        row = TeamRow(new_id(), body.name, body.parent_id, uow.now, uow.now, 1)
        add(uow, row)
        uow.on_violation(TEAM_NAME, _name_taken)
        again_when(uow, references_to(TeamRow))
        uow.emit(TeamCreated(row.id, row.revision))
        uow.audit(Note("team.created", "team", row.id, fields=["name", "parent_id"]))
        return row

    async def patch(self, team_id: UUID, body: TeamPatch, if_match: frozenset[int] | None) -> TeamRow:
        """Rename or move a team. Raises TeamCycle, ReferenceUnknown, StaleRevision."""
        uow, sent = self._uow, body.changes()
        if sent.get("parent_id") is not None:
            # Two moves at once could close a circle that neither sees: the second waits and looks again.
            await uow.flush()
            parents = await locked_team_parents(uow)
            if sent["parent_id"] not in parents:
                raise ReferenceUnknown("#/parent_id")
            if would_cycle(parents, team_id, sent["parent_id"]):
                raise TeamCycle
        row = await self._get(team_id)
        check_revision(if_match, row.revision, etag_of(row.revision))
        values = {name: value for name, value in sent.items() if getattr(row, name) != value}
        if not values:
            return row
        uow.on_violation(TEAM_NAME, _name_taken)
        again_when(uow, references_to(TeamRow))
        row = change(uow, row, values)
        uow.emit(TeamUpdated(row.id, row.revision, fields=tuple(sorted(values))))
        uow.audit(Note("team.updated", "team", row.id, fields=sorted(values)))
        return row

    async def delete(self, team_id: UUID, if_match: frozenset[int] | None) -> None:
        """Remove an empty team. Raises TeamNotFound, StaleRevision; TeamInUse shows at commit."""
        row = await self._get(team_id)
        check_revision(if_match, row.revision, etag_of(row.revision))
        remove(self._uow, row)
        for constraint in references_to(TeamRow):
            self._uow.on_violation(constraint, _in_use)
        self._uow.emit(TeamDeleted(row.id, row.revision + 1))
        self._uow.audit(Note("team.deleted", "team", row.id))

    async def _get(self, team_id: UUID) -> TeamRow:
        row = await team_by_id(self._uow, team_id, locking=self._uow.locking)
        if row is None:
            raise TeamNotFound
        return row


async def _name_taken() -> TeamNameTaken:
    return TeamNameTaken()


async def _in_use() -> TeamInUse:
    return TeamInUse()
