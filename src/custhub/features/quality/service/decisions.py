"""Decisions about findings: accept, reject, undo. People decide, not programs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from custhub.crypto.cipher import Dek
from custhub.crypto.errors import IntegrityError
from custhub.features.customers.errors import PersonRequired
from custhub.features.customers.queries import CustomerRow
from custhub.features.customers.rules.provenance import Origin, Provenance, Rule
from custhub.features.customers.schemas.bodies import CustomerPatch
from custhub.features.customers.service.context import provenance_of
from custhub.features.customers.service.holding import hold
from custhub.features.customers.service.profile import CustomerService
from custhub.features.customers.service.values import patch_of, value_of
from custhub.features.quality.errors import (
    FindingDecided,
    FindingNotDecided,
    FindingNotFixable,
    FindingNotFound,
    FindingOutdated,
    FindingReopened,
)
from custhub.features.quality.events import FindingAccepted, FindingEvent, FindingRejected, FindingUndone
from custhub.features.quality.queries import FindingRecord, FindingRow, finding_by_id
from custhub.features.quality.repository import FindingRepository
from custhub.features.quality.rules import FindingKind, FindingState, Fix
from custhub.features.quality.schemas.findings import etag_of
from custhub.features.quality.service.fixing import REPAIRS, FixContext
from custhub.features.quality.service.parts import add_part, kind_of, remove_part
from custhub.features.quality.vault import open_evidence, seal_evidence
from custhub.kit.errors import HubError
from custhub.kit.revisions import check_revision
from custhub.kit.uow import Note


class FindingDecisions:
    """Use cases of findings, for one caller in one unit of work."""

    def __init__(self, context: FixContext) -> None:
        self._context = context
        self._uow = context.uow
        self._findings = FindingRepository(context.uow)

    async def accept(self, finding_id: UUID, if_match: frozenset[int] | None) -> FindingRecord:
        """Make the fix, or write the refused value after all.

        Raises FieldNotWritable, FindingDecided, FindingNotFixable, FindingOutdated; of a part what adding it raises,
        and FindingByHand for what is done elsewhere.
        """
        context = self._context
        record, dek = await self._found(finding_id, if_match)
        row = record.row
        if row.state != FindingState.OPEN:
            raise FindingDecided
        evidence = open_evidence(dek, row)
        if row.kind != FindingKind.REFUSED_CHANGE:
            if row.fix is None:
                raise FindingNotFixable
            evidence |= await REPAIRS[Fix(row.fix)].make(context, dek, row, evidence)
            values = {"state": FindingState.ACCEPTED, "evidence": seal_evidence(dek, row.id, evidence)}
            return self._decided(record, values, FindingAccepted, "finding.accepted")
        part = kind_of(row.field)
        if part is not None:
            evidence["added"] = await add_part(context, row.customer_id, part, evidence["claimed"])
            values = {"state": FindingState.ACCEPTED, "evidence": seal_evidence(dek, row.id, evidence)}
            return self._decided(record, values, FindingAccepted, "finding.accepted")
        customer = (await context.live(row.customer_id)).row
        before, known = value_of(dek, customer, row.field), provenance_of(customer)
        until = self._uow.now + context.standards.confirmed_for
        origin = Origin(row.source, datetime.fromisoformat(evidence["at"]), Rule.ACCEPTED, context.caller, until)
        changed = await self._write(row, evidence["claimed"], {row.field: origin})
        evidence |= {"before": before, "before_origin": known.entry(row.field)}
        evidence["written"] = value_of(dek, changed, row.field)
        values = {"state": FindingState.ACCEPTED, "evidence": seal_evidence(dek, row.id, evidence)}
        return self._decided(record, values, FindingAccepted, "finding.accepted")

    async def reject(self, finding_id: UUID, if_match: frozenset[int] | None) -> FindingRecord:
        """Leave the value as it is; the same one from the same source asks no more. Raises FindingDecided."""
        record, _dek = await self._found(finding_id, if_match)
        if record.row.state != FindingState.OPEN:
            raise FindingDecided
        return self._decided(record, {"state": FindingState.REJECTED}, FindingRejected, "finding.rejected")

    async def undo(self, finding_id: UUID, if_match: frozenset[int] | None) -> FindingRecord:
        """Take a decision back: an accepted value gives way to the one before, with where that came from.

        Raises FindingNotDecided, FindingReopened, and FindingOutdated where the field has changed since.
        """
        record, dek = await self._found(finding_id, if_match)
        row = record.row
        if row.state not in (FindingState.ACCEPTED, FindingState.REJECTED):
            raise FindingNotDecided
        if row.state == FindingState.ACCEPTED and row.kind != FindingKind.REFUSED_CHANGE:
            await REPAIRS[Fix(row.fix or "")].undo(self._context, dek, row, open_evidence(dek, row))
        elif row.state == FindingState.ACCEPTED:
            await self._take_back(row, dek)
        self._findings.on_reopened(_reopened)
        return self._decided(record, {"state": FindingState.OPEN}, FindingUndone, "finding.undone")

    async def _take_back(self, row: FindingRow, dek: Dek) -> None:
        evidence, part = open_evidence(dek, row), kind_of(row.field)
        if part is not None:
            await remove_part(self._context, row.customer_id, part, evidence["added"])
            return
        customer = (await self._context.live(row.customer_id)).row
        if value_of(dek, customer, row.field) != evidence["written"]:
            raise FindingOutdated
        entry = evidence["before_origin"]
        origin = None if entry is None else Provenance({row.field: entry}, row.source, row.created_at).of(row.field)
        await self._write(row, evidence["before"], {row.field: origin})

    async def _found(self, finding_id: UUID, if_match: frozenset[int] | None) -> tuple[FindingRecord, Dek]:
        """A finding to decide, with the key of its customer. Raises PersonRequired, IntegrityError."""
        context = self._context
        if not context.is_person:
            raise PersonRequired
        record = await finding_by_id(self._uow, context.who.reach, finding_id)
        if record is None:
            raise FindingNotFound
        check_revision(if_match, record.row.revision, etag_of(record.row.revision, context.who.policy.digest))
        if record.wrapped_dek is None or record.dek_version is None:
            raise IntegrityError
        row = record.row
        return record, context.keys.cipher.unwrap(row.customer_id, record.dek_version, record.wrapped_dek)

    async def _write(self, row: FindingRow, value: Any, origins: Mapping[str, Origin | None]) -> CustomerRow:
        try:
            body = CustomerPatch.model_validate(patch_of(row.field, value))
        except ValidationError:
            raise FindingOutdated from None
        return (await CustomerService(self._context).patch(row.customer_id, body, None, origins)).row

    def _decided(
        self, record: FindingRecord, values: Mapping[str, Any], event: type[FindingEvent], action: str
    ) -> FindingRecord:
        is_open = values["state"] == FindingState.OPEN
        by = {
            "decided_by": None if is_open else self._context.caller,
            "decided_at": None if is_open else self._uow.now,
        }
        # With a merge its findings are another one's: what is told here is told of whose they are.
        hold(self._uow, record.row.customer_id)
        row = self._findings.change(record.row, {**values, **by})
        self._uow.emit(event(row.id, row.revision, row.customer_id, (row.field,)))
        self._uow.audit(Note(action, "finding", row.id, row.customer_id, [row.field], row.source))
        return record._replace(row=row)


async def _reopened() -> HubError:
    return FindingReopened()
