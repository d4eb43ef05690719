"""Routes of the verification policy and of the queue of customers to call."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from custhub.features.fields.errors import VocabularyValueUnknown
from custhub.features.quality.deps import CanDecide, CanRead, CanReadCustomers, CanWrite, IfMatch, context_of
from custhub.features.quality.errors import RequiredFieldUnknown
from custhub.features.quality.queries.scans import stored_policy
from custhub.features.quality.queries.verifications import page_of_due
from custhub.features.quality.schemas.verification import (
    DueQuery,
    DueVerificationPage,
    VerificationClaim,
    VerificationPolicyPut,
    VerificationPolicyRead,
    VerificationRelease,
    policy_etag,
    policy_view,
    verification_view,
)
from custhub.features.quality.service.policies import put_policy
from custhub.features.quality.service.verifying import claim_due, release
from custhub.http.answers import next_url, not_modified, ok, page
from custhub.http.hub import call_of
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.paging import Cursors
from custhub.security.fields import Field
from custhub.security.principal import FieldHidden

router = hub_router("/v1/verifications", "quality")
policy_router = hub_router("/v1/verification-policy", "quality")


@policy_router.get("", response_model=VerificationPolicyRead, openapi_extra=traits(CONDITIONAL))
async def get_verification_policy(request: Request, _: CanRead) -> Response:
    """Get how often customers are verified, by stage, and which members they must have."""
    row = await stored_policy(call_of(request).hub.database)
    etag = policy_etag(row)
    return not_modified(etag) if call_of(request).has_seen(etag) else ok(policy_view(row), etag)


@policy_router.put(
    "", response_model=VerificationPolicyRead, responses=problems(VocabularyValueUnknown, RequiredFieldUnknown)
)
async def put_verification_policy(
    body: VerificationPolicyPut, request: Request, _: CanDecide, if_match: IfMatch
) -> Response:
    """Replace the policy. The next scan goes by it: who is due then stands in the queue."""
    row = await put_policy(context_of(request), body, if_match)
    return ok(policy_view(row), policy_etag(row))


@router.get("/due", response_model=DueVerificationPage, responses=problems(FieldHidden))
async def list_due_verifications(
    request: Request, query: Annotated[DueQuery, Query()], who: CanReadCustomers
) -> Response:
    """List customers within reach whose number is due, the most doubtful first."""
    who.require_readable(Field.PHONES)
    context = context_of(request)
    cursors = Cursors(context.keys.cursors.sign, [who.id.hex, "due", query.claimed])
    now = context.uow.now
    found = await page_of_due(
        context.uow.database, who.reach, query.claimed, context.caller, now, cursors.read(query.cursor), query.limit
    )
    cursor = cursors.write(found.after)
    views = [verification_view(record, now) for record in found.items]
    return page(views, cursor, next_url(request, cursor))


@router.post("/claim", response_model=DueVerificationPage, responses=problems(FieldHidden))
async def claim_verifications(body: VerificationClaim, request: Request, _: CanWrite) -> Response:
    """Undertake to call the next customers of the queue. Nobody else gets them until the time is over.

    What the call came to is recorded with `POST /v1/customers/{customer_id}/phones/{phone_id}/verify`, which also
    ends the claim.
    """
    context = context_of(request)
    taken = await claim_due(context, body)
    return page([verification_view(record, context.uow.now) for record in taken], None)


@router.post("/release", response_model=DueVerificationPage, responses=problems(FieldHidden))
async def release_verifications(body: VerificationRelease, request: Request, _: CanWrite) -> Response:
    """Give customers back to the queue whom you undertook to call, before the time is over. Lists those given back."""
    context = context_of(request)
    given = await release(context, body)
    return page([verification_view(record, context.uow.now) for record in given], None)
