"""Routes of the audit log: read it, verify it. Nothing here writes."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request, Response

from custhub.features.audit.deps import CanRead, Verifier
from custhub.features.audit.errors import AuditEntryNotFound
from custhub.features.audit.queries import entry_of, page_of_entries
from custhub.features.audit.schemas.entries import (
    AuditEntryDetail,
    AuditListQuery,
    AuditPage,
    detail_view,
    entry_view,
)
from custhub.features.audit.schemas.verification import VerificationRead, VerifyQuery, verification_view
from custhub.http.answers import ok, page
from custhub.http.deps import TheCall
from custhub.http.fields import AuditId
from custhub.http.openapi import problems
from custhub.http.routing import hub_router
from custhub.kit.paging import Cursors

router = hub_router("/v1/audit", "audit")


@router.get("", response_model=AuditPage)
async def list_audit_entries(
    request: Request, query: Annotated[AuditListQuery, Query()], who: CanRead, call: TheCall
) -> Response:
    """List audit entries, newest first.

    Filters are ANDed. Entries name fields, never values: those are sealed under the customer's key.
    """
    cursors = Cursors(call.hub.keys.cursors.sign, [who.id.hex, "audit", *query.binding()])
    found = await page_of_entries(call.hub.database, query.filters(), cursors.read(query.cursor), query.limit)
    cursor = cursors.write(found.after)
    url = None
    if cursor is not None:
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        url = f"/v1/audit?{urlencode([*kept, ('cursor', cursor)])}"
    return page([entry_view(entry) for entry in found.items], cursor, url)


@router.get("/verify", response_model=VerificationRead)
async def verify_audit(query: Annotated[VerifyQuery, Query()], _: CanRead, verifier: Verifier) -> Response:
    """Verify the chain of audit entries, a bounded part per call.

    Recomputes every mac and hash, and holds the chain against its signed checkpoints inside and outside the database.
    Follow `next_seq` until it is null; `first_bad` names the first fault. `custhub audit verify` does all at once.
    """
    return ok(verification_view(await verifier.verify(query.from_seq, query.limit)))


@router.get("/{audit_id}", response_model=AuditEntryDetail, responses=problems(AuditEntryNotFound))
async def get_audit_entry(audit_id: AuditId, _: CanRead, call: TheCall) -> Response:
    """Get one audit entry with its place in the chain."""
    found = await entry_of(call.hub.database, audit_id)
    if found is None:
        raise AuditEntryNotFound
    return ok(detail_view(found))
