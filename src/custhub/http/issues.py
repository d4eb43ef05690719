"""Issues of a refused body or parameter: Pydantic's error types in our codes, in two languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

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
        found.append(issue(pointer(*parts), code, location))
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
