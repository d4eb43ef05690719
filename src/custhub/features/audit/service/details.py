"""Opens what an entry holds under its customer's key."""

from __future__ import annotations

from typing import Any

import orjson

from custhub.crypto.cipher import Dek
from custhub.features.audit.models import AuditEntry


def open_details(dek: Dek, entry: AuditEntry) -> dict[str, Any] | None:
    """What the writer of the entry put in, None where it put nothing.

    Raises IntegrityError, as after an erasure, when this is not the key it was sealed under. Numbers are masks or
    placeholders in it; whoever shows it filters the fields by the caller's policy.
    """
    if entry.details is None:
        return None
    details: dict[str, Any] = orjson.loads(dek.open("audit_entries", "details", entry.id, entry.details))
    return details
