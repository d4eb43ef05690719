"""Custom fields of a customer: checked by their definitions, plain ones in the clear, sensitive ones sealed (S-01)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from custhub.crypto.cipher import Dek
from custhub.crypto.columns import Sealed
from custhub.features.customers.models import CustomerRow, FieldValueRow
from custhub.features.fields.errors import CustomFieldInvalid, PhoneInCustomField
from custhub.features.fields.rules import MASK, Access, Catalogue, Definition
from custhub.features.phones.rules import find_numbers
from custhub.http.issues import issue
from custhub.kit.errors import HubError
from custhub.security.principal import FieldNotWritable

PREFIX = "custom_fields."
NEEDS = "needs"
_TABLE, _COLUMN = "customers", "custom_sealed"


class CustomChange(NamedTuple):
    """What a patch of custom fields comes to: columns to store, and by key the value before and after, as shown."""

    columns: dict[str, Any]
    changes: dict[str, tuple[Any, Any]]


class CustomFields:
    """Reads and writes the custom fields that one caller may. `country` is for numbers without country code."""

    def __init__(self, catalogue: Catalogue, access: Access, country: str) -> None:
        self._catalogue = catalogue
        self._access = access
        self._country = country

    def build(
        self, dek: Dek, customer_id: UUID, sent: Mapping[str, Any]
    ) -> tuple[dict[str, Any] | None, Sealed | None]:
        """The columns of a new customer. Raises CustomFieldUnknown, CustomFieldInvalid, FieldNotWritable."""
        plain: dict[str, Any] = {}
        secret: dict[str, Any] = {}
        for key, definition in self._writable(sent):
            if sent[key] is None:
                continue
            value = self._checked(definition, sent[key])
            plain[key] = None if definition.sensitive else value
            if definition.sensitive:
                secret[key] = value
        return plain or None, sealed_values(dek, customer_id, secret)

    def patch(self, dek: Dek, row: CustomerRow, sent: Mapping[str, Any]) -> CustomChange:
        """The columns that change; null takes a value away, a mask leaves it. Raises as `build` does."""
        plain = dict(row.custom or {})
        definitions = dict(self._writable(sent))
        sensitive = any(definition.sensitive for definition in definitions.values())
        secret = opened(dek, row) if sensitive else {}
        before = dict(secret)
        changes: dict[str, tuple[Any, Any]] = {}
        for key, definition in definitions.items():
            value = sent[key]
            if definition.sensitive and value == MASK and key in plain:
                continue
            value = None if value is None else self._checked(definition, value)
            held = secret if definition.sensitive else plain
            if value == held.get(key):
                continue
            changes[key] = (_told(definition, held.get(key)), _told(definition, value))
            if value is None:
                held.pop(key, None)
                plain.pop(key, None)
            else:
                held[key] = value
                if definition.sensitive:
                    plain[key] = None
        columns: dict[str, Any] = {"custom": plain or None} if changes else {}
        if secret != before:
            columns["custom_sealed"] = sealed_values(dek, row.id, secret)
        return CustomChange(columns, changes)

    def _writable(self, sent: Mapping[str, Any]) -> Iterator[tuple[str, Definition]]:
        definitions = [(key, self._access.definition(key)) for key in sent]
        refused = sorted(key for key, _ in definitions if key not in self._access.writable)
        if refused:
            raise FieldNotWritable([f"custom_fields/{key}" for key in refused])
        yield from definitions

    def _checked(self, definition: Definition, sent: Any) -> Any:
        pointer = f"#/custom_fields/{definition.key}"
        try:
            value = definition.schema.check(sent, self._catalogue.is_entry)
        except CustomFieldInvalid as error:
            raise _at(pointer, error) from None
        if definition.sensitive and value == MASK:
            raise _at(pointer, CustomFieldInvalid())
        if not definition.sensitive and definition.schema.is_free and find_numbers(str(value), self._country):
            raise _at(pointer, PhoneInCustomField())
        return value


def opened(dek: Dek, row: CustomerRow) -> dict[str, Any]:
    """The sensitive values of a customer. Raises IntegrityError."""
    return {} if row.custom_sealed is None else opened_values(dek, row.id, row.custom_sealed)


def opened_values(dek: Dek, customer_id: UUID, sealed: Sealed) -> dict[str, Any]:
    """`opened` for who has read no more of a row than that."""
    values: dict[str, Any] = orjson.loads(dek.open(_TABLE, _COLUMN, customer_id, sealed.blob))
    return values


def filter_rows(catalogue: Catalogue, row: CustomerRow) -> tuple[FieldValueRow, ...]:
    """What lists find this customer by."""
    rows = [FieldValueRow(row.id, NEEDS, need) for need in row.needs or ()]
    rows += (FieldValueRow(row.id, field, text) for field, text in catalogue.indexed(row.custom))
    return tuple(rows)


def sealed_values(dek: Dek, customer_id: UUID, secret: Mapping[str, Any]) -> Sealed | None:
    """The column of these sensitive values; None without any."""
    return Sealed(dek.seal(_TABLE, _COLUMN, customer_id, orjson.dumps(secret))) if secret else None


def _told(definition: Definition, value: Any) -> Any:
    return MASK if definition.sensitive and value is not None else value


def _at(pointer: str, error: HubError) -> HubError:
    return type(error)(issues=[issue(pointer, error.code)])
