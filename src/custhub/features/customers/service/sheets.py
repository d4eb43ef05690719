"""Customers as rows of a sheet, masked unless somebody may see more; and as the bodies that would create them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple
from uuid import UUID

from custhub.crypto.cipher import Dek, FieldCipher
from custhub.crypto.errors import IntegrityError
from custhub.features.customers.queries.sheets import PART_COLUMNS, RECORD_COLUMNS, SheetPage
from custhub.features.customers.rules.sheets import PARTS, SCALARS, Column, join_list
from custhub.features.customers.schemas.views import TEXTS, masked_email
from custhub.features.customers.service.cells import FORMATS, CustomCells, cell_of, instant
from custhub.features.fields.rules import Access
from custhub.features.phones.rules import MaskStyle, mask
from custhub.features.phones.vault import open_e164, opened_texts, shown_texts
from custhub.kit.ids import Prefix, to_text
from custhub.security.fields import FieldPolicy

_AT: Final = {name: i for i, name in enumerate(RECORD_COLUMNS)}
_ID, _SPANS, _BIRTHDAY = _AT["id"], _AT["spans"], _AT["birthday"]
_NEEDS, _PLAIN, _SECRET = _AT["needs"], _AT["custom"], _AT["custom_sealed"]
_CUSTOM: Final = "custom_fields"
_VERSION, _WRAPPED = len(RECORD_COLUMNS), len(RECORD_COLUMNS) + 1
#: Where the columns of a part stand; whose it is stands first.
_PART_AT: Final = {kind: {name: i for i, name in enumerate(names, 1)} for kind, names in PART_COLUMNS.items()}
_PRIMARY: Final = 2
_PREFIXES: Final = {
    "id": Prefix.CUSTOMER,
    "owner_id": Prefix.USER,
    "team_id": Prefix.TEAM,
    "person_id": Prefix.CUSTOMER,
}
_CONTACT_TEXTS: Final = ("name", "job_title", "department")
_VIRTUAL: Final = "virtual"
Cells = list[str]


class Rendered(NamedTuple):
    """Rows of a page; `cut` is how many customers have more parts than the sheet has columns for."""

    rows: Sequence[Any]
    cut: int


class Sheet:
    """Renders pages for one caller. Works in any thread; asks no database."""

    def __init__(
        self, columns: Sequence[Column], cipher: FieldCipher, policy: FieldPolicy, access: Access, *, unmasked: bool
    ) -> None:
        self.columns = columns
        self._custom = CustomCells(access, unmasked=unmasked)
        self._customs = [(i, column.member or "") for i, column in enumerate(columns) if column.field == _CUSTOM]
        self._needs = next((i for i, column in enumerate(columns) if column.field == "needs"), None)
        self._cipher = cipher
        self._policy = policy
        self._style = MaskStyle(policy.phone_mask)
        self._unmasked = unmasked
        self._width = len(columns)
        self._scalars = [(i, column.field, _AT[SCALARS[column.field][1]]) for i, column in enumerate(columns)
                         if column.field in SCALARS]  # fmt: skip
        self._plain = [(i, at) for i, name, at in self._scalars if name not in TEXTS and name not in FORMATS]
        self._made = [(i, FORMATS[name], at) for i, name, at in self._scalars if name in FORMATS]
        self._texts = [(i, name, at) for i, name, at in self._scalars if name in TEXTS]
        self._parts = {kind: self._of_kind(kind) for kind in PARTS if any(c.field == kind for c in columns)}
        self._sources = {column.key: i for i, column in enumerate(columns) if column.field == "external_ids"}
        self._leap = next((i for i, name, _ in self._scalars if name == "birthday.leap_month"), None)
        self._tags = next((i for i, column in enumerate(columns) if column.field == "tags"), None)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of parts that have to be read."""
        more = [("external_ids", bool(self._sources)), ("tags", self._tags is not None)]
        return (*self._parts, *(kind for kind, is_asked in more if is_asked))

    @property
    def all_kinds(self) -> tuple[str, ...]:
        """What bodies need."""
        return tuple(PART_COLUMNS)

    def rows(self, page: SheetPage) -> Rendered:
        """A page as cells."""
        raw, convert = page.records
        parts = {kind: _grouped(page, kind) for kind in self.kinds}
        found, cut = [], 0
        for record in raw:
            cells, is_cut = self._row(record[_ID], convert(record), parts)
            found.append(cells)
            cut += is_cut
        return Rendered(found, cut)

    def bodies(self, page: SheetPage) -> Rendered:
        """A page as the bodies that would create its customers, every part in them."""
        raw, convert = page.records
        parts = {kind: _grouped(page, kind) for kind in PART_COLUMNS}
        return Rendered([self._body(record[_ID], convert(record), parts) for record in raw], 0)

    def _row(self, key: Any, row: Sequence[Any], parts: Mapping[str, Any]) -> tuple[Cells, bool]:
        cells, is_cut = [""] * self._width, False
        dek = self._dek(row)
        for i, at in self._plain:
            if row[at] is not None:
                cells[i] = row[at]
        for i, make, at in self._made:
            if row[at] is not None:
                cells[i] = make(row[at])
        if self._leap is not None and row[_BIRTHDAY] is None:
            cells[self._leap] = ""
        self._put_texts(cells, row, dek)
        if self._needs is not None and row[_NEEDS]:
            cells[self._needs] = join_list(row[_NEEDS])
        if self._customs and row[_PLAIN]:
            custom = self._custom.values(dek, row[_ID], row[_PLAIN], row[_SECRET])
            for i, name in self._customs:
                if name in custom:
                    cells[i] = cell_of(custom[name])
        for kind, places in self._parts.items():
            held = parts[kind].get(key)
            if held is not None:
                is_cut |= len(held) > len(places)
                for part, members in zip(_in_order(held), places, strict=False):
                    values = self._part(kind, dek, part)
                    for i, member in members:
                        value = values.get(member)
                        if value is not None:
                            cells[i] = value
        for _, _, source, external_id in parts.get("external_ids", {}).get(key, ()):
            place = self._sources.get(source)
            if place is None or cells[place]:
                is_cut = True
            else:
                cells[place] = external_id
        if self._tags is not None and (held := parts["tags"].get(key)) is not None:
            cells[self._tags] = join_list(sorted(tag[2] for tag in held))
        return cells, is_cut

    def _body(self, key: Any, row: Sequence[Any], parts: Mapping[str, Any]) -> dict[str, Any]:
        dek, policy = self._dek(row), self._policy
        texts = self._shown_texts(row, dek)
        body: dict[str, Any] = {}
        for name, (field, column) in SCALARS.items():
            if field is None or field == "birthday" or field in policy.hidden:
                continue
            value = texts[name] if name in TEXTS else None if field in policy.masked else row[_AT[column]]
            if value is not None:
                body[name] = to_text(_PREFIXES[name], value) if isinstance(value, UUID) else value
        if row[_BIRTHDAY] is not None and policy.may_read("birthday"):
            calendar, leap = row[_AT["birthday_calendar"]], row[_AT["birthday_leap_month"]]
            body["birthday"] = {"date": row[_BIRTHDAY], "calendar": calendar, "leap_month": leap}
        if row[_NEEDS] and policy.may_read("needs"):
            body["needs"] = row[_NEEDS]
        if row[_PLAIN] and policy.may_read(_CUSTOM):
            seen = self._custom.values(dek, row[_ID], row[_PLAIN], row[_SECRET])
            body[_CUSTOM] = {name: value for name, value in seen.items() if value is not None}
        for kind in PARTS:
            held = parts[kind].get(key)
            if held is not None and self._shows(kind):
                body[kind] = [_typed(self._part(kind, dek, part), part) for part in sorted(held, key=_by_id)]
        if key in parts["external_ids"] and policy.may_read("external_ids"):
            body["external_ids"] = [
                {"source": x[2], "id": x[3]} for x in sorted(parts["external_ids"][key], key=_by_id)
            ]
        if key in parts["tags"] and policy.may_read("tags"):
            body["tags"] = sorted(tag[2] for tag in parts["tags"][key])
        return body

    def _shows(self, kind: str) -> bool:
        # Numbers are masked for everybody, and so are addresses of e-mails for some.
        return self._policy.may_read(kind) or (kind in ("phones", "emails") and kind not in self._policy.hidden)

    def _of_kind(self, kind: str) -> list[list[tuple[int, str]]]:
        places: dict[int, list[tuple[int, str]]] = {}
        for i, column in enumerate(self.columns):
            if column.field == kind and column.key is not None and column.member is not None:
                places.setdefault(int(column.key), []).append((i, column.member))
        return [places.get(place, []) for place in range(max(places) + 1)]

    def _dek(self, row: Sequence[Any]) -> Dek | None:
        wrapped = row[_WRAPPED]
        if wrapped is not None:
            with suppress(IntegrityError):
                return self._cipher.unwrap(row[_ID], row[_VERSION], bytes(wrapped))
        return None

    def _put_texts(self, cells: Cells, row: Sequence[Any], dek: Dek | None) -> None:
        if row[_SPANS] is None and not self._policy.masked:
            for i, _, at in self._texts:
                cells[i] = row[at] or ""
            return
        shown = self._shown_texts(row, dek)
        for i, name, _ in self._texts:
            cells[i] = shown[name] or ""

    def _shown_texts(self, row: Sequence[Any], dek: Dek | None) -> dict[str, str | None]:
        texts: dict[str, str | None] = {name: row[_AT[name]] for name in TEXTS}
        texts = self._readable(dek, "customers", row[_ID], row[_SPANS], texts)
        for name in self._policy.masked.intersection(TEXTS):
            texts[name] = f"{text[0]}***" if (text := texts[name]) else None
        return texts

    def _readable(
        self, dek: Dek | None, table: str, row_id: UUID, spans: Any, texts: dict[str, str | None]
    ) -> dict[str, str | None]:
        if spans is None:
            return texts
        if self._unmasked and dek is not None:
            with suppress(IntegrityError):
                return opened_texts(dek, table, row_id, spans, texts)
        return shown_texts(dek, table, row_id, spans, texts, self._style)

    def _part(self, kind: str, dek: Dek | None, part: Sequence[Any]) -> Mapping[str, Any]:
        at = _PART_AT[kind]
        if kind == "phones":
            number = self._number(dek, part)
            kept = part[at["kind"]]
            expires_at = part[at["expires_at"]]
            return {
                "number": number,
                "label": part[at["label"]],
                "kind": kept if kept == _VIRTUAL else None,
                "shared": "true" if part[at["shared"]] else "false",
                "expires_at": None if expires_at is None else instant(expires_at),
            }
        if kind == "emails":
            email = part[at["email"]]
            return {"email": masked_email(email) if kind in self._policy.masked else email, "label": part[at["label"]]}
        values = {name: part[place] for name, place in at.items() if name not in ("id", "is_primary", "spans")}
        texts = _CONTACT_TEXTS if kind == "contacts" else ("street",)
        spans = part[at["spans"]]
        if spans is not None:
            table = f"customer_{kind}"
            values |= self._readable(dek, table, part[at["id"]], spans, {name: values[name] for name in texts})
        if values.get("person_id") is not None:
            values["person_id"] = to_text(Prefix.CUSTOMER, values["person_id"])
        return values

    def _number(self, dek: Dek | None, part: Sequence[Any]) -> str | None:
        if dek is None:
            return None
        try:
            number = open_e164(dek, part[1], part[3])
        except IntegrityError:
            return None
        return number if self._unmasked else mask(number, self._style)


