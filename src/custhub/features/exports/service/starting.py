"""Ask for an export: rights and columns are checked here, the job does the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from custhub.features.customers.errors import SelectionUnclear
from custhub.features.customers.queries.listing import Selection
from custhub.features.customers.rules.sheets import Column, parse_column
from custhub.features.customers.schemas.listing import CustomerFilter
from custhub.features.customers.service.selecting import SavedSelections
from custhub.features.customers.service.sheets import readable_columns
from custhub.features.exports.errors import (
    ExportColumnUnknown,
    ExportExpired,
    ExportNotFound,
    ExportNotReady,
    ExportPurposeRequired,
    ExportPurposeUnclear,
    ExportReasonRequired,
    ExportRemoved,
)
from custhub.features.exports.queries import ExportRow, ExportStanding, export_of
from custhub.features.exports.repository import ExportRepository
from custhub.features.exports.rules.purposes import CONSENT_BOUND, Purpose
from custhub.features.exports.schemas import ExportCreate
from custhub.features.fields.rules import Access
from custhub.http.issues import issue
from custhub.jobs.models import JobRow
from custhub.jobs.queue import enqueue
from custhub.jobs.states import Queue
from custhub.kit.ids import Prefix, to_text
from custhub.kit.query import Reader
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.fields import FieldPolicy
from custhub.security.principal import FieldHidden, InsufficientScope, Principal
from custhub.security.scopes import Scope
from custhub.security.standing import kept

KIND: Final = "export"


async def find_export(reader: Reader, who: Principal, export_id: UUID) -> ExportStanding:
    """One export of this caller; nobody else sees it. Raises ExportNotFound."""
    standing = await export_of(reader, export_id)
    if standing is None or standing.row.actor_id != who.id:
        raise ExportNotFound
    return standing


def check_file(row: ExportRow, now: datetime) -> UUID:
    """The file of an export. Raises ExportNotReady, ExportRemoved, ExportExpired."""
    if row.removed_at is not None:
        raise ExportRemoved
    if row.finished_at is None or row.file_id is None or row.expires_at is None:
        raise ExportNotReady
    if row.expires_at <= now:
        raise ExportExpired
    return row.file_id


def check_unmasked(row: ExportRow, who: Principal) -> None:
    """Full numbers are handed to who may still see them. Raises InsufficientScope."""
    if row.is_unmasked and Scope.EXPORTS_PII not in who.scopes:
        raise InsufficientScope(Scope.EXPORTS_PII)


def selection_of(stored: dict[str, Any], access: Access) -> Selection:
    """What is kept of a selection, as statements take it."""
    if "ids" in stored:
        return Selection({"ids": [UUID(text) for text in stored["ids"]]}, "any")
    return CustomerFilter.model_validate(stored["filter"]).selection(access)


class Exports:
    """Use cases of one caller."""

    def __init__(self, uow: UnitOfWork, who: Principal, saved: SavedSelections, access: Access) -> None:
        self._uow = uow
        self._who = who
        self._access = access
        self._saved = saved

    async def start(self, body: ExportCreate) -> JobRow:
        """Queue an export.

        Raises InsufficientScope, ExportReasonRequired, ExportColumnUnknown, FieldHidden, SelectionUnclear,
        ExportPurposeUnclear, ExportPurposeRequired.
        """
        uow, who = self._uow, self._who
        if body.unmasked:
            if Scope.EXPORTS_PII not in who.scopes:
                raise InsufficientScope(Scope.EXPORTS_PII)
            if body.reason is None:
                raise ExportReasonRequired(issues=[issue("#/reason", ExportReasonRequired.code)])
        if body.columns is not None:
            checked_columns(body.columns, who.policy, self._access)
        selection = await self._selection(body)
        purpose = self._purpose(body)
        if purpose is not None:
            selection["for"] = {"purpose": purpose.name, "channel": purpose.channel}
        job = enqueue(uow, KIND, {}, queue=Queue.BULK, result_url=_url)
        ExportRepository(uow).add(
            ExportRow(
                id=job.id,
                format=body.format,
                columns=body.columns,
                selection=selection,
                is_unmasked=body.unmasked,
                reason=body.reason,
                access=kept(who),
                actor_id=who.id,
                total=None,
                customers=0,
                cut=0,
                size=0,
                file_id=None,
                expires_at=None,
                removed_at=None,
                finished_at=None,
                created_at=uow.now,
                updated_at=uow.now,
                revision=1,
            )
        )
        kind = kind_of(is_unmasked=body.unmasked, purpose=purpose)
        uow.audit(Note("export.started", "export", job.id, fields=body.columns or (), reason=_told(kind, body.reason)))
        return job

    def _purpose(self, body: ExportCreate) -> Purpose | None:
        """What the file is for. Marketing sees people who agreed, and nobody else (S-82)."""
        if (body.purpose is None) != (body.channel is None):
            missing = "purpose" if body.purpose is None else "channel"
            raise ExportPurposeUnclear(issues=[issue(f"#/{missing}", ExportPurposeUnclear.code)])
        if body.purpose is not None and body.channel is not None:
            return Purpose(body.purpose, body.channel.value)
        if self._who.kind != "operator" and set(self._who.roles) == {CONSENT_BOUND}:
            raise ExportPurposeRequired(issues=[issue("#/purpose", ExportPurposeRequired.code)])
        return None

    async def _selection(self, body: ExportCreate) -> dict[str, Any]:
        given = [name for name in ("filter", "saved_filter_id", "ids") if getattr(body, name) is not None]
        if len(given) != 1:
            raise SelectionUnclear
        if body.ids is not None:
            return {"ids": [customer_id.hex for customer_id in sorted(set(body.ids))]}
        chosen = body.filter or CustomerFilter()
        if body.saved_filter_id is not None:
            chosen = await self._saved.find(self._uow, self._who, body.saved_filter_id)
        chosen.check(self._who, self._access, "#/filter")
        return {"filter": chosen.stored()}


def checked_columns(names: Sequence[str], policy: FieldPolicy, access: Access) -> list[Column]:
    """These columns. Raises ExportColumnUnknown, also for one named twice, and FieldHidden."""
    columns = [parse_column(name) for name in names]
    wrong = [
        i
        for i, column in enumerate(columns)
        if column is None
        or column in columns[:i]
        or (column.field == "custom_fields" and column.member not in access.readable)
    ]
    if wrong:
        raise ExportColumnUnknown(issues=[issue(f"#/columns/{i}", ExportColumnUnknown.code) for i in wrong])
    found = [column for column in columns if column is not None]
    readable = set(readable_columns(found, policy))
    for i, column in enumerate(found):
        if column not in readable:
            raise FieldHidden(str(i), "#/columns")
    return found


def kind_of(*, is_unmasked: bool, purpose: Purpose | None) -> str:
    """What sort of file it is, for the audit log."""
    kind = "unmasked" if is_unmasked else "masked"
    return kind if purpose is None else f"{kind} for {purpose.name} by {purpose.channel}"


def _url(export_id: UUID) -> str:
    return f"/v1/exports/{to_text(Prefix.EXPORT, export_id)}"


def _told(kind: str, reason: str | None) -> str:
    return kind if reason is None else f"{kind}: {reason}"
