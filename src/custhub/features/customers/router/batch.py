"""The route that creates many customers at once."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import Query, Request, Response
from pydantic import ValidationError

from custhub.features.customers.deps import CanCreate, context_of
from custhub.features.customers.errors import BatchRefused
from custhub.features.customers.schemas.batch import BatchAnswer, CustomerBatch
from custhub.features.customers.schemas.bodies import CustomerCreate
from custhub.features.customers.service.batch import CustomerBatches
from custhub.http.answers import ok
from custhub.http.errors import language_of, problem, validation_problem
from custhub.http.hub import call_of
from custhub.http.openapi import problems
from custhub.http.routing import hub_router
from custhub.kit.errors import HubError
from custhub.kit.ids import Prefix, text_or_none

router = hub_router("/v1/customers", "customers")
Atomic = Annotated[bool, Query(description="All or nothing: one refused item refuses the batch")]


@router.post("/batch", response_model=BatchAnswer, responses=problems(BatchRefused))
async def create_customer_batch(
    body: CustomerBatch, request: Request, _: CanCreate, atomic: Atomic = False
) -> Response:
    """Create up to 1,000 customers in one transaction.

    Each item succeeds or fails on its own, unless `atomic`. Of two items with one number or external id the first
    gets it.
    """
    call = call_of(request)
    outcomes = await CustomerBatches(context_of(request), call.hub.recorder).create(body.items, _read, atomic=atomic)
    language = language_of(call.accept_language)

    def shown(error: HubError | None) -> tuple[int, orjson.Fragment | None]:
        if error is None:
            return 201, None
        answer = problem(error, call.request_id, language)
        return answer.status_code, orjson.Fragment(bytes(answer.body))

    results: list[dict[str, Any]] = []
    for index, (customer_id, error) in enumerate(outcomes):
        status, document = shown(error)
        identity = text_or_none(Prefix.CUSTOMER, customer_id)
        results.append({"index": index, "status": status, "id": identity, "error": document})
    failed = sum(error is not None for _, error in outcomes)
    return ok({"results": results, "succeeded": len(results) - failed, "failed": failed})


def _read(item: Any) -> CustomerCreate:  # any JSON value
    try:
        return CustomerCreate.model_validate(item)
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise validation_problem([{**refused, "loc": ("body", *refused["loc"])} for refused in found]) from None
