"""Single values of a customer as a PATCH would send them, in full: what is put back by an undo."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.features.customers.models import CustomerRow
from custhub.features.customers.schemas.views import TEXTS
from custhub.features.customers.service.custom import PREFIX, opened
from custhub.features.phones.vault import opened_texts
from custhub.kit.ids import Prefix, to_text
from custhub.security.fields import Field

REFERENCES = {Field.OWNER.value: Prefix.USER, Field.TEAM.value: Prefix.TEAM}


def value_of(dek: Dek, row: CustomerRow, field: str) -> Any:  # any JSON value
    """The value of a member (`birthday`, `custom_fields.size`). Raises IntegrityError."""
    if field.startswith(PREFIX):
        key = field.removeprefix(PREFIX)
        value = (row.custom or {}).get(key)
        return opened(dek, row).get(key) if value is None else value
    if field == Field.BIRTHDAY:
        told = {"date": row.birthday, "calendar": row.birthday_calendar, "leap_month": row.birthday_leap_month}
        return None if row.birthday is None else told
    if field == Field.NEEDS:
        return row.needs or []
    value = getattr(row, field)
    if field in TEXTS:
        return opened_texts(dek, "customers", row.id, row.spans, {field: value})[field]
    return to_text(REFERENCES[field], value) if isinstance(value, UUID) else value


def patch_of(field: str, value: Any) -> dict[str, Any]:
    """The body of a PATCH that sets this member."""
    if field.startswith(PREFIX):
        return {"custom_fields": {field.removeprefix(PREFIX): value}}
    return {field: value}
