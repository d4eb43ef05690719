"""Routes of messages: what became of them, and what providers report."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request, Response

from custhub.features.messages.deps import CanRead, FromProvider, OfChannel, Parts
from custhub.features.messages.errors import CallbackRefused, MessageNotFound
from custhub.features.messages.queries import message_by_id, page_of_messages
from custhub.features.messages.schemas import (
    MessageListQuery,
    MessagePage,
    MessageRead,
    MessageReport,
    message_view,
)
from custhub.features.phones.rules import MaskStyle
from custhub.http.answers import no_content, page, shown
from custhub.http.deps import TheCall
from custhub.http.fields import MessageId
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.paging import Cursors

router = hub_router("/v1/messages", "messages")


@router.get("", response_model=MessagePage)
async def list_messages(
    request: Request, query: Annotated[MessageListQuery, Query()], who: CanRead, call: TheCall, parts: Parts
) -> Response:
    """List messages, newest first.

    Filters are ANDed. Recipients are masked; what a message says is never shown.
    """
    filters = query.filters()
    cursors = Cursors(call.hub.keys.cursors.sign, [who.id.hex, "messages", sorted(map(str, filters.items()))])
    found = await page_of_messages(call.hub.database, filters, cursors.read(query.cursor), query.limit)
    cursor = cursors.write(found.after)
    url = None
    if cursor is not None:
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        url = f"/v1/messages?{urlencode([*kept, ('cursor', cursor)])}"
    style = MaskStyle(who.policy.phone_mask)
    recipients = await parts.vault.recipients(found.items)
    return page([message_view(row, to, style) for row, to in zip(found.items, recipients, strict=True)], cursor, url)


@router.get(
    "/{message_id}", response_model=MessageRead, responses=problems(MessageNotFound), openapi_extra=traits(CONDITIONAL)
)
async def get_message(message_id: MessageId, request: Request, who: CanRead, call: TheCall, parts: Parts) -> Response:
    """Get one message: where it stands, never what it says."""
    row = await message_by_id(call.hub.database, message_id)
    if row is None:
        raise MessageNotFound
    (recipient,) = await parts.vault.recipients([row])
    return shown(request, message_view(row, recipient, MaskStyle(who.policy.phone_mask)))


@router.post("/callbacks/{channel}", status_code=204, responses=problems(CallbackRefused))
async def report_message(channel: OfChannel, body: MessageReport, callbacks: FromProvider) -> Response:
    """Report what became of a message, as its provider.

    Authenticated by `Authorization: Bearer <secret>`, or signed with the secret as Standard Webhooks say
    (`webhook-id`, `webhook-timestamp`, `webhook-signature`). A report that comes twice, or late, changes nothing; one
    of a message that is not known is taken and ignored.
    """
    await callbacks.report(channel, body.reference, body.status, body.error)
    return no_content()
