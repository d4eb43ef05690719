"""Read statements of duplicates."""

from custhub.features.duplicates.models import (
    BulkMergeRow,
    DuplicateRow,
    DuplicateScanRow,
    GroupRow,
    HotKeyRow,
    MatchModelRow,
    MemberRow,
    SettingsRow,
)

__all__ = [
    "BulkMergeRow",
    "DuplicateRow",
    "DuplicateScanRow",
    "GroupRow",
    "HotKeyRow",
    "MatchModelRow",
    "MemberRow",
    "SettingsRow",
]
