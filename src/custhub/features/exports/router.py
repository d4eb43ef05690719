"""Routes of exports."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Query, Request, Response, Security
from starlette.responses import StreamingResponse

from custhub.crypto.files import StoredFiles
from custhub.features.customers.errors import FilterNotSupported, SavedFilterNotFound, SelectionUnclear
from custhub.features.customers.service.selecting import saved_selections
from custhub.features.exports.errors import (
    ExportColumnUnknown,
    ExportExpired,
    ExportNotFound,
    ExportNotReady,
    ExportPurposeRequired,
    ExportPurposeUnclear,
    ExportReasonRequired,
    ExportRemoved,
)
from custhub.features.exports.queries import page_of_exports
from custhub.features.exports.schemas import (
    MEDIA,
    ExportCreate,
    ExportLinkCreate,
    ExportLinkRead,
    ExportPage,
    ExportQuery,
    ExportRead,
    export_view,
)
from custhub.features.exports.service.handing import hand_out, issue_download
from custhub.features.exports.service.starting import Exports, check_unmasked, find_export
from custhub.features.fields.errors import CustomFieldUnknown
from custhub.features.fields.service.catalogue import CATALOGUE, access_of
from custhub.features.operations.schemas.jobs import JobRead, accepted
from custhub.http.answers import NO_STORE, Answer, dump, next_url, page, shown
from custhub.http.deps import TheCall, Uow, door
from custhub.http.fields import ExportId
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.openapi import NO_STORE as NEVER_STORED
from custhub.http.routing import hub_router
from custhub.kit.paging import Cursors
from custhub.security.principal import FieldHidden, Principal
from custhub.security.scopes import Scope

router = hub_router("/v1/exports", "exports")
CanExport = Annotated[Principal, Security(door, scopes=[Scope.CUSTOMERS_READ, Scope.EXPORTS_RUN])]
_MOST_BYTES = 1_099_511_627_776
# A text is no binary to the generators of clients.
_FILE: dict[str, Any] = {
    media.partition(";")[0]: {
        "schema": {"type": "string", "maxLength": _MOST_BYTES}
        | ({} if media.startswith("text/") else {"format": "binary"})
    }
    for media in MEDIA.values()
}


@router.post(
    "",
    status_code=202,
    response_model=JobRead,
    responses=problems(
        SelectionUnclear,
        SavedFilterNotFound,
        ExportColumnUnknown,
        ExportReasonRequired,
        ExportPurposeUnclear,
        ExportPurposeRequired,
        FieldHidden,
        FilterNotSupported,
        CustomFieldUnknown,
    ),
)
async def start_export(body: ExportCreate, who: CanExport, uow: Uow, call: TheCall) -> Response:
    """Write customers into a file, as a job: those of a filter that you may reach, or up to 1,000 by id.

    Numbers are masked as you see them; `unmasked` needs the scope `exports:pii` and a reason. Columns are named as
    imports read them, so a file without masks can be imported as it is. With `purpose` and `channel` only customers
    are in it whose consent to that is granted when they are read, with the numbers and addresses that are not
    suppressed; `left_out` counts the others. `result_url` of the job is the export.
    """
    access = access_of(call.hub.parts[CATALOGUE].value, who)
    return accepted(await Exports(uow, who, saved_selections(call.hub), access).start(body))


@router.get("", response_model=ExportPage)
async def list_exports(
    request: Request, query: Annotated[ExportQuery, Query()], who: CanExport, call: TheCall
) -> Response:
    """List your exports, newest first."""
    hub = call.hub
    cursors = Cursors(hub.keys.cursors.sign, [who.id.hex, "exports"])
    found = await page_of_exports(hub.database, who.id, cursors.read(query.cursor), query.limit)
    cursor = cursors.write(found.after)
    return page([export_view(one, hub.clock.now()) for one in found.items], cursor, next_url(request, cursor))


@router.get(
    "/{export_id}", response_model=ExportRead, responses=problems(ExportNotFound), openapi_extra=traits(CONDITIONAL)
)
async def get_export(export_id: ExportId, request: Request, who: CanExport, call: TheCall) -> Response:
    """Get one of your exports and how far it is."""
    return shown(request, export_view(await find_export(call.hub.database, who, export_id), call.hub.clock.now()))


@router.get(
    "/{export_id}/file",
    response_class=StreamingResponse,
    responses=problems(ExportNotFound, ExportNotReady, ExportExpired, ExportRemoved) | {200: {"content": _FILE}},
    openapi_extra=traits(NEVER_STORED),
)
async def download_export(export_id: ExportId, who: CanExport, uow: Uow, call: TheCall) -> Response:
    """Download the file. Each download is audited."""
    row = (await find_export(uow, who, export_id)).row
    check_unmasked(row, who)
    file = await hand_out(uow, StoredFiles(call.hub.database, call.hub.keys, call.hub.clock), row, "api")
    headers = {
        "cache-control": "no-store",
        "content-disposition": f"attachment; filename*=UTF-8''{quote(file.name)}",
        "content-length": str(file.size),
    }
    return StreamingResponse(file.chunks, 200, headers, file.media_type)


@router.post(
    "/{export_id}/link",
    response_model=ExportLinkRead,
    responses=problems(ExportNotFound, ExportNotReady, ExportExpired, ExportRemoved),
    openapi_extra=traits(NEVER_STORED),
)
async def link_export(export_id: ExportId, body: ExportLinkCreate, who: CanExport, uow: Uow, call: TheCall) -> Response:
    """Make a link from which somebody without an account can download the file, once.

    Opening it shows a page and uses nothing up; the button downloads. It ends with the file at the latest.
    """
    row = (await find_export(uow, who, export_id)).row
    check_unmasked(row, who)
    lifetime = timedelta(seconds=body.expires_in_seconds)
    link = issue_download(uow, call.hub.settings.public_url, row, lifetime)
    view = {"object": "export_link", "url": link.url, "expires_at": link.expires_at}
    return Answer(view, 200, (NO_STORE,), dump(view | {"url": None}))
