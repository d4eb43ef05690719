"""Where in a customer a column goes: `display_name`, `phones[0].number`, `external_ids[shop]`, `custom_fields.size`.

Exports name their columns by the same paths, so an export without a mapping is an import without one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

#: Between the members of a list in one cell; one that is part of a member stands behind a backslash.
LIST_SEPARATOR: Final = ";"
_PATH: Final = re.compile(r"([a-z_]{1,40})(?:\[([^\[\]]{1,64})\])?(?:\.([a-z0-9_]{1,64}))?")
_MOST_PARTS: Final = 20
#: Members that are one value to who fills in a sheet: the member of it that a plain path means.
_PLAIN: Final[Mapping[str, str]] = {"birthday": "date"}
#: Lists that are kept by a key of each part: the member that is the key, and the one that the cell holds.
KEYED: Final[Mapping[str, tuple[str, str]]] = {"external_ids": ("source", "id")}
#: Of a part, members that say nothing without another: a number with a label is a number, a label alone is none.
LEADING: Final[Mapping[str, frozenset[str]]] = {
    "phones": frozenset({"number"}),
    "emails": frozenset({"email"}),
    "contacts": frozenset({"name", "person_id"}),
}
_YES: Final = frozenset({"true", "yes", "y", "1", "是", "对", "有"})
_NO: Final = frozenset({"false", "no", "n", "0", "否", "不", "无"})
_INTEGER: Final = re.compile(r"[+-]?\d{1,18}")
#: Also as JSON and exports write very small ones.
_NUMBER: Final = re.compile(r"[+-]?\d{1,18}(\.\d{1,30})?([eE][+-]?\d{1,3})?")
#: What exports put a quote in front of, with that quote: also a text that was like that already.
_QUOTED: Final = re.compile(r"'+(?:[=+\-@\t\r]|#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!)\Z)")


class Path(NamedTuple):
    """A field, perhaps a part of a list by number or key, perhaps a member of it."""

    field: str
    key: str | None
    member: str | None

    @property
    def place(self) -> int:
        """Which part of a list, where the key is a number."""
        return int(self.key or 0)

    def __str__(self) -> str:
        key = "" if self.key is None else f"[{self.key}]"
        return self.field + key + ("" if self.member is None else f".{self.member}")


class Kind(NamedTuple):
    """What a cell becomes: `text`, `boolean`, `integer`, `number` or `list` of texts."""

    name: str


TEXT: Final = Kind("text")


def parse(text: str) -> Path | None:
    """The path that a text names, None for none."""
    found = _PATH.fullmatch(text)
    if found is None:
        return None
    field, key, member = found.groups()
    if member is None and key is None and field in _PLAIN:
        member = _PLAIN[field]
    if key is not None and field not in KEYED and not (key.isdecimal() and key.isascii() and len(key) < 3):
        return None
    if key is not None and field not in KEYED and int(key) >= _MOST_PARTS:
        return None
    return Path(field, key, member)


def kind_of(schema: Mapping[str, Any], path: Path) -> Kind | None:
    """What the schema of a body says of a path; None where it has no such member."""
    known = _resolved(schema, schema["properties"].get(path.field, {}))
    if not known:
        return None
    kinds = _types(known)
    if path.key is not None:
        if "array" not in kinds:
            return None
        if path.field in KEYED:
            return TEXT if path.member is None else None
        known = _resolved(schema, known.get("items", {}))
        kinds = _types(known)
        if path.member is None:
            return _simple(kinds)
    elif path.member is None:
        if "array" in kinds:
            items = _types(_resolved(schema, known.get("items", {})))
            return Kind("list") if "string" in items else None
        return _simple(kinds)
    if "object" not in kinds:
        return None
    member = known.get("properties", {}).get(path.member)
    if member is None:
        return TEXT if known.get("additionalProperties") else None
    member = _resolved(schema, member)
    kinds = _types(member)
    return Kind("list") if "array" in kinds else _simple(kinds)


def convert(kind: Kind, text: str) -> Any:
    """A cell as a value; what cannot be one stays the text, and is refused where it goes."""
    if kind is TEXT or kind.name == "text":
        return text
    if kind.name == "boolean":
        word = text.strip().lower()
        return True if word in _YES else False if word in _NO else text
    if kind.name == "integer":
        return int(text) if _INTEGER.fullmatch(text.strip()) else text
    if kind.name == "number":
        number = text.strip()
        if _INTEGER.fullmatch(number):
            return int(number)
        return float(number) if _NUMBER.fullmatch(number) else text
    return split_list(text)


def split_list(text: str, separator: str = LIST_SEPARATOR) -> list[str]:
    """The members of a list in one cell."""
    if "\\" not in text:
        return [part for part in map(str.strip, text.split(separator)) if part]
    parts, held, is_escaped = [], "", False
    for character in text:
        if is_escaped:
            held += character
            is_escaped = False
        elif character == "\\":
            is_escaped = True
        elif character == separator:
            parts.append(held.strip())
            held = ""
        else:
            held += character
    parts.append(held.strip())
    return [part for part in parts if part]


def join_list(parts: Sequence[str], separator: str = LIST_SEPARATOR) -> str:
    """The cell that `split_list` reads back."""
    return separator.join(part.replace("\\", "\\\\").replace(separator, "\\" + separator) for part in parts)


def unquoted(text: str) -> str | None:
    """A cell without the quote that kept it from being a formula (S-107); None for a formula."""
    first = text[:1]
    if first == "'" and _QUOTED.match(text):
        return text[1:]
    return None if first == "=" else text


def _resolved(schema: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """A node without references, and without the alternative of null."""
    while True:
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
        elif "anyOf" in node:
            options = [option for option in node["anyOf"] if option.get("type") != "null"]
            if not options:
                return node
            node = options[0]
        else:
            return node


def _types(node: Mapping[str, Any]) -> set[str]:
    kind = node.get("type")
    if kind is None:
        return {"string"} if "enum" in node or "const" in node else set()
    return {kind} if isinstance(kind, str) else set(kind)


def _simple(kinds: set[str]) -> Kind | None:
    for name in ("boolean", "integer", "number"):
        if name in kinds:
            return Kind(name)
    return TEXT if "string" in kinds else None
