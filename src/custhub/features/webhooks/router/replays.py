"""Route of replays: events sent again, as a job."""

from __future__ import annotations

from fastapi import Response

from custhub.features.operations.schemas.jobs import JobRead, job_view
from custhub.features.webhooks.deps import CanManage, parts_of
from custhub.features.webhooks.errors import (
    WebhookEndpointDisabled,
    WebhookEndpointNotFound,
    WebhookEventTypeUnknown,
    WebhookReplayRunning,
    WebhookReplayUnclear,
)
from custhub.features.webhooks.schemas.bodies import WebhookReplayStart
from custhub.features.webhooks.service.replays import start_replay
from custhub.http.answers import Answer
from custhub.http.deps import TheCall, Uow
from custhub.http.fields import WebhookId
from custhub.http.openapi import problems
from custhub.http.routing import hub_router
from custhub.kit.ids import Prefix, to_text

router = hub_router("/v1/webhook-endpoints", "webhooks")


@router.post(
    "/{endpoint_id}/replay",
    status_code=202,
    response_model=JobRead,
    responses=problems(
        WebhookEndpointNotFound,
        WebhookEndpointDisabled,
        WebhookEventTypeUnknown,
        WebhookReplayRunning,
        WebhookReplayUnclear,
    ),
)
async def replay_webhook_endpoint(
    endpoint_id: WebhookId, body: WebhookReplayStart, _: CanManage, uow: Uow, call: TheCall
) -> Response:
    """Send events of the feed again, as a job.

    They carry the `webhook-id` they had, so a consumer that keeps those drops what it has. New events go first.
    """
    job = await start_replay(uow, parts_of(call), endpoint_id, body)
    location = f"/v1/jobs/{to_text(Prefix.JOB, job.id)}"
    return Answer(job_view(job), 202, ((b"location", location.encode()), (b"retry-after", b"2")))
