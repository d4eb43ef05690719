"""Read statements of quality."""

from custhub.features.quality.models import FiguresRow, FindingRow, PolicyRow, ScanRow, VerificationRow
from custhub.features.quality.queries.findings import (
    FindingFilter,
    FindingRecord,
    data_key_of,
    finding_by_id,
    findings_among,
    findings_of,
    findings_of_all,
    findings_of_source,
    page_of_findings,
)

__all__ = [
    "FiguresRow",
    "FindingFilter",
    "FindingRecord",
    "FindingRow",
    "PolicyRow",
    "ScanRow",
    "VerificationRow",
    "data_key_of",
    "finding_by_id",
    "findings_among",
    "findings_of",
    "findings_of_all",
    "findings_of_source",
    "page_of_findings",
]
