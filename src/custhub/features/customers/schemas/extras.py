"""What a customer's body holds only when asked: where its values come from, and how complete it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from custhub.features.customers.models import CustomerRow
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.rules import CustomerKind
from custhub.features.customers.rules.completeness import Lack, completeness
from custhub.features.customers.rules.provenance import Origin, Provenance, is_empty
from custhub.features.fields.rules import Access, Catalogue
from custhub.features.phones.rules import PhoneStatus
from custhub.kit.ids import Prefix, to_text
from custhub.security.fields import Field, FieldPolicy

_PARTS = (
    (Field.PHONES, Prefix.PHONE),
    (Field.EMAILS, Prefix.EMAIL),
    (Field.ADDRESSES, Prefix.ADDRESS),
    (Field.CONTACTS, Prefix.CONTACT),
)
_LISTED = {Field.EXTERNAL_IDS, Field.TAGS, Field.CUSTOM_FIELDS, *(field for field, _ in _PARTS)}
#: Fields whose values stand in the row of the customer.
SCALARS = tuple(field.value for field in Field if field not in _LISTED)
_USELESS = {PhoneStatus.DEAD, PhoneStatus.CHANGED}


def provenance_view(record: CustomerRecord, policy: FieldPolicy, access: Access) -> list[dict[str, Any]]:
    """Value by value: its field, source, time and rule. Fields that the reader does not see are left out."""
    return list(_origins(record, policy, access))


def _origins(record: CustomerRecord, policy: FieldPolicy, access: Access) -> Iterator[dict[str, Any]]:
    row = record.row
    known = Provenance(row.provenance, row.source, row.created_at)
    for name in SCALARS:
        if policy.may_read(name) and (known.is_told(name) or not is_empty(name, getattr(row, name))):
            yield _origin_view(name, None, known.of(name))
    if policy.may_read(Field.CUSTOM_FIELDS):
        for key in access.readable:
            name = f"custom_fields.{key}"
            if key in (row.custom or {}) or known.is_told(name):
                yield _origin_view(name, None, known.of(name))
    for field, prefix in _PARTS:
        if policy.may_read(field):
            for part in getattr(record, field):
                part_id = to_text(prefix, part.id)
                yield _origin_view(field.value, part_id, known.of_part(part_id, part.created_at))


def _origin_view(name: str, part_id: str | None, origin: Origin) -> dict[str, Any]:
    return {
        "field": name,
        "part_id": part_id,
        "source": origin.source,
        "at": origin.at,
        "rule": origin.rule,
        "by": origin.by,
        "confirmed_until": origin.confirmed_until,
    }


def completeness_view(
    record: CustomerRecord, policy: FieldPolicy, access: Access, catalogue: Catalogue
) -> dict[str, Any]:
    """The score and what is missing, of what the reader sees."""
    row = record.row
    lacks = {name: lack for name, lack in _lacks(record, catalogue).items() if policy.may_read(name)}
    if policy.may_read(Field.CUSTOM_FIELDS):
        for key, definition in access.readable.items():
            if definition.required:
                lacks[f"custom_fields.{key}"] = None if key in (row.custom or {}) else Lack.MISSING
    found = completeness(CustomerKind(row.kind), lacks)
    return {"score": found.score, "missing": [missing._asdict() for missing in found.missing]}


def _lacks(record: CustomerRecord, catalogue: Catalogue) -> dict[str, Lack | None]:
    row = record.row
    lacks: dict[str, Lack | None] = {name: _missing(row, name) for name in SCALARS}
    lacks["source"] = None if catalogue.is_entry("source", row.source) else Lack.UNUSABLE
    lacks["phones"] = _lack(record.phones, any(phone.status not in _USELESS for phone in record.phones))
    lacks["emails"] = _lack(record.emails, bool(record.emails))
    lacks["addresses"] = _lack(record.addresses, any(known.city and known.street for known in record.addresses))
    lacks["contacts"] = _lack(record.contacts, bool(record.contacts))
    return lacks


def _missing(row: CustomerRow, name: str) -> Lack | None:
    return Lack.MISSING if is_empty(name, getattr(row, name)) else None


def _lack(parts: tuple[Any, ...], usable: bool) -> Lack | None:
    return Lack.MISSING if not parts else None if usable else Lack.UNUSABLE
