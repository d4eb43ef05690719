"""Routes of scans."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from custhub.features.duplicates.deps import CanRead, CanScan
from custhub.features.duplicates.errors import DuplicateScanNotFound, DuplicateScanRunning
from custhub.features.duplicates.queries.scans import page_of_scans, scan_of
from custhub.features.duplicates.schemas.scans import (
    DuplicateScanPage,
    DuplicateScanQuery,
    DuplicateScanRead,
    scan_view,
)
from custhub.features.duplicates.service.scanning import start_scan
from custhub.features.operations.schemas.jobs import JobRead, accepted
from custhub.http.answers import next_url, page, shown
from custhub.http.deps import TheCall, Uow
from custhub.http.fields import DuplicateScanId
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.paging import Cursors

router = hub_router("/v1/duplicates/scans", "duplicates")


@router.post("", status_code=202, response_model=JobRead, responses=problems(DuplicateScanRunning))
async def start_duplicate_scan(_: CanScan, uow: Uow) -> Response:
    """Compare every live customer with every other, as a job.

    What may be one person becomes a pair, a pair that is none any more is retired, decisions stay. `result_url` of
    the job is the scan.
    """
    return accepted(await start_scan(uow, "request"))


@router.get("", response_model=DuplicateScanPage)
async def list_duplicate_scans(
    request: Request, query: Annotated[DuplicateScanQuery, Query()], who: CanRead, call: TheCall
) -> Response:
    """List scans, newest first."""
    cursors = Cursors(call.hub.keys.cursors.sign, [who.id.hex, "duplicate scans"])
    found = await page_of_scans(call.hub.database, cursors.read(query.cursor), query.limit)
    cursor = cursors.write(found.after)
    return page([scan_view(standing) for standing in found.items], cursor, next_url(request, cursor))


@router.get(
    "/{duplicate_scan_id}",
    response_model=DuplicateScanRead,
    responses=problems(DuplicateScanNotFound),
    openapi_extra=traits(CONDITIONAL),
)
async def get_duplicate_scan(
    duplicate_scan_id: DuplicateScanId, request: Request, _: CanRead, call: TheCall
) -> Response:
    """Get one scan and how far it is."""
    standing = await scan_of(call.hub.database, duplicate_scan_id)
    if standing is None:
        raise DuplicateScanNotFound
    return shown(request, scan_view(standing))
