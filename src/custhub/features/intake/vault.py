"""Sealing and opening of what was sent in, under the data key of its customer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from custhub.crypto.cipher import Dek
from custhub.crypto.columns import Sealed
from custhub.crypto.errors import IntegrityError
from custhub.features.intake.models import TouchpointRow

_TABLE, _COLUMN = "touchpoints", "content"


def seal_content(dek: Dek, touchpoint_id: UUID, content: dict[str, Any]) -> Sealed:
    """What was sent, sealed."""
    return Sealed(dek.seal(_TABLE, _COLUMN, touchpoint_id, orjson.dumps(content)))


def open_content(dek: Dek | None, row: TouchpointRow) -> dict[str, Any] | None:
    """What was sent; None where the key is gone or it does not open."""
    if dek is None:
        return None
    try:
        content: dict[str, Any] = orjson.loads(dek.open(_TABLE, _COLUMN, row.id, row.content.blob))
    except IntegrityError:
        return None
    return content
