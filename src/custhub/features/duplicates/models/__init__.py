"""Tables of duplicates: pairs, scans, settings, plans."""

from custhub.features.duplicates.models.pairs import (
    DuplicateRow,
    DuplicateScanRow,
    SettingsRow,
    duplicate_scans,
    duplicate_settings,
    duplicates,
)
from custhub.features.duplicates.models.plans import (
    BulkMergeRow,
    GroupRow,
    MemberRow,
    bulk_merge_groups,
    bulk_merge_members,
    bulk_merges,
)

__all__ = [
    "BulkMergeRow",
    "DuplicateRow",
    "DuplicateScanRow",
    "GroupRow",
    "MemberRow",
    "SettingsRow",
    "bulk_merge_groups",
    "bulk_merge_members",
    "bulk_merges",
    "duplicate_scans",
    "duplicate_settings",
    "duplicates",
]
