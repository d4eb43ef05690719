"""From which score pairs are shown and joined."""

from __future__ import annotations

from custhub.features.customers.service.context import CustomerContext
from custhub.features.duplicates.errors import DryRunRequired, ThresholdsCrossed
from custhub.features.duplicates.queries import SettingsRow
from custhub.features.duplicates.queries.plans import was_tried
from custhub.features.duplicates.queries.scans import stored_settings
from custhub.features.duplicates.queries.scoring import active_model
from custhub.features.duplicates.repository import ScanRepository
from custhub.features.duplicates.rules import bits_of
from custhub.features.duplicates.schemas.scans import DuplicateSettingsPatch, settings_etag
from custhub.features.matching.service.counting import Model
from custhub.http.issues import issue
from custhub.kit.revisions import check_revision
from custhub.kit.uow import Note


async def patch_settings(
    context: CustomerContext, body: DuplicateSettingsPatch, if_match: frozenset[int] | None, scoring: Model
) -> SettingsRow:
    """Change them; the next check and the next scan go by them. Raises ThresholdsCrossed, DryRunRequired."""
    uow = context.uow
    row = await stored_settings(uow)
    check_revision(if_match, row.revision, settings_etag(row))
    values = {name: value for name, value in body.changes().items() if value != getattr(row, name)}
    if not values:
        return row
    after = row._replace(**values)
    if after.merge < after.review:
        raise ThresholdsCrossed(issues=[issue("#/merge_bits", ThresholdsCrossed.code)])
    if after.auto_merge and not await was_tried(uow, after.merge, (await active_model(uow)).model_version):
        raise DryRunRequired
    review, merge = bits_of(after.review), bits_of(after.merge)
    uow.on_commit(lambda: scoring.put(lambda weights: weights.cut_at(review, merge)))
    uow.audit(Note("duplicate_settings.updated", "duplicate_settings", None, fields=sorted(values)))
    return ScanRepository(uow).change_settings(row, {**values, "updated_by": context.caller})
