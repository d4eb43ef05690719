"""What a finding shows, as far as it still opens."""

from __future__ import annotations

from typing import Any

from custhub.crypto.errors import IntegrityError
from custhub.crypto.live import LiveKeys
from custhub.features.quality.queries import FindingRecord
from custhub.features.quality.vault import open_evidence


def evidence_of(keys: LiveKeys, record: FindingRecord) -> dict[str, Any] | None:
    """The values of a finding; None after an erasure, or where they are damaged."""
    if record.wrapped_dek is None or record.dek_version is None:
        return None
    row = record.row
    try:
        return open_evidence(keys.cipher.unwrap(row.customer_id, record.dek_version, record.wrapped_dek), row)
    except IntegrityError:
        return None
