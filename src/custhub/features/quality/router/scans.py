"""Routes of scans and of figures over time."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from custhub.features.operations.schemas.jobs import JobRead, accepted
from custhub.features.quality.deps import CanDecide, CanRead
from custhub.features.quality.errors import ScanNotFound, ScanRunning
from custhub.features.quality.queries.scans import page_of_figures, page_of_scans, scan_of
from custhub.features.quality.schemas.scans import (
    FiguresQuery,
    QualityFiguresPage,
    QualityScanPage,
    QualityScanRead,
    ScanQuery,
    figures_view,
    scan_view,
)
from custhub.features.quality.service.scanning import start_scan
from custhub.http.answers import next_url, page, shown
from custhub.http.deps import TheCall, Uow
from custhub.http.fields import ScanId
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.paging import Cursors

router = hub_router("/v1/quality", "quality")


@router.get("", response_model=QualityFiguresPage)
async def list_quality_figures(
    request: Request, query: Annotated[FiguresQuery, Query()], who: CanRead, call: TheCall
) -> Response:
    """List how good the data was, day by day, newest first. The figures are those of the whole hub."""
    database = call.hub.database
    binding = [who.id.hex, "quality", str(query.from_), str(query.to)]
    cursors = Cursors(call.hub.keys.cursors.sign, binding)
    found = await page_of_figures(database, query.from_, query.to, cursors.read(query.cursor), query.limit)
    cursor = cursors.write(found.after)
    return page([figures_view(row) for row in found.items], cursor, next_url(request, cursor))


@router.post("/scans", status_code=202, response_model=JobRead, responses=problems(ScanRunning))
async def start_quality_scan(_: CanDecide, uow: Uow) -> Response:
    """Look at every customer for what may be wrong, as a job. It also runs by itself once a day.

    What is new becomes a finding, a finding whose reason is gone is resolved, the queue of customers to call and the
    figures of the day are made anew. `result_url` of the job is the scan.
    """
    return accepted(await start_scan(uow, "request"))


@router.get("/scans", response_model=QualityScanPage)
async def list_quality_scans(
    request: Request, query: Annotated[ScanQuery, Query()], who: CanRead, call: TheCall
) -> Response:
    """List scans, newest first."""
    cursors = Cursors(call.hub.keys.cursors.sign, [who.id.hex, "quality scans"])
    found = await page_of_scans(call.hub.database, cursors.read(query.cursor), query.limit)
    cursor = cursors.write(found.after)
    return page([scan_view(standing) for standing in found.items], cursor, next_url(request, cursor))


@router.get(
    "/scans/{scan_id}",
    response_model=QualityScanRead,
    responses=problems(ScanNotFound),
    openapi_extra=traits(CONDITIONAL),
)
async def get_quality_scan(scan_id: ScanId, request: Request, _: CanRead, call: TheCall) -> Response:
    """Get one scan and how far it is."""
    standing = await scan_of(call.hub.database, scan_id)
    if standing is None:
        raise ScanNotFound
    return shown(request, scan_view(standing))
