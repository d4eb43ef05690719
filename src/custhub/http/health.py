"""Is this process alive, should it get traffic, how is it doing (RELIABILITY R-7, R-9; SECURITY S-116)."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import Response, Security
from pydantic import Field
from starlette.responses import PlainTextResponse

from custhub.crypto.errors import KeyUnavailable
from custhub.http.answers import NO_STORE, Answer
from custhub.http.deps import TheCall, door
from custhub.http.errors import ShuttingDown
from custhub.http.fields import Read
from custhub.http.hub import Call
from custhub.http.openapi import problems
from custhub.http.readiness import CheckName, CheckState, MigrationPending, StorageLow, WorkerSilent, checks
from custhub.http.routing import hub_router
from custhub.kit.db import DatabaseUnavailable
from custhub.kit.errors import HubError
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

router = hub_router("", "operations")
CanSeeOperations = Annotated[Principal, Security(door, scopes=[Scope.OPS_READ])]
_EXPOSITION = {"text/plain": {"schema": {"type": "string", "maxLength": 16_777_216}}}


class LiveRead(Read):
    """The process answers."""

    object: Literal["health"]
    status: Literal["live"]


class CheckRead(Read):
    """One of the checks behind readiness."""

    name: CheckName
    state: CheckState


class ReadyRead(Read):
    """The process takes traffic. `checks` is empty for callers without `ops:read`."""

    object: Literal["readiness"]
    status: Literal["ready"]
    checks: Annotated[list[CheckRead], Field(max_length=20)]


@router.get("/health/live", response_model=LiveRead)
async def get_liveness() -> Response:
    """Tell whether the process answers at all.

    Needs no token and touches nothing, neither the database nor the disk.
    """
    return Answer({"object": "health", "status": "live"}, 200, (NO_STORE,))


@router.get(
    "/health/ready",
    response_model=ReadyRead,
    responses=problems(ShuttingDown, DatabaseUnavailable, MigrationPending, KeyUnavailable, WorkerSilent, StorageLow),
)
async def get_readiness(call: TheCall) -> Response:
    """Tell whether this process should get traffic.

    Needs no token; the single checks are shown to callers with `ops:read` only, a token that is not valid shows
    nothing. Ready means: not shutting down, the database answers within a second and is migrated, every key that
    stored data needs is there, the worker of this process looks for jobs, and the disk has room.
    """
    done = await checks(call.hub)
    failed = next((check.error for check in done if check.error is not None), None)
    details: list[dict[str, str]] = []
    if failed is not DatabaseUnavailable and await _may_see_details(call):
        details = [{"name": check.name, "state": check.state} for check in done]
    if failed is not None:
        refusal = failed()
        if details:
            refusal.members["checks"] = details
        raise refusal
    return Answer({"object": "readiness", "status": "ready", "checks": details}, 200, (NO_STORE,))


@router.get("/metrics", response_class=PlainTextResponse, responses={200: {"content": _EXPOSITION}})
async def get_metrics(who: CanSeeOperations, call: TheCall) -> Response:
    """Get all metrics in the text format of Prometheus.

    With several worker processes any of them answers with the totals of all.
    """
    call.hub.metrics.pool.set(call.hub.database.in_use)
    # With several workers their files are read: not in the event loop.
    text, media_type = await asyncio.to_thread(call.hub.metrics.render)
    return Response(text, media_type=media_type)


async def _may_see_details(call: Call) -> bool:
    try:
        principal = await call.hub.tokens.principal(call.headers.get(b"authorization"))
    except HubError:
        # Neither a bad token nor a lost database may hide whether the process is ready.
        return False
    return Scope.OPS_READ in principal.scopes