def _grouped(page: SheetPage, kind: str) -> dict[Any, list[Sequence[Any]]]:
    """Parts by whose they are, as the driver writes ids."""
    raw, convert = page.parts[kind]
    found: dict[Any, list[Sequence[Any]]] = {}
    for row in raw:
        held = found.get(row[0])
        if held is None:
            found[row[0]] = [convert(row)]
        else:
            held.append(convert(row))
    return found


def _by_id(part: Sequence[Any]) -> Any:
    return part[1]


def _in_order(parts: list[Sequence[Any]]) -> list[Sequence[Any]]:
    """The primary one first, so that it is the primary one of who reads them; then the oldest."""
    return parts if len(parts) == 1 else sorted(parts, key=lambda part: (not part[_PRIMARY], part[1]))


def _typed(values: Mapping[str, Any], part: Sequence[Any]) -> dict[str, Any]:
    """The members of a part as JSON has them."""
    body = {name: value for name, value in values.items() if value is not None}
    if "shared" in body:
        body["shared"] = body["shared"] == "true"
    return body | {"is_primary": True} if part[_PRIMARY] else body


def readable_columns(columns: Sequence[Column], policy: FieldPolicy) -> Iterator[Column]:
    """Those of which this caller sees something."""
    for column in columns:
        field = SCALARS[column.field][0] if column.field in SCALARS else column.field
        partly = field in TEXTS or field in ("phones", "emails")
        if field is None or policy.may_read(field) or (partly and field not in policy.hidden):
            yield column
