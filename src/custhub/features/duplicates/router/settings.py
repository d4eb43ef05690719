"""Routes of the settings."""

from __future__ import annotations

from fastapi import Request, Response

from custhub.features.duplicates.deps import CanManage, CanRead, IfMatch, context_of
from custhub.features.duplicates.errors import DryRunRequired, ThresholdsCrossed
from custhub.features.duplicates.queries.scans import stored_settings
from custhub.features.duplicates.schemas.scans import (
    DuplicateSettingsPatch,
    DuplicateSettingsRead,
    settings_etag,
    settings_view,
)
from custhub.features.duplicates.service.modelling import SCORING
from custhub.features.duplicates.service.settings import patch_settings
from custhub.http.answers import not_modified, ok
from custhub.http.hub import call_of
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router

router = hub_router("/v1/duplicates/settings", "duplicates")


@router.get("", response_model=DuplicateSettingsRead, openapi_extra=traits(CONDITIONAL))
async def get_duplicate_settings(request: Request, _: CanRead) -> Response:
    """Get from which score pairs are shown and joined, and what happens by itself."""
    row = await stored_settings(call_of(request).hub.database)
    etag = settings_etag(row)
    return not_modified(etag) if call_of(request).has_seen(etag) else ok(settings_view(row), etag)


@router.patch("", response_model=DuplicateSettingsRead, responses=problems(ThresholdsCrossed, DryRunRequired))
async def update_duplicate_settings(
    body: DuplicateSettingsPatch, request: Request, _: CanManage, if_match: IfMatch
) -> Response:
    """Change the settings; the next check and the next scan go by them.

    `auto_merge` is off until a dry run of a bulk merge at `merge_bits` came to its end: its counts are what would
    happen.
    """
    row = await patch_settings(context_of(request), body, if_match, call_of(request).hub.parts[SCORING])
    return ok(settings_view(row), settings_etag(row))
