"""What the entries of a customer's history hold, as far as it can still be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from custhub.crypto.cipher import Dek
from custhub.crypto.errors import IntegrityError
from custhub.features.audit.service import open_details
from custhub.features.customers.queries.history import AuditEntry


def details_of(entry: AuditEntry, dek: Dek | None) -> Mapping[str, Any]:
    """Old and new value by field; empty where none was kept, and after an erasure."""
    if dek is None:
        return {}
    try:
        return open_details(dek, entry) or {}
    except IntegrityError:
        return {}
