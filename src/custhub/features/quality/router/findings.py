"""Routes of findings."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request, Response

from custhub.crypto.errors import IntegrityError
from custhub.features.customers import errors
from custhub.features.customers.errors import CustomerArchived, PersonRequired
from custhub.features.customers.service.context import CustomerContext
from custhub.features.fields.errors import CustomFieldInvalid, CustomFieldUnknown, VocabularyValueUnknown
from custhub.features.phones.errors import LookupQuotaExceeded, PhoneRepeated, PhoneTaken
from custhub.features.quality.deps import CanCorrect, CanDecide, CanRead, Decisions, IfMatch, context_of
from custhub.features.quality.errors import (
    FindingByHand,
    FindingDecided,
    FindingNotDecided,
    FindingNotFixable,
    FindingNotFound,
    FindingOutdated,
    FindingReopened,
)
from custhub.features.quality.queries import FindingFilter, FindingRecord, finding_by_id, page_of_findings
from custhub.features.quality.schemas.findings import (
    QualityFindingListQuery,
    QualityFindingPage,
    QualityFindingRead,
    etag_of,
    finding_view,
)
from custhub.features.quality.service.reading import evidence_of
from custhub.features.suppressions.errors import Suppressed
from custhub.http.answers import Answer, next_url, not_modified, ok, page
from custhub.http.fields import FindingId
from custhub.http.hub import call_of
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.paging import Cursors
from custhub.security.principal import FieldNotWritable

router = hub_router("/v1/findings", "quality")


def _view(record: FindingRecord, context: CustomerContext) -> dict[str, Any]:
    return finding_view(
        record.row, evidence_of(context.keys, record), context.who.policy, context.access, context.country
    )


def _show(record: FindingRecord, context: CustomerContext) -> Answer:
    return ok(_view(record, context), _etag(record, context))


def _etag(record: FindingRecord, context: CustomerContext) -> str:
    return etag_of(record.row.revision, context.who.policy.digest)


@router.get("", response_model=QualityFindingPage)
async def list_findings(query: Annotated[QualityFindingListQuery, Query()], request: Request, who: CanRead) -> Response:
    """List findings about customers within reach, newest first."""
    context = context_of(request)
    chosen = FindingFilter(query.state, query.customer_id, query.kind, query.severity, query.fixable)
    cursors = Cursors(context.keys.cursors.sign, [who.id.hex, "findings", str(chosen)])
    found = await page_of_findings(context.uow.database, who.reach, chosen, cursors.read(query.cursor), query.limit)
    cursor = cursors.write(found.after)
    return page([_view(record, context) for record in found.items], cursor, next_url(request, cursor))


@router.get(
    "/{finding_id}",
    response_model=QualityFindingRead,
    responses=problems(FindingNotFound),
    openapi_extra=traits(CONDITIONAL),
)
async def get_finding(finding_id: FindingId, request: Request, who: CanRead) -> Response:
    """Get one finding with the value that stands and the one that was proposed."""
    context = context_of(request)
    record = await finding_by_id(context.uow.database, who.reach, finding_id)
    if record is None:
        raise FindingNotFound
    etag = _etag(record, context)
    return not_modified(etag) if call_of(request).has_seen(etag) else _show(record, context)


@router.post(
    "/{finding_id}/accept",
    response_model=QualityFindingRead,
    responses=problems(
        FindingNotFound,
        FindingDecided,
        FindingNotFixable,
        FindingOutdated,
        PersonRequired,
        CustomerArchived,
        FieldNotWritable,
        VocabularyValueUnknown,
        CustomFieldUnknown,
        CustomFieldInvalid,
        FindingByHand,
        PhoneTaken,
        PhoneRepeated,
        LookupQuotaExceeded,
        errors.ExternalIdTaken,
        errors.ContactNotAllowed,
        errors.TooManyParts,
        Suppressed,
        IntegrityError,
    ),
)
async def accept_finding(
    finding_id: FindingId, request: Request, decisions: Decisions, _: CanCorrect, if_match: IfMatch
) -> Response:
    """Accept a finding: the fix is made, or the refused value written, and confirmed by whoever accepts it.

    It needs what the change itself needs: a role that writes the field, and a customer within reach.
    """
    return _show(await decisions.accept(finding_id, if_match), context_of(request))


@router.post(
    "/{finding_id}/reject",
    response_model=QualityFindingRead,
    responses=problems(FindingNotFound, FindingDecided, PersonRequired, IntegrityError),
)
async def reject_finding(
    finding_id: FindingId, request: Request, decisions: Decisions, _: CanDecide, if_match: IfMatch
) -> Response:
    """Reject a finding: the value stays, and is found no more until it is another one."""
    return _show(await decisions.reject(finding_id, if_match), context_of(request))


@router.post(
    "/{finding_id}/undo",
    response_model=QualityFindingRead,
    responses=problems(
        FindingNotFound,
        FindingNotDecided,
        FindingOutdated,
        FindingReopened,
        PersonRequired,
        CustomerArchived,
        FieldNotWritable,
        VocabularyValueUnknown,
        CustomFieldUnknown,
        CustomFieldInvalid,
        FindingByHand,
        Suppressed,
        PhoneTaken,
        errors.TooManyParts,
        IntegrityError,
    ),
)
async def undo_finding(
    finding_id: FindingId, request: Request, decisions: Decisions, _: CanCorrect, if_match: IfMatch
) -> Response:
    """Take a decision back: what was before an acceptance returns, with its origin, and the finding is open again.

    A number, e-mail or address that was removed returns under its id.
    """
    return _show(await decisions.undo(finding_id, if_match), context_of(request))
