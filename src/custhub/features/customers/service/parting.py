"""A customer's own fields as they were before a change, where nobody has changed them since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from custhub.crypto.cipher import Dek
from custhub.features.customers.models import CustomerRow
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.rules import CustomerKind, pinyin_key
from custhub.features.customers.schemas.views import TEXTS
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.custom import PREFIX, filter_rows, opened, sealed_values
from custhub.features.customers.service.images import COLUMNS, plain, typed
from custhub.features.customers.service.texts import stored_texts
from custhub.features.phones.vault import opened_texts

#: Members that are more than a column, or less.
_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "birthday": ("birthday", "birthday_calendar", "birthday_leap_month"),
}
_APART: Final = frozenset(
    {*TEXTS, "spans", "name_key", "custom", "custom_sealed", "provenance", *_GROUPS["birthday"]}
)  # fmt: skip
_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    **_GROUPS,
    **{name: (name,) for name in COLUMNS if name not in _APART},
}


class OwnFields(NamedTuple):
    """Columns to store, the members that they put back, and those that somebody has changed since."""

    values: dict[str, Any]
    restored: Sequence[str]
    kept: Sequence[str]


def own_fields(row: CustomerRow) -> dict[str, Any]:
    """A customer's own columns as JSON, to be sealed under its key."""
    return {name: plain(getattr(row, name)) for name in COLUMNS}


def fields_back(
    dek: Dek, row: CustomerRow, before: Mapping[str, Any], after: Mapping[str, Any], country: str
) -> OwnFields:
    """What makes a row what it was `before` a change that left it as `after`, both of `own_fields`.

    What was changed since stays, member by member. Raises IntegrityError.
    """
    was = row._replace(**{name: typed(name, value) for name, value in before.items()})
    left = row._replace(**{name: typed(name, value) for name, value in after.items()})
    restoring = _Restoring(dek, was, left, row, country)
    return restoring.result()


def restore_fields(
    context: CustomerContext, record: CustomerRecord, before: Mapping[str, Any], after: Mapping[str, Any]
) -> OwnFields:
    """`fields_back`, stored as the next revision of a locked customer, with what lists and search find it by."""
    fields = fields_back(context.dek(record), record.row, before, after, context.country)
    row = context.customers.change(record.row, fields.values)
    context.found_again(record, record._replace(row=row))
    catalogue = context.standards.catalogue.value
    context.customers.change_values(filter_rows(catalogue, record.row), filter_rows(catalogue, row))
    return fields


class _Restoring:
    def __init__(self, dek: Dek, was: CustomerRow, left: CustomerRow, now: CustomerRow, country: str) -> None:
        self._dek = dek
        self._was, self._left, self._now = was, left, now
        self._country = country
        self._values: dict[str, Any] = {}
        self._restored: list[str] = []
        self._kept: list[str] = []

    def result(self) -> OwnFields:
        for member, columns in _MEMBERS.items():
            was, left, now = (
                tuple(getattr(row, name) for name in columns) for row in (self._was, self._left, self._now)
            )
            if self._is_restored(member, was, left, now):
                self._values.update(zip(columns, was, strict=True))
        self._texts()
        self._custom()
        self._provenance()
        if not {"display_name", "kind"}.isdisjoint(self._values):
            row = self._now._replace(**self._values)
            self._values["name_key"] = pinyin_key(row.display_name, CustomerKind(row.kind))
        return OwnFields(self._values, self._restored, self._kept)

    def _is_restored(self, member: str, was: Any, left: Any, now: Any) -> bool:
        """Whether the change had set this member and nobody since; a third value is kept, and told."""
        if was == left or now == was:
            return False
        (self._restored if now == left else self._kept).append(member)
        return bool(now == left)

    def _texts(self) -> None:
        was, left, now = (self._opened(row) for row in (self._was, self._left, self._now))
        back = {name: was[name] for name in TEXTS if self._is_restored(name, was[name], left[name], now[name])}
        if back and now == left:
            # All of them: as they were stored, the numbers in them sealed together.
            self._values.update({name: getattr(self._was, name) for name in (*TEXTS, "spans")})
        else:
            self._values.update(stored_texts(self._dek, self._now, back, self._country))

    def _custom(self) -> None:
        was, left, now = (
            {**(row.custom or {}), **opened(self._dek, row)} for row in (self._was, self._left, self._now)
        )
        back = [
            key
            for key in sorted(was.keys() | left.keys())
            if self._is_restored(f"{PREFIX}{key}", _got(was, key), _got(left, key), _got(now, key))
        ]
        if back and now == left:
            self._values |= {"custom": self._was.custom, "custom_sealed": self._was.custom_sealed}
        elif back:
            plain_values, secret = dict(self._now.custom or {}), opened(self._dek, self._now)
            for values, former in (
                (plain_values, self._was.custom or {}),
                (secret, opened(self._dek, self._was)),
            ):
                for key in back:
                    values.pop(key, None)
                    if key in former:
                        values[key] = former[key]
            self._values["custom"] = plain_values or None
            self._values["custom_sealed"] = sealed_values(self._dek, self._now.id, secret)

    def _provenance(self) -> None:
        was, left, now = (row.provenance or {} for row in (self._was, self._left, self._now))
        new = dict(now)
        for key in was.keys() | left.keys():
            if _got(was, key) != _got(left, key) and _got(now, key) == _got(left, key):
                new.pop(key, None)
                if key in was:
                    new[key] = was[key]
        if new != now:
            self._values["provenance"] = new or None

    def _opened(self, row: CustomerRow) -> dict[str, str | None]:
        return opened_texts(self._dek, "customers", row.id, row.spans, {name: getattr(row, name) for name in TEXTS})


def _got(values: Mapping[str, Any], key: str) -> tuple[bool, Any]:
    return key in values, values.get(key)
