"""Shapes that the routes of accounts share: one resource, a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import Request, Response

from custhub.features.accounts.queries.listing import Listing
from custhub.features.accounts.schemas.answers import PageQuery, etag_of
from custhub.http.answers import NO_STORE, Answer, dump, not_modified, ok, page
from custhub.http.hub import call_of
from custhub.kit.paging import Cursors

R = TypeVar("R")


def show(view: Mapping[str, Any]) -> Answer:
    """200 with a resource and its entity tag."""
    return ok(view, etag_of(view["revision"]))


def show_unless_seen(request: Request, view: Mapping[str, Any]) -> Answer:
    """The same, or 304 for a caller who holds this revision."""
    etag = etag_of(view["revision"])
    return not_modified(etag) if call_of(request).has_seen(etag) else ok(view, etag)


def show_once(view: Mapping[str, Any], once: tuple[str, ...]) -> Answer:
    """200 with members that a replay shows as null."""
    headers = [NO_STORE]
    if "revision" in view:
        headers.append((b"etag", etag_of(view["revision"]).encode()))
    return Answer(view, 200, headers, dump({**view, **dict.fromkeys(once)}))


async def show_page(
    request: Request, listing: Listing[R], query: PageQuery, view: Callable[[R], Mapping[str, Any]]
) -> Response:
    """One page of a listing under the filters of `query`."""
    call = call_of(request)
    filters = query.model_dump(exclude={"limit", "cursor"}, exclude_none=True)
    path = request.url.path
    cursors = Cursors(call.hub.keys.cursors.sign, [call.caller.id.hex, path, sorted(map(str, filters.items()))])
    found = await listing.page(call.hub.database, filters, cursors.read(query.cursor), query.limit)
    cursor = cursors.write(found.after)
    url = None
    if cursor is not None:
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        url = f"{path}?{urlencode([*kept, ('cursor', cursor)])}"
    return page([view(item) for item in found.items], cursor, url)
