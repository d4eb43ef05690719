"""Issues of a refused body or parameter: Pydantic's error types in our codes, in two languages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pydantic_core import PydanticCustomError

from custhub.kit.errors import REGISTRY, FieldIssue, HubError, Location

_LOCATIONS: dict[str, Location] = {"body": "body", "query": "query", "path": "path", "header": "header"}

#: code -> (English, Chinese). Limits are part of the schema, so the texts need no numbers.
TEXTS: dict[str, tuple[str, str]] = {
    "required": ("This member is required.", "缺少必填项。"),
    "unknown_field": ("There is no such member or parameter.", "没有此成员或参数。"),
    "null_not_allowed": ("This member cannot be null.", "此项不能为空值。"),
    "wrong_type": ("The value has the wrong type.", "值的类型不正确。"),
    "too_short": ("The value is too short.", "值过短。"),
    "too_long": ("The value is too long.", "值过长。"),
    "out_of_range": ("The value is out of range.", "值超出范围。"),
    "pattern_mismatch": ("The value does not have the documented form.", "值不符合规定的格式。"),
    "unknown_value": ("The value is not one of the documented ones.", "值不在允许的列表中。"),
    "invalid_timestamp": (
        "A timestamp is RFC 3339 with an offset, such as 2026-01-31T08:00:00Z.",
        "时间须为带时区偏移的 RFC 3339 格式，例如 2026-01-31T08:00:00Z。",
    ),
    "invalid_date": ("A date is YYYY-MM-DD.", "日期须为 YYYY-MM-DD。"),
    "invalid_id": ("This is not an id of the right kind.", "编号的类型不正确。"),
    "repeated": ("This parameter may stand only once.", "此参数只能出现一次。"),
    "invalid_value": ("The value is not valid.", "值无效。"),
}

_TYPES: dict[str, str] = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "string_too_short": "too_short",
    "too_short": "too_short",
    "string_too_long": "too_long",
    "too_long": "too_long",
    "string_pattern_mismatch": "pattern_mismatch",
    "int_from_float": "wrong_type",
    "enum": "unknown_value",
    "literal_error": "unknown_value",
    "union_tag_invalid": "unknown_value",
    "date_from_datetime_parsing": "invalid_date",
    "date_parsing": "invalid_date",
    "date_from_datetime_inexact": "invalid_date",
    "date_type": "invalid_date",
    "timezone_aware": "invalid_timestamp",
    "datetime_parsing": "invalid_timestamp",
    "datetime_from_date_parsing": "invalid_timestamp",
    "datetime_type": "invalid_timestamp",
}
_RANGES = ("greater_than", "greater_than_equal", "less_than", "less_than_equal", "int_parsing_size", "finite_number")

#: Pydantic's name of a bound -> ours, for those whose kinds have one meaning.
_BOUNDS: Final[Mapping[str, tuple[str, str]]] = {
    "string_too_short": ("min_length", "min_length"),
    "string_too_long": ("max_length", "max_length"),
    "too_short": ("min_length", "min_items"),
    "too_long": ("max_length", "max_items"),
    "greater_than": ("gt", "exclusive_minimum"),
    "greater_than_equal": ("ge", "minimum"),
    "less_than": ("lt", "exclusive_maximum"),
    "less_than_equal": ("le", "maximum"),
}
_JSON_TYPES: Final[Mapping[str, str]] = {
    "string": "string", "int": "integer", "float": "number", "bool": "boolean",
    "list": "array", "tuple": "array", "set": "array", "frozen_set": "array",
    "dict": "object", "model": "object", "model_attributes": "object",
}  # fmt: skip
#: Documented values are words; nothing else that may stand between quotes is passed on.
_WORDS: Final = re.compile(r"'([A-Za-z0-9_:./-]{1,100})'")


def _code(kind: str, location: Location, value: object) -> str:
    if kind in TEXTS or kind in REGISTRY:
        return kind
    if value is None and location == "body" and kind.endswith(("_type", "enum", "literal_error")):
        return "null_not_allowed"
    if kind in _TYPES:
        return _TYPES[kind]
    if kind in _RANGES:
        return "out_of_range"
    return "wrong_type" if kind.endswith(("_type", "_parsing", "_attributes_type")) else "invalid_value"


def _expected(kind: str, context: Mapping[str, Any]) -> tuple[tuple[str, object], ...]:
    """What would have been right. Only what the schema says: contexts also hold parts of what was sent."""
    if kind in _BOUNDS:
        theirs, ours = _BOUNDS[kind]
        bound = context.get(theirs)
        return ((ours, bound),) if type(bound) in (int, float) else ()
    if kind in ("enum", "literal_error", "union_tag_invalid"):
        words = _WORDS.findall(context.get("expected_tags" if kind == "union_tag_invalid" else "expected", ""))
        return (("values", words),) if words else ()
    if kind == "wrong_type":
        return (("type", context["type"]),) if "type" in context else ()
    name = _JSON_TYPES.get(kind.removesuffix("_type").removesuffix("_parsing").removesuffix("_from_float"))
    return () if name is None else (("type", name),)


def issue(pointer: str, code: str, location: Location = "body") -> FieldIssue:
    """An issue with the texts of its code: one of this module, or that of a registered error."""
    if code in TEXTS:
        return FieldIssue(pointer, code, location, *TEXTS[code])
    error = REGISTRY.get(code)
    if error is None:
        return FieldIssue(pointer, code, location, *TEXTS["invalid_value"])
    return FieldIssue(pointer, code, location, error.text("en").detail, error.text("zh").detail)


def issues_of(raw: Sequence[Mapping[str, Any]]) -> list[FieldIssue]:
    """Our issues for Pydantic's errors; the refused input itself is dropped."""
    found: list[FieldIssue] = []
    for error in raw[:100]:
        head, *rest = error["loc"]
        location = _LOCATIONS.get(str(head), "body")
        parts = [str(part) for part in rest if not _is_union_branch(str(part))]
        code = _code(error["type"], location, error.get("input"))
        told = issue(pointer(*parts), code, location)
        found.append(replace(told, expected=_expected(error["type"], error.get("ctx") or {})))
    return found


def _is_union_branch(part: str) -> bool:
    return "[" in part or part.startswith(("function-", "constrained-", "lax-or-strict"))


def pointer(*parts: str) -> str:
    """The RFC 6901 pointer to a member, `#/tags/3`, or to a parameter."""
    return "#" + "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def invalid(error: HubError) -> PydanticCustomError:
    """A refused value inside a validator: Pydantic reports it at its place under the error's own code."""
    return PydanticCustomError(error.code, "refused")


def within(member: str, error: HubError) -> HubError:
    """The error with its issues one member deeper: what was judged on its own is part of a larger body."""
    error.issues = tuple(
        replace(found, pointer=f"#/{member}{found.pointer.removeprefix('#')}") for found in error.issues
    )
    return error
