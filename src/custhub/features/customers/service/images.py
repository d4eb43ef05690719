"""What a customer was before a change, in one sealed value, and how it is made so again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from custhub.crypto.cipher import Dek
from custhub.crypto.columns import Sealed
from custhub.features.customers.models import AddressRow, ContactRow, CustomerRow, EmailRow
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.schemas.views import TEXTS
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.custom import filter_rows
from custhub.features.customers.service.profile import shown_member
from custhub.features.phones.vault import opened_texts
from custhub.security.fields import Field

#: What an image does not hold: it never changes, or is not what somebody said of the customer.
_APART: Final = frozenset({"id", "archived_at", "created_at", "updated_at", "revision", "merged_into", "erased_at"})
COLUMNS: Final = tuple(name for name in CustomerRow._fields if name not in _APART)
_IDS: Final = frozenset({"owner_id", "team_id"})
_SEALED: Final = frozenset({"spans", "custom_sealed"})
#: Of parts, what a change of the whole customer may have changed; others are added by it.
_PARTS: Final[Mapping[Field, tuple[str, ...]]] = {
    Field.PHONES: ("label", "is_primary"),
    Field.EMAILS: ("label", "is_primary"),
    Field.ADDRESSES: ("label", "is_primary"),
    Field.CONTACTS: ("is_primary",),
}
#: Columns that are told of under the name of a member, or not at all.
_MEMBERS: Final[Mapping[str, str | None]] = {
    "birthday_calendar": "birthday",
    "birthday_leap_month": "birthday",
    "custom": "custom_fields",
    "custom_sealed": "custom_fields",
    "spans": None,
    "name_key": None,
    "provenance": None,
}


def image_of(record: CustomerRecord) -> bytes:
    """All that a change of the whole customer can change, to be sealed under its key."""
    row = {name: plain(getattr(record.row, name)) for name in COLUMNS}
    parts = {
        field.value: {part.id.hex: [getattr(part, name) for name in names] for part in getattr(record, field.value)}
        for field, names in _PARTS.items()
    }
    ids, tags = [key.id.hex for key in record.external_ids], [tag.tag_key for tag in record.tags]
    return orjson.dumps({"row": row, "parts": parts, "external_ids": ids, "tags": tags})


def row_of(row: CustomerRow, image: bytes) -> CustomerRow:
    """The row as the image has it; what an image does not hold is as it is now."""
    known = orjson.loads(image)["row"]
    return row._replace(**{name: typed(name, value) for name, value in known.items()})


def parts_of(image: bytes) -> dict[str, list[str]]:
    """The keys of the parts that an image tells of, by field."""
    known = orjson.loads(image)
    parts = {field: sorted(rows) for field, rows in known["parts"].items()}
    return {**parts, Field.EXTERNAL_IDS.value: sorted(known["external_ids"]), Field.TAGS.value: sorted(known["tags"])}


class CustomerImages:
    """Makes customers what they were. Each has to be as it was left by what is taken back."""

    def __init__(self, context: CustomerContext, reason: str) -> None:
        """`reason` stands in the audit entry."""
        self._context = context
        self._uow = context.uow
        self._reason = reason

    def put_back(self, record: CustomerRecord, image: bytes) -> CustomerRecord | None:
        """Make a locked customer what it was, as its next revision; None, and nothing, when it has lost a part."""
        context, known = self._context, orjson.loads(image)
        if any(known["parts"][f.value].keys() - {part.id.hex for part in getattr(record, f.value)} for f in _PARTS):
            return None
        dek = context.dek(record)
        before = {name: typed(name, value) for name, value in known["row"].items()}
        values = {name: value for name, value in before.items() if getattr(record.row, name) != value}
        new = record._replace(row=record.row._replace(**values))
        fields = _told(dek, record.row, new.row, values)
        for field in _PARTS:
            rows = self._parts(record, field, known["parts"][field.value], dek)
            if rows != getattr(record, field.value):
                fields.add(field.value)
                parts: dict[str, Any] = {field.value: rows}
                new = new._replace(**parts)
        new = self._keys_and_tags(new, known, fields)
        details = {name: [shown_member(r, name) for r in (record.row, new.row)] for name in sorted(fields & _SHOWN)}
        context.note(record, sorted(fields), details, reason=self._reason)
        catalogue = context.standards.catalogue.value
        context.customers.change_values(filter_rows(catalogue, record.row), filter_rows(catalogue, new.row))
        revised = context.revise(record, sorted(fields), values)
        context.found_again(record, new)
        context.met_again(record, new)
        return new._replace(row=revised.row)

    def _parts(self, record: CustomerRecord, field: Field, known: Mapping[str, Sequence[Any]], dek: Dek) -> Any:
        kept: list[Any] = []
        for part in getattr(record, field.value):
            was = known.get(part.id.hex)
            if was is None:
                self._remove(part, field)
                continue
            new = part._replace(**dict(zip(_PARTS[field], was, strict=True)))
            if new != part:
                new = new._replace(updated_at=self._uow.now, revision=part.revision + 1)
                self._change(part, new, field, dek)
            kept.append(new)
        return tuple(kept)

    def _remove(self, part: Any, field: Field) -> None:
        if field is Field.PHONES:
            self._context.phones.detach(part)
        else:
            self._context.customers.remove_part(part)

    def _change(self, old: Any, new: Any, field: Field, dek: Dek) -> None:
        if field is Field.PHONES:
            self._context.phones.change(old, new, dek, live=True)
        elif isinstance(new, EmailRow | AddressRow | ContactRow):
            self._context.customers.change_part(old, new)

    def _keys_and_tags(self, record: CustomerRecord, known: Mapping[str, Any], fields: set[str]) -> CustomerRecord:
        customers = self._context.customers
        keys = [key for key in record.external_ids if key.id.hex not in known["external_ids"]]
        tags = [tag for tag in record.tags if tag.tag_key not in known["tags"]]
        for key in keys:
            customers.remove_part(key)
        for tag in tags:
            customers.remove_tag(tag)
        fields.update(
            field.value for field, gone in ((Field.EXTERNAL_IDS, keys), (Field.TAGS, tags)) if gone
        )  # fmt: skip
        return record._replace(
            external_ids=tuple(key for key in record.external_ids if key not in keys),
            tags=tuple(tag for tag in record.tags if tag not in tags),
        )


#: Members of the row that an audit entry tells of with their values.
_SHOWN: Final = frozenset(COLUMNS) - _MEMBERS.keys()


def _told(dek: Dek, old: CustomerRow, new: CustomerRow, values: Mapping[str, Any]) -> set[str]:
    """Names of the members that differ."""
    fields = {_MEMBERS.get(name, name) for name in values} - {None}
    if "spans" in values:
        texts = [
            opened_texts(dek, "customers", row.id, row.spans, {name: getattr(row, name) for name in TEXTS})
            for row in (old, new)
        ]
        fields.update(name for name in TEXTS if texts[0][name] != texts[1][name])
    return {name for name in fields if name is not None}


def plain(value: Any) -> Any:  # of any column
    """A column's value as JSON."""
    if isinstance(value, Sealed):
        return value.blob.hex()
    return value.hex if isinstance(value, UUID) else value


def typed(name: str, value: Any) -> Any:  # of any column
    """The value of the column of this name, of which `plain` made `value`."""
    if value is None:
        return None
    if name in _SEALED:
        return Sealed(bytes.fromhex(value))
    return UUID(hex=value) if name in _IDS else value
