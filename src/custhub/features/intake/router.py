"""Routes of intake: two that only take, and one that lists what was taken."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import Query, Request, Response
from pydantic import ValidationError

from custhub.features.consents.errors import ConsentNotYet, GuardianRequired
from custhub.features.customers import errors
from custhub.features.customers.queries import is_reachable
from custhub.features.customers.service.batch import issues_of
from custhub.features.fields.errors import (
    CustomFieldInvalid,
    CustomFieldUnknown,
    PhoneInCustomField,
    VocabularyValueUnknown,
)
from custhub.features.intake.deps import CanRead, CanSend, reader_and_desk
from custhub.features.intake.errors import DeviceIncomplete, IntakeNotYet, PhoneInIntake, SourceTwice
from custhub.features.intake.queries import page_of_touchpoints
from custhub.features.intake.schemas import (
    IntakeBatch,
    IntakeBatchAnswer,
    IntakeItem,
    IntakeReceipt,
    TouchpointPage,
    TouchpointQuery,
    touchpoint_view,
)
from custhub.features.intake.service.reading import Heard
from custhub.features.phones.errors import PhoneInvalid, PhoneRepeated
from custhub.http.answers import Answer, next_url, ok, page
from custhub.http.deps import TheCall
from custhub.http.errors import language_of, problem, validation_problem
from custhub.http.fields import CustomerId
from custhub.http.hub import call_of
from custhub.http.openapi import problems
from custhub.http.routing import hub_router
from custhub.kit.errors import HubError
from custhub.kit.paging import Cursors
from custhub.security.principal import FieldNotWritable

router = hub_router("/v1/intake", "intake")
customers_router = hub_router("/v1/customers", "intake")
Atomic = Annotated[bool, Query(description="All or nothing: one refused item refuses the batch")]


@router.post(
    "",
    status_code=202,
    response_model=IntakeReceipt,
    responses=problems(
        IntakeNotYet,
        PhoneInIntake,
        DeviceIncomplete,
        SourceTwice,
        ConsentNotYet,
        GuardianRequired,
        PhoneInvalid,
        PhoneRepeated,
        errors.NameInvalid,
        errors.BirthdayInvalid,
        errors.TaxIdInvalid,
        errors.AddressInvalid,
        errors.AddressInconsistent,
        errors.PostcodeInvalid,
        errors.ContactNotAllowed,
        errors.OwnerUnknown,
        errors.TeamUnknown,
        errors.SourceNotGranted,
        errors.PersonUnknown,
        VocabularyValueUnknown,
        CustomFieldUnknown,
        CustomFieldInvalid,
        PhoneInCustomField,
        FieldNotWritable,
    ),
)
async def take_in(body: IntakeItem, request: Request, _: CanSend) -> Response:
    """Send in what a form or device heard of one customer, with the consents that were given along with it.

    The answer is the same whether or not the customer was known, and whatever came of it. What contradicts the
    customer as it is waits as a finding.
    """
    reader, desk = reader_and_desk(request)
    await desk.take(await reader.read(body))
    return Answer({"object": "intake_receipt", "accepted": True}, 202)


@router.post("/batch", response_model=IntakeBatchAnswer, responses=problems(errors.BatchRefused))
async def take_in_batch(body: IntakeBatch, request: Request, _: CanSend, atomic: Atomic = False) -> Response:
    """Send in up to 200 items in one transaction, in any order: the same again counts once.

    Each item is taken or refused on its own, unless `atomic`.
    """
    call = call_of(request)
    reader, desk = reader_and_desk(request)
    refused, heard = dict[int, HubError](), list[Heard]()
    for index, raw in enumerate(body.items):
        try:
            heard.append(await reader.read(_read(raw)))
        except HubError as error:
            refused[index] = error
    if atomic and refused:
        raise errors.BatchRefused(issues=[found for place in refused for found in issues_of(place, refused[place])])
    work, seen = call.unit_of_work(), set[bytes]()
    for one in heard:
        if one.digest not in seen:
            seen.add(one.digest)
            await desk.take(one)
            await work.flush()
    language = language_of(call.accept_language)

    def result(index: int) -> dict[str, Any]:
        error = refused.get(index)
        if error is None:
            return {"index": index, "status": 202, "error": None}
        answer = problem(error, call.request_id, language)
        return {"index": index, "status": answer.status_code, "error": orjson.Fragment(bytes(answer.body))}

    results = [result(index) for index in range(len(body.items))]
    return ok({"results": results, "succeeded": len(results) - len(refused), "failed": len(refused)})


@customers_router.get(
    "/{customer_id}/touchpoints", response_model=TouchpointPage, responses=problems(errors.CustomerNotFound)
)
async def list_touchpoints(
    customer_id: CustomerId, query: Annotated[TouchpointQuery, Query()], request: Request, who: CanRead, call: TheCall
) -> Response:
    """List where and when a customer was heard of by intake, newest arrivals first. Fields are names, not values."""
    hub = call.hub
    if not await is_reachable(hub.database, who.reach, customer_id):
        raise errors.CustomerNotFound
    cursors = Cursors(hub.keys.cursors.sign, [who.id.hex, "touchpoints", customer_id.hex])
    found = await page_of_touchpoints(hub.database, who.reach, customer_id, cursors.read(query.cursor), query.limit)
    cursor = cursors.write(found.after)
    return page([touchpoint_view(row) for row in found.items], cursor, next_url(request, cursor))


def _read(raw: Any) -> IntakeItem:  # any JSON value
    try:
        return IntakeItem.model_validate(raw)
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise validation_problem([{**refused, "loc": ("body", *refused["loc"])} for refused in found]) from None
