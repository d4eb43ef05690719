"""From the cells of a row to the body of a customer, and from a refused member back to its column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from custhub.features.imports.errors import MappingInvalid
from custhub.features.imports.rules.formats import Read, RowRefused
from custhub.features.imports.rules.paths import KEYED, LEADING, TEXT, Kind, Path, convert, kind_of, parse, unquoted
from custhub.kit.errors import FieldIssue

_NO_COLUMN: Final = -1
_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "unknown_column": ("The file has no such column.", "文件中没有此列。"),
    "unknown_path": ("A customer has no such field.", "客户没有此字段。"),
    "repeated_path": ("This field is filled twice.", "此字段被重复填写。"),
    "mapping_required": (
        "No column of the file is named as a field: say which goes where.",
        "没有列名与字段相符，请给出映射。",
    ),
}


class Rule(NamedTuple):
    """What fills one field: these columns, joined; each value looked up in `values`, if it is there."""

    columns: tuple[str, ...]
    field: str
    join: str = " "
    values: Mapping[str, str] = {}


class Plan(NamedTuple):
    """A mapping as it is stored: rules, and what is the same in every row. None of both: columns name the fields."""

    rules: tuple[Rule, ...]
    constants: Mapping[str, str]

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Plan:
        """Read what `to_json` wrote."""
        rules = tuple(
            Rule(tuple(rule["columns"]), rule["field"], rule["join"], rule["values"]) for rule in stored["rules"]
        )
        return cls(rules, stored["constants"])

    def to_json(self) -> dict[str, Any]:
        """A plain form of it."""
        rules = [
            {"columns": list(rule.columns), "field": rule.field, "join": rule.join, "values": dict(rule.values)}
            for rule in self.rules
        ]
        return {"rules": rules, "constants": dict(self.constants)}


class _Step(NamedTuple):
    """A rule for one file."""

    columns: tuple[int, ...]
    path: Path
    kind: Kind
    join: str
    values: Mapping[str, str]


class Mapper:
    """A plan for one file: makes bodies. Raises MappingInvalid, with an issue for each fault."""

    def __init__(
        self, plan: Plan, columns: Sequence[str], schema: Mapping[str, Any], *, may_be_empty: bool = False
    ) -> None:
        faults: list[FieldIssue] = []
        places = {name: i for i, name in enumerate(columns)}
        self._steps: list[_Step] = []
        self._constants: list[tuple[Path, Any]] = []
        self._columns = columns
        taken: set[Path] = set()
        for i, rule in enumerate(plan.rules or named(columns, schema)):
            missing = [name for name in rule.columns if name not in places]
            if missing:
                faults.append(_fault(f"#/mapping/rules/{i}/columns", "unknown_column"))
            path = self._path(rule.field, schema, taken, f"#/mapping/rules/{i}/field", faults)
            if path is not None and not missing:
                numbers = tuple(places[name] for name in rule.columns)
                self._steps.append(_Step(numbers, path[0], path[1], rule.join, rule.values))
        for name, value in plan.constants.items():
            path = self._path(name, schema, taken, f"#/mapping/constants/{name}", faults)
            if path is not None:
                self._constants.append((path[0], convert(path[1], value)))
        if not (self._steps or faults or may_be_empty):
            faults.append(_fault("#/mapping", "mapping_required"))
        if faults:
            raise MappingInvalid(issues=faults)

    @staticmethod
    def _path(
        text: str, schema: Mapping[str, Any], taken: set[Path], pointer: str, faults: list[FieldIssue]
    ) -> tuple[Path, Kind] | None:
        path = parse(text)
        kind = None if path is None else kind_of(schema, path)
        if path is None or kind is None:
            faults.append(_fault(pointer, "unknown_path"))
            return None
        if path in taken:
            faults.append(_fault(pointer, "repeated_path"))
            return None
        taken.add(path)
        return path, kind

    def body(self, cells: Sequence[str], order: dict[str, list[str]] | None = None) -> dict[str, Any]:
        """The body of a row; `order` is told the key of each part that is in it. Raises RowRefused."""
        if len(cells) > len(self._columns):
            raise RowRefused("column_count", len(self._columns))
        body: dict[str, Any] = {}
        width = len(cells)
        for columns, path, kind, join, values in self._steps:
            if len(columns) == 1:
                column = columns[0]
                text: str | None = cells[column] if column < width else ""
            else:
                text = join.join([cells[column] for column in columns if column < width and cells[column].strip()])
            if not text or text.isspace():
                continue
            text = unquoted(text)
            if text is None:
                raise RowRefused("formula_cell", columns[0])
            if values:
                text = values.get(text.strip(), text)
                if not text:
                    continue
            _put(body, path, text if kind is TEXT else convert(kind, text))
        if not body:
            raise RowRefused("", _NO_COLUMN)  # an empty row
        for path, value in self._constants:
            if path.key is None or path.field in KEYED or path.place in body.get(path.field, {}):
                _put(body, path, value)
        return _closed(body, order)

    def used(self) -> set[int]:
        """Columns that go somewhere."""
        return {column for step in self._steps for column in step.columns}

    def column_of(self, field: str) -> tuple[int, str]:
        """The first column that goes to a field, or -1, and its path."""
        found = next((step for step in self._steps if step.path.field == field), None)
        return (_NO_COLUMN, field) if found is None else (found.columns[0], str(found.path))

    def place_of(self, pointer: str, cells: Sequence[str]) -> tuple[int, str]:
        """The column that a refused member of this row came from, or -1, and its path."""
        order: dict[str, list[str]] = {}
        if any(part.isdecimal() for part in pointer.split("/")[2:3]):
            self.body(cells, order)
        return self.place_among(pointer, order)

    def place_among(self, pointer: str, order: Mapping[str, Sequence[str]]) -> tuple[int, str]:
        """The same for who knows the order of the parts."""
        field, *rest = pointer.removeprefix("#/").split("/")
        parts = [step for step in self._steps if step.path.field == field]
        if rest and rest[0].isdecimal():
            keys, number = order.get(field, []), int(rest[0])
            if number < len(keys):
                parts = [step for step in parts if step.path.key == keys[number]]
            rest = rest[1:]
        if rest and len(parts) > 1:
            parts = [step for step in parts if step.path.member == rest[0]] or parts
        if not parts:
            return _NO_COLUMN, field
        return parts[0].columns[0], str(parts[0].path)


def check_fields(plan: Plan, schema: Mapping[str, Any]) -> None:
    """Raise MappingInvalid for fields that no customer has, or that are filled twice; columns are not known yet."""
    columns = tuple(dict.fromkeys(name for rule in plan.rules for name in rule.columns))
    Mapper(plan, columns, schema, may_be_empty=True)


def named(columns: Sequence[str], schema: Mapping[str, Any]) -> list[Rule]:
    """The rules of a file whose columns are named as fields; others are left out."""
    rules = []
    for name in columns:
        path = parse(name)
        if path is not None and kind_of(schema, path) is not None:
            rules.append(Rule((name,), name))
    return rules


def _put(body: dict[str, Any], path: Path, value: Any) -> None:
    if path.key is None:
        if path.member is None:
            body[path.field] = value
        else:
            body.setdefault(path.field, {})[path.member] = value
        return
    if path.field in KEYED:
        key, held = KEYED[path.field]
        body.setdefault(path.field, {})[path.key] = {key: path.key, held: value}
        return
    parts = body.setdefault(path.field, {})
    if path.member is None:
        parts[path.place] = value
    else:
        parts.setdefault(path.place, {})[path.member] = value


def _closed(body: dict[str, Any], order: dict[str, list[str]] | None) -> dict[str, Any]:
    """Parts in a list, in order, without those that say nothing."""
    for field, parts in list(body.items()):
        if not isinstance(parts, dict):
            continue
        if field in KEYED:
            keys: list[Any] = list(parts)
        elif isinstance(next(iter(parts), None), int):
            leading = LEADING.get(field)
            keys = [key for key in sorted(parts) if leading is None or not leading.isdisjoint(parts[key])]
        else:
            continue
        body[field] = [parts[key] for key in keys]
        if order is not None:
            order[field] = [str(key) for key in keys]
    return body


def _fault(pointer: str, code: str) -> FieldIssue:
    return FieldIssue(pointer, code, "body", *_TEXTS[code])


def unmapped(pointer: str) -> tuple[int, str]:
    """No column, and the path of a member that was sent as it is."""
    return _NO_COLUMN, ".".join(pointer.removeprefix("#/").split("/"))


def empty(read: Read) -> bool:
    """Whether a row has nothing on it."""
    return not isinstance(read, RowRefused) and (not read or (not isinstance(read, dict) and not any(read)))
