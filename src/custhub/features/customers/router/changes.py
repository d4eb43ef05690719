"""Route of the sync of customers."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from custhub.features.customers.deps import CanRead
from custhub.features.customers.schemas.changes import CustomerChangePage, CustomerChangesQuery, change_view
from custhub.features.customers.service.syncing import changes_since
from custhub.http.answers import next_url, page
from custhub.http.deps import TheCall
from custhub.http.routing import hub_router
from custhub.kit.paging import Cursors

router = hub_router("/v1/customers", "customers")


@router.get("/changes", response_model=CustomerChangePage)
async def list_customer_changes(
    request: Request, query: Annotated[CustomerChangesQuery, Query()], who: CanRead, call: TheCall
) -> Response:
    """List which customers changed, in the order of their last change, archived, merged and erased ones too.

    Follow `next_cursor` to the end, then begin again there with `updated_at_gte` = `synced_until`. A change of the
    last minute may be told twice: compare `revision`. Read what you need of a live one by its id.
    """
    hub = call.hub
    cursors = Cursors(hub.keys.cursors.sign, [who.id.hex, "customer changes", str(query.updated_at_gte)])
    after = cursors.read(query.cursor)
    found = await changes_since(hub.database, who.reach, hub.clock.now(), query.updated_at_gte, after, query.limit)
    cursor = cursors.write(found.after)
    return page(
        [change_view(row) for row in found.rows], cursor, next_url(request, cursor), synced_until=found.synced_until
    )
