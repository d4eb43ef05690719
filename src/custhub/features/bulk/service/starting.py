"""Ask for a bulk action, or for its undo: rights are checked here, the job does the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from custhub.features.accounts.queries import reachable_owner, reachable_team
from custhub.features.bulk.errors import (
    BulkActionDry,
    BulkActionNotFound,
    BulkActionRunning,
    BulkActionUndone,
)
from custhub.features.bulk.queries import BulkActionRow, BulkStanding, bulk_action
from custhub.features.bulk.repository import BulkRepository
from custhub.features.bulk.rules import ActionType
from custhub.features.bulk.schemas import BulkActionCreate
from custhub.features.bulk.service.steps import STEPS
from custhub.features.customers.errors import OwnerUnknown, SelectionUnclear, TeamUnknown
from custhub.features.customers.queries.claims import reachable_among
from custhub.features.customers.queries.listing import count_customers
from custhub.features.customers.queries.merged import survivors_of
from custhub.features.customers.schemas.listing import CustomerFilter
from custhub.features.customers.service.selecting import SavedSelections
from custhub.features.fields.rules import Access
from custhub.http.issues import issue
from custhub.jobs.models import UNIQUE_JOB, JobRow
from custhub.jobs.queue import enqueue
from custhub.jobs.states import LIVE, JobState
from custhub.kit.ids import Prefix, to_text
from custhub.kit.query import Reader
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.principal import InsufficientScope, Principal
from custhub.security.scopes import Scope
from custhub.security.standing import kept

RUN: Final = "bulk_action"
UNDO: Final = "bulk_action_undo"
_OBJECT: Final = "bulk_action"


async def find_bulk_action(reader: Reader, who: Principal, action_id: UUID) -> BulkStanding:
    """One bulk action of this caller, or any with `jobs:manage`. Raises BulkActionNotFound."""
    standing = await bulk_action(reader, action_id)
    if standing is None or (standing.row.actor_id != who.id and Scope.JOBS_MANAGE not in who.scopes):
        raise BulkActionNotFound
    return standing


class BulkActions:
    """Use cases of one caller."""

    def __init__(self, uow: UnitOfWork, who: Principal, saved: SavedSelections, access: Access) -> None:
        self._uow = uow
        self._who = who
        self._saved = saved
        self._access = access

    async def start(self, body: BulkActionCreate) -> JobRow:
        """Queue an action. Raises InsufficientScope, FieldNotWritable, FieldHidden, SelectionUnclear and others."""
        uow, who = self._uow, self._who
        action = _stored_action(body)
        self._check_rights(ActionType(action["type"]))
        await self._check_placement(body)
        selection, total = await self._selection(body)
        job = enqueue(uow, RUN, {}, result_url=_url)
        BulkRepository(uow).add(
            BulkActionRow(
                id=job.id,
                action=action,
                selection=selection,
                is_dry_run=body.dry_run,
                access=kept(who),
                actor_id=who.id,
                total=total,
                changed=0,
                unchanged=0,
                refused=0,
                undo_job_id=None,
                undo_access=None,
                restored=0,
                kept=0,
                finished_at=None,
                undone_at=None,
                created_at=uow.now,
                updated_at=uow.now,
                revision=1,
            )
        )
        if not body.dry_run:
            uow.audit(Note("bulk_action.started", _OBJECT, job.id, reason=action["type"]))
        return job

    async def undo(self, action_id: UUID) -> JobRow:
        """Queue the undo. Raises BulkActionNotFound, BulkActionRunning, BulkActionUndone, BulkActionDry."""
        uow, who = self._uow, self._who
        row, state, undo_state = await find_bulk_action(uow, who, action_id)
        self._check_rights(ActionType(row.action["type"]))
        if row.is_dry_run:
            raise BulkActionDry
        if row.undone_at is not None:
            raise BulkActionUndone
        if _is_live(state) or _is_live(undo_state):
            raise BulkActionRunning
        args, key = {"bulk_action_id": row.id.hex}, f"{UNDO}:{row.id.hex}"
        job = enqueue(uow, UNDO, args, unique_key=key, result_url=lambda _: _url(row.id))
        uow.on_violation(UNIQUE_JOB, _running)
        BulkRepository(uow).change(row, {"undo_job_id": job.id, "undo_access": kept(who)}, guard=True)
        uow.audit(Note("bulk_action.undo_started", _OBJECT, row.id, reason=row.action["type"]))
        return job

    def _check_rights(self, action: ActionType) -> None:
        step, who = STEPS[action], self._who
        if step.scope not in who.scopes:
            raise InsufficientScope(step.scope)
        if step.field is not None:
            who.require_writable({step.field})

    async def _check_placement(self, body: BulkActionCreate) -> None:
        """Owner and team that are given have to be within reach (S-64)."""
        action, reach = body.action, self._who.reach
        for name in ("owner_id", "to_owner_id"):
            owner_id = getattr(action, name, None)
            if owner_id is not None and not await reachable_owner(self._uow, reach, owner_id):
                raise OwnerUnknown(issues=[issue(f"#/action/{name}", OwnerUnknown.code)])
        team_id = getattr(action, "team_id", None)
        if team_id is not None and not await reachable_team(self._uow, reach, team_id):
            raise TeamUnknown(issues=[issue("#/action/team_id", TeamUnknown.code)])

    async def _selection(self, body: BulkActionCreate) -> tuple[dict[str, Any], int | None]:
        """What is kept of the selection, and how many it holds; None above what is counted exactly."""
        given = [name for name in ("filter", "saved_filter_id", "ids") if getattr(body, name) is not None]
        leaver = getattr(body.action, "from_owner_id", None)
        if len(given) != 1 and (given or leaver is None):
            raise SelectionUnclear
        if body.ids is not None:
            # Of who was merged, who it became: once, whatever many of them were named.
            known = await reachable_among(self._uow, self._who.reach, set(body.ids))
            now_of = await survivors_of(self._uow, sorted(known))
            ids = sorted({now_of.get(customer_id, customer_id) for customer_id in body.ids})
            return {"ids": [customer_id.hex for customer_id in ids]}, len(ids)
        chosen = body.filter or CustomerFilter()
        if body.saved_filter_id is not None:
            chosen = await self._saved.find(self._uow, self._who, body.saved_filter_id)
        chosen.check(self._who, self._access, "#/filter")
        if leaver is not None:
            chosen = CustomerFilter.model_validate(chosen.stored() | {"owner_id": [to_text(Prefix.USER, leaver)]})
            chosen.check(self._who, self._access, "#/filter")
        elif body.action.type == "restore" and "archived" not in chosen.model_fields_set:
            chosen = CustomerFilter.model_validate(chosen.stored() | {"archived": "true"})
        total = await count_customers(self._uow.database, self._who.reach, chosen.selection(self._access))
        return {"filter": chosen.stored()}, total.value if total.exact else None


def _url(action_id: UUID) -> str:
    return f"/v1/bulk-actions/{to_text(Prefix.BULK_ACTION, action_id)}"


def _stored_action(body: BulkActionCreate) -> dict[str, Any]:
    """The action as JSON, ids as clients write them."""
    action = body.action
    given: Mapping[str, Any] = action.model_dump(mode="json")
    return {name: _id_text(name, getattr(action, name), value) for name, value in given.items()}


def _id_text(name: str, value: Any, shown: Any) -> Any:
    if not isinstance(value, UUID):
        return shown
    return to_text(Prefix.TEAM if name == "team_id" else Prefix.USER, value)


def _is_live(state: str | None) -> bool:
    return state is not None and JobState(state) in LIVE


async def _running() -> BulkActionRunning:
    return BulkActionRunning()
