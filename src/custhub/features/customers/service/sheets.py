"""Customers as rows of a sheet, masked unless somebody may see more; and as the bodies that would create them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from custhub.crypto.cipher import FieldCipher
from custhub.crypto.columns import Sealed
from custhub.features.customers.queries.sheets import PART_COLUMNS, SheetPage
from custhub.features.customers.rules.sheets import PARTS, SCALARS, Column, join_list
from custhub.features.customers.schemas.views import TEXTS
from custhub.features.customers.service.cells import CustomCells, cell_of
from custhub.features.customers.service.sheet_parts import RECORD_AT, PartReader, grouped
from custhub.features.fields.rules import Access
from custhub.kit.db import EngineName, Row
from custhub.kit.ids import Prefix, text_of_int
from custhub.security.fields import FieldPolicy

_AT: Final = RECORD_AT
_ID, _SPANS, _BIRTHDAY = _AT["id"], _AT["spans"], _AT["birthday"]
_CALENDAR, _LEAP = _AT["birthday_calendar"], _AT["birthday_leap_month"]
_NEEDS, _PLAIN, _SECRET = _AT["needs"], _AT["custom"], _AT["custom_sealed"]
_CUSTOM: Final = "custom_fields"
_PRIMARY: Final = 2
_PREFIXES: Final = {"id": Prefix.CUSTOMER.value, "owner_id": Prefix.USER.value, "team_id": Prefix.TEAM.value}
_INSTANTS: Final = ("archived_at", "created_at", "updated_at")
_LEAP_MONTH: Final = "birthday.leap_month"
Cells = list[str]
Parts = Mapping[str, Mapping[Any, Sequence[Row]]]


class Rendered(NamedTuple):
    """Rows of a page; `cut` is how many customers have more parts than the sheet has columns for."""

    rows: Sequence[Any]
    cut: int


class Sheet:
    """Renders pages of one engine for one caller, one after the other. Works in any thread; asks no database."""

    def __init__(
        self,
        columns: Sequence[Column],
        cipher: FieldCipher,
        policy: FieldPolicy,
        access: Access,
        engine: EngineName,
        *,
        unmasked: bool,
    ) -> None:
        self.columns = columns
        self._reader = reader = PartReader(cipher, policy, engine, unmasked=unmasked)
        self._driver = reader.driver
        self._policy = policy
        self._custom = CustomCells(access, unmasked=unmasked)
        # What every row is made by is sorted out once: (where it goes, where it stands).
        self._blank = [""] * len(columns)
        scalars = [(i, name, _AT[SCALARS[name][1]]) for i, name in enumerate(c.field for c in columns)
                   if name in SCALARS]  # fmt: skip
        self._texts = [(i, name) for i, name, _ in scalars if name in TEXTS]
        made = (*TEXTS, *_PREFIXES, *_INSTANTS, _LEAP_MONTH)
        self._plain = [(i, at) for i, name, at in scalars if name not in made]
        self._whole = self._plain
        if reader.shows_texts_as_they_are:
            self._whole = self._plain + [(i, at) for i, name, at in scalars if name in TEXTS]
        self._ids = [(i, _PREFIXES[name], at) for i, name, at in scalars if name in _PREFIXES]
        self._instants = [(i, at) for i, name, at in scalars if name in _INSTANTS]
        self._leap = next((i for i, name, _ in scalars if name == _LEAP_MONTH), None)
        self._customs = [(i, column.member or "") for i, column in enumerate(columns) if column.field == _CUSTOM]
        self._needs = next((i for i, column in enumerate(columns) if column.field == "needs"), None)
        self._kinds = kinds_of(columns)
        self._parts = {kind: self._of_kind(kind) for kind in PARTS if any(c.field == kind for c in columns)}
        self._sources = {column.key: i for i, column in enumerate(columns) if column.field == "external_ids"}
        self._tags = next((i for i, column in enumerate(columns) if column.field == "tags"), None)
        self._members = [
            (name, _AT[column], name in TEXTS, _PREFIXES.get(name))
            for name, (field, column) in SCALARS.items()
            if field is not None
            and field != "birthday"
            and field not in policy.hidden
            and (name in TEXTS or field not in policy.masked)
        ]

    def rows(self, page: SheetPage) -> Rendered:
        """A page as cells."""
        parts = {kind: grouped(page.parts[kind]) for kind in self._kinds}
        found, cut = [], 0
        for record in page.records:
            cells, is_cut = self._row(record, parts)
            found.append(cells)
            cut += is_cut
        return Rendered(found, cut)

    def bodies(self, page: SheetPage) -> Rendered:
        """A page as the bodies that would create its customers, every part in them."""
        parts = {kind: grouped(page.parts[kind]) for kind in PART_COLUMNS}
        return Rendered([self._body(record, parts) for record in page.records], 0)

    def _row(self, record: Row, parts: Parts) -> tuple[Cells, bool]:
        cells, is_cut, driver = self._blank.copy(), False, self._driver
        for i, at in self._whole if record[_SPANS] is None else self._plain:
            if (value := record[at]) is not None:
                cells[i] = value
        if self._texts and (record[_SPANS] is not None or self._whole is self._plain):
            texts = self._reader.texts(record)
            for i, name in self._texts:
                cells[i] = texts[name] or ""
        for i, prefix, at in self._ids:
            if (value := record[at]) is not None:
                cells[i] = text_of_int(prefix, driver.number(value))
        for i, at in self._instants:
            if (value := record[at]) is not None:
                cells[i] = driver.instant(value)
        if self._leap is not None and record[_BIRTHDAY] is not None:
            cells[self._leap] = "true" if record[_LEAP] else "false"
        if self._needs is not None and record[_NEEDS] is not None:
            cells[self._needs] = join_list(orjson.loads(record[_NEEDS]))
        if self._customs and record[_PLAIN] is not None:
            custom = self._custom_of(record)
            for i, name in self._customs:
                if name in custom:
                    cells[i] = cell_of(custom[name])
        key = record[_ID]
        for kind, places in self._parts.items():
            if (held := parts[kind].get(key)) is not None:
                is_cut |= len(held) > len(places)
                for part, members in zip(_in_order(held), places, strict=False):
                    values = self._reader.part(kind, record, part)
                    for i, member in members:
                        if (value := values[member]) is not None:
                            cells[i] = value
        if self._sources:
            for _, _, source, external_id in parts["external_ids"].get(key, ()):
                place = self._sources.get(source)
                if place is None or cells[place]:
                    is_cut = True
                else:
                    cells[place] = external_id
        if self._tags is not None and (held := parts["tags"].get(key)) is not None:
            cells[self._tags] = join_list(sorted(tag[2] for tag in held))
        return cells, is_cut

    def _body(self, record: Row, parts: Parts) -> dict[str, Any]:
        policy, key = self._policy, record[_ID]
        is_plain = record[_SPANS] is None and self._reader.shows_texts_as_they_are
        texts = {} if is_plain else self._reader.texts(record)
        body: dict[str, Any] = {}
        for name, at, is_text, prefix in self._members:
            value = texts[name] if is_text and not is_plain else record[at]
            if value is not None:
                body[name] = value if prefix is None else text_of_int(prefix, self._driver.number(value))
        if record[_BIRTHDAY] is not None and policy.may_read("birthday"):
            calendar, leap = record[_CALENDAR], bool(record[_LEAP])
            body["birthday"] = {"date": record[_BIRTHDAY], "calendar": calendar, "leap_month": leap}
        if record[_NEEDS] is not None and policy.may_read("needs") and (needs := orjson.loads(record[_NEEDS])):
            body["needs"] = needs
        if record[_PLAIN] is not None and policy.may_read(_CUSTOM):
            custom = self._custom_of(record)
            body[_CUSTOM] = {name: value for name, value in custom.items() if value is not None}
        for kind in PARTS:
            held = parts[kind].get(key)
            if held is not None and self._shows(kind):
                body[kind] = [_typed(self._reader.part(kind, record, part), part) for part in sorted(held, key=_by_id)]
        if key in parts["external_ids"] and policy.may_read("external_ids"):
            body["external_ids"] = [
                {"source": x[2], "id": x[3]} for x in sorted(parts["external_ids"][key], key=_by_id)
            ]
        if key in parts["tags"] and policy.may_read("tags"):
            body["tags"] = sorted(tag[2] for tag in parts["tags"][key])
        return body

    def _custom_of(self, record: Row) -> Mapping[str, Any]:
        """Values of custom fields, by key."""
        plain, secret = orjson.loads(record[_PLAIN]), record[_SECRET]
        if secret is None:
            return self._custom.values(None, self._driver.uuid(record[_ID]), plain, None)
        dek = self._reader.dek(record)
        return self._custom.values(dek, self._driver.uuid(record[_ID]), plain, Sealed(secret))

    def _shows(self, kind: str) -> bool:
        # Numbers are masked for everybody, and so are addresses of e-mails for some.
        return self._policy.may_read(kind) or (kind in ("phones", "emails") and kind not in self._policy.hidden)

    def _of_kind(self, kind: str) -> list[list[tuple[int, str]]]:
        places: dict[int, list[tuple[int, str]]] = {}
        for i, column in enumerate(self.columns):
            if column.field == kind and column.key is not None and column.member is not None:
                places.setdefault(int(column.key), []).append((i, column.member))
        return [places.get(place, []) for place in range(max(places) + 1)]


def _by_id(part: Row) -> Any:
    return part[1]


def _in_order(parts: Sequence[Row]) -> Sequence[Row]:
    """The primary one first, so that it is the primary one of who reads them; then the oldest."""
    return parts if len(parts) == 1 else sorted(parts, key=lambda part: (not part[_PRIMARY], part[1]))


def _typed(values: Mapping[str, Any], part: Row) -> dict[str, Any]:
    """The members of a part as JSON has them."""
    body = {name: value for name, value in values.items() if value is not None}
    if "shared" in body:
        body["shared"] = body["shared"] == "true"
    return body | {"is_primary": True} if part[_PRIMARY] else body


def kinds_of(columns: Sequence[Column]) -> list[str]:
    """The kinds of parts that have to be read for these columns."""
    fields = {column.field for column in columns}
    return [kind for kind in PART_COLUMNS if kind in fields]


def readable_columns(columns: Sequence[Column], policy: FieldPolicy) -> Iterator[Column]:
    """Those of which this caller sees something."""
    for column in columns:
        field = SCALARS[column.field][0] if column.field in SCALARS else column.field
        partly = field in TEXTS or field in ("phones", "emails")
        if field is None or policy.may_read(field) or (partly and field not in policy.hidden):
            yield column
