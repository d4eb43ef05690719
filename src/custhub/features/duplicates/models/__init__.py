"""Tables of duplicates: pairs, scans, settings, plans, models, hot keys."""

from custhub.features.duplicates.models.hot_keys import HotKeyRow, hot_keys
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
from custhub.features.duplicates.models.scoring import MODEL_VERSION, SHIPPED, MatchModelRow, match_models

__all__ = [
    "MODEL_VERSION",
    "SHIPPED",
    "BulkMergeRow",
    "DuplicateRow",
    "DuplicateScanRow",
    "GroupRow",
    "HotKeyRow",
    "MatchModelRow",
    "MemberRow",
    "SettingsRow",
    "bulk_merge_groups",
    "bulk_merge_members",
    "bulk_merges",
    "duplicate_scans",
    "duplicate_settings",
    "duplicates",
    "hot_keys",
    "match_models",
]
