"""Sealing and opening of evidence and guardians, under the data key of their customer."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

import orjson

from custhub.crypto.cipher import Dek
from custhub.crypto.columns import Sealed
from custhub.crypto.errors import IntegrityError
from custhub.features.consents.models import ConsentRow

_TABLE: Final = "consent_entries"


def sealed(dek: Dek, row: ConsentRow, evidence: str | None, guardian: dict[str, Any] | None) -> ConsentRow:
    """The entry with what is known of how it was said."""
    if evidence is not None:
        row = row._replace(evidence=Sealed(dek.seal(_TABLE, "evidence", row.id, evidence.encode())))
    if guardian is not None:
        row = row._replace(guardian=Sealed(dek.seal(_TABLE, "guardian", row.id, orjson.dumps(guardian))))
    return row


def opened(dek: Dek | None, row: ConsentRow) -> tuple[str | None, dict[str, Any] | None]:
    """Evidence and guardian, null where the key is gone or they do not open."""
    evidence: str | None = None
    guardian: dict[str, Any] | None = None
    if dek is not None:
        with suppress(IntegrityError):
            if row.evidence is not None:
                evidence = dek.open(_TABLE, "evidence", row.id, row.evidence.blob).decode()
            if row.guardian is not None:
                guardian = orjson.loads(dek.open(_TABLE, "guardian", row.id, row.guardian.blob))
    return evidence, guardian
