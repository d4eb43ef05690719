"""Names of columns: `display_name`, `phones[0].number`, `external_ids[shop]`, `tags`, as imports read them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

#: Between the members of a list in one cell; one that is part of a member stands behind a backslash.
SEPARATOR: Final = ";"
_PATH: Final = re.compile(r"([a-z_]{1,40})(?:\[([^\[\]]{1,40})\])?(?:\.([a-z0-9_]{1,40}))?")
_MOST: Final = 20

#: Column -> the field of the policy that it belongs to, and the column of the table; None: no policy hides it.
SCALARS: Final[Mapping[str, tuple[str | None, str]]] = {
    "id": (None, "id"),
    "kind": ("kind", "kind"),
    "display_name": ("display_name", "display_name"),
    "family_name": ("family_name", "family_name"),
    "given_name": ("given_name", "given_name"),
    "company_name": ("company_name", "company_name"),
    "tax_id": ("tax_id", "tax_id"),
    "birthday": ("birthday", "birthday"),
    "birthday.calendar": ("birthday", "birthday_calendar"),
    "birthday.leap_month": ("birthday", "birthday_leap_month"),
    "gender": ("gender", "gender"),
    "language": ("language", "language"),
    "time_zone": ("time_zone", "time_zone"),
    "preferred_channel": ("preferred_channel", "preferred_channel"),
    "stage": ("stage", "stage"),
    "category": ("category", "category"),
    "source": ("source", "source"),
    "owner_id": ("owner_id", "owner_id"),
    "team_id": ("team_id", "team_id"),
    "note": ("note", "note"),
    "archived_at": (None, "archived_at"),
    "created_at": (None, "created_at"),
    "updated_at": (None, "updated_at"),
}
#: Kind of parts -> the members a column can have, and how many parts a sheet has unless it is told.
PARTS: Final[Mapping[str, tuple[tuple[str, ...], int]]] = {
    "phones": (("number", "label", "kind", "shared", "expires_at"), 3),
    "emails": (("email", "label"), 3),
    "addresses": (
        ("street", "district", "city", "province", "country", "postcode", "division_code", "label"), 2,
    ),
    "contacts": (("name", "job_title", "department", "email", "person_id"), 2),
}  # fmt: skip
#: Columns that hold a list of texts.
LISTS: Final = ("needs", "tags")
_LAST: Final = ("archived_at", "created_at", "updated_at")


class Column(NamedTuple):
    """A column: of the record, of a part by its place, of an external id by its source, a custom field, or a list."""

    field: str
    key: str | None = None
    member: str | None = None

    @property
    def name(self) -> str:
        """Its heading."""
        key = "" if self.key is None else f"[{self.key}]"
        return f"{self.field}{key}" + ("" if self.member is None else f".{self.member}")


def parse_column(name: str) -> Column | None:
    """The column of this name, None for none."""
    if name in SCALARS or name in LISTS:
        return Column(name)
    found = _PATH.fullmatch(name)
    if found is None:
        return None
    field, key, member = found.groups()
    if field == "custom_fields":
        return Column(field, None, member) if key is None and member is not None else None
    if field == "external_ids":
        return Column(field, key) if key is not None and member is None else None
    if field not in PARTS or key is None or member not in PARTS[field][0]:
        return None
    return Column(field, key, member) if key.isdecimal() and key.isascii() and int(key) < _MOST else None


def policy_field(column: Column) -> str | None:
    """The field of the policy that a column belongs to; None for what is never hidden."""
    return SCALARS[column.field][0] if column.field in SCALARS else column.field


def usual_columns(sources: Sequence[str], custom: Iterable[str] = ()) -> Iterator[Column]:
    """Those of a sheet that is not told any: everything that a create takes."""
    yield from (Column(name) for name in SCALARS if name not in _LAST)
    for field, (members, count) in PARTS.items():
        yield from (Column(field, str(i), member) for i in range(count) for member in members)
    yield from (Column("external_ids", source) for source in sources)
    yield from (Column("custom_fields", None, key) for key in custom)
    yield from (Column(name) for name in (*LISTS, *_LAST))


def join_list(parts: Sequence[str]) -> str:
    """Members of a list in one cell."""
    return SEPARATOR.join(part.replace("\\", "\\\\").replace(SEPARATOR, "\\" + SEPARATOR) for part in parts)
