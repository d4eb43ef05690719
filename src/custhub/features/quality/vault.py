"""Sealing of what a finding shows: values of a customer never stand in the clear beside it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from custhub.crypto.cipher import Dek
from custhub.crypto.columns import Sealed
from custhub.features.quality.models import FindingRow

_TABLE, _COLUMN = "findings", "evidence"


def seal_evidence(dek: Dek, finding_id: UUID, evidence: dict[str, Any]) -> Sealed:
    """The sealed evidence of a finding."""
    return Sealed(dek.seal(_TABLE, _COLUMN, finding_id, orjson.dumps(evidence)))


def open_evidence(dek: Dek, row: FindingRow) -> dict[str, Any]:
    """The evidence of a finding. Raises IntegrityError."""
    evidence: dict[str, Any] = orjson.loads(dek.open(_TABLE, _COLUMN, row.id, row.evidence.blob))
    return evidence
