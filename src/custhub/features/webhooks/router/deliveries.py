"""Routes of the delivery log."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request, Response

from custhub.features.webhooks.deps import CanManage, TheDeliveries
from custhub.features.webhooks.errors import (
    WebhookDeliveryInProgress,
    WebhookDeliveryNotFound,
    WebhookEndpointDisabled,
)
from custhub.features.webhooks.queries import DELIVERIES, attempts_of, delivery_of
from custhub.features.webhooks.schemas.answers import (
    WebhookDeliveryDetail,
    WebhookDeliveryPage,
    WebhookDeliveryRead,
    WebhookRedeliveryRead,
    delivery_view,
    detail_view,
)
from custhub.features.webhooks.schemas.bodies import WebhookDeliveryQuery, WebhookRedelivery
from custhub.http.answers import ok, page
from custhub.http.deps import TheCall
from custhub.http.fields import DeliveryId
from custhub.http.openapi import problems
from custhub.http.routing import hub_router
from custhub.kit.paging import Cursors

router = hub_router("/v1/webhook-deliveries", "webhooks")


@router.get("", response_model=WebhookDeliveryPage)
async def list_webhook_deliveries(
    request: Request, query: Annotated[WebhookDeliveryQuery, Query()], who: CanManage, call: TheCall
) -> Response:
    """List deliveries, newest first. The log is kept for 30 days; `state=dead` are those that were given up."""
    filters = query.filters()
    binding = [who.id.hex, "webhook-deliveries", sorted((name, str(value)) for name, value in filters.items())]
    cursors = Cursors(call.hub.keys.cursors.sign, binding)
    found = await DELIVERIES.page(call.hub.database, filters, cursors.read(query.cursor), query.limit)
    cursor = cursors.write(found.after)
    url = None
    if cursor is not None:
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        url = f"/v1/webhook-deliveries?{urlencode([*kept, ('cursor', cursor)])}"
    return page([delivery_view(row) for row in found.items], cursor, url)


@router.post("/redeliver", response_model=WebhookRedeliveryRead)
async def redeliver_webhook_deliveries(body: WebhookRedelivery, _: CanManage, deliveries: TheDeliveries) -> Response:
    """Send deliveries that meet a filter again, the oldest 500 of them per call.

    Only active endpoints are sent to. Each goes through the whole schedule again, with the id it had.
    """
    done = await deliveries.redeliver_many(body.filters())
    return ok({"object": "webhook_redelivery", "redelivered": done.number, "has_more": done.has_more})


@router.get("/{delivery_id}", response_model=WebhookDeliveryDetail, responses=problems(WebhookDeliveryNotFound))
async def get_webhook_delivery(delivery_id: DeliveryId, _: CanManage, call: TheCall) -> Response:
    """Get one delivery with every attempt."""
    record = await delivery_of(call.hub.database, delivery_id)
    if record is None:
        raise WebhookDeliveryNotFound
    return ok(detail_view(record.row, await attempts_of(call.hub.database, delivery_id)))


@router.post(
    "/{delivery_id}/redeliver",
    response_model=WebhookDeliveryRead,
    responses=problems(WebhookDeliveryNotFound, WebhookEndpointDisabled, WebhookDeliveryInProgress),
)
async def redeliver_webhook_delivery(delivery_id: DeliveryId, _: CanManage, deliveries: TheDeliveries) -> Response:
    """Send one delivery again now, whatever became of it; it goes through the whole schedule once more."""
    return ok(delivery_view(await deliveries.redeliver(delivery_id)))
