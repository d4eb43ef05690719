"""The route of hot keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from custhub.features.duplicates.deps import CanRead
from custhub.features.duplicates.queries.hot_keys import page_of_hot_keys, some_holders
from custhub.features.duplicates.schemas.hot_keys import HotKeyPage, HotKeyQuery, hot_key_view
from custhub.http.answers import next_url, page
from custhub.http.deps import TheCall
from custhub.http.routing import hub_router
from custhub.kit.paging import Cursors

router = hub_router("/v1/duplicates/hot-keys", "duplicates")


@router.get("", response_model=HotKeyPage)
async def list_hot_keys(
    request: Request, query: Annotated[HotKeyQuery, Query()], who: CanRead, call: TheCall
) -> Response:
    """List what so many customers share that the last scan did not compare them for it, those of most holders first.

    A switchboard, a mailbox that a form fills in, a birthday that stands for none: correct them, and scan again.
    """
    database = call.hub.database
    cursors = Cursors(call.hub.keys.cursors.sign, [who.id.hex, "hot keys"])
    found = await page_of_hot_keys(database, cursors.read(query.cursor), query.limit)
    views = [hot_key_view(row, await some_holders(database, who.reach, row)) for row in found.items]
    cursor = cursors.write(found.after)
    return page(views, cursor, next_url(request, cursor))
