"""Strict reading of JSON bodies, and their canonical form.

`read_json` answers the traps of CONTRACT P17: what the standard reader accepts silently (NaN, duplicate
members, lone surrogates, numbers that lose digits) is refused as `invalid_json`. `canonical` gives the bytes
that fingerprints and message authentication codes are made of.
"""

from __future__ import annotations

import math
import re
from json import JSONDecodeError, JSONDecoder
from typing import Final, Never

import orjson
import rfc8785

from custhub.kit.errors import FieldIssue, Malformed, Text

MAX_DEPTH: Final = 32
_MIN_INTEGER: Final = -(2**63)
_MAX_INTEGER: Final = 2**63 - 1
# Sign and 19 digits: int() is never called on a longer text, its cost is quadratic.
_MAX_INTEGER_TEXT: Final = 20
_WHITESPACE: Final = " \t\n\r"
_SUSPICIOUS_ESCAPE: Final = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_FOUR_BYTE_LEADS: Final = b"\xf0\xf1\xf2\xf3\xf4"
_PLAIN: Final = frozenset({str, int, bool, type(None)})


class InvalidJson(Malformed):
    """The body is not strict JSON; `errors` says what was found."""

    code = "invalid_json"
    title = "The body is not valid JSON"
    zh = Text("请求体不是有效的 JSON", "请求体不是严格的 JSON，具体原因见 errors。")


def _issue(code: str, detail: str, detail_zh: str) -> FieldIssue:
    return FieldIssue("#", code, "body", detail, detail_zh)


_EMPTY: Final = _issue("empty_body", "The body is empty.", "请求体为空。")
_ENCODING: Final = _issue(
    "not_utf8", "The body is not UTF-8 without a byte order mark.", "请求体不是不带 BOM 的 UTF-8。"
)
_SYNTAX: Final = _issue("syntax", "The body breaks the JSON grammar.", "请求体不符合 JSON 语法。")
_NOT_FINITE: Final = _issue(
    "number_not_finite",
    "NaN, Infinity and numbers that overflow to infinity are not allowed.",
    "不允许 NaN、Infinity 以及溢出为无穷大的数字。",
)
_INTEGER: Final = _issue("integer_out_of_range", "An integer does not fit into 64 bits.", "整数超出 64 位范围。")
DUPLICATE: Final = _issue("duplicate_member", "An object has two members of one name.", "对象中有同名成员。")
_DEPTH: Final = _issue("too_deep", f"The body nests deeper than {MAX_DEPTH}.", f"请求体嵌套超过 {MAX_DEPTH} 层。")
_CHARACTER: Final = _issue(
    "forbidden_character", "A string holds NUL or a lone surrogate.", "字符串包含 NUL 或孤立的代理码位。"
)

#: What a refusal can name as its reason.
ISSUES: Final = (_EMPTY, _ENCODING, _SYNTAX, _NOT_FINITE, _INTEGER, DUPLICATE, _DEPTH, _CHARACTER)


def read_json(body: bytes) -> object:
    """The JSON value in `body`, at most 32 containers deep, integers within int64.

    Raises InvalidJson with one issue. Source: CONTRACT P17.
    """
    try:
        text = body.decode().strip(_WHITESPACE)
    except UnicodeDecodeError:
        raise InvalidJson(issues=(_ENCODING,)) from None
    if not text:
        raise InvalidJson(issues=(_EMPTY,))
    try:
        value, end = _raw_decode(text)
    except JSONDecodeError:
        raise InvalidJson(issues=(_ENCODING if text[0] == "\ufeff" else _SYNTAX,)) from None
    except RecursionError:
        raise InvalidJson(issues=(_DEPTH,)) from None
    if end != len(text):
        raise InvalidJson(issues=(_SYNTAX,))
    # Neither walk is needed unless the bytes make its finding possible.
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH:
        _check_depth(value)
    if b"\\u" in body and _SUSPICIOUS_ESCAPE.search(body) is not None:
        _check_characters(value)
    return value


def canonical(value: object) -> bytes:
    """The RFC 8785 form of a JSON value: one byte string for all spellings of one value.

    Integers beyond 2^53 keep all their digits, where RFC 8785 would round them: two different amounts must not
    share a fingerprint. Raises TypeError for what JSON cannot express, lone surrogates included, and ValueError
    for numbers that are not finite.
    """
    if _is_plain(value):
        out = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        # orjson sorts members by code point, RFC 8785 by UTF-16 unit; the orders differ only beyond U+FFFF.
        if out.isascii() or len(out.translate(None, _FOUR_BYTE_LEADS)) == len(out):
            return out
    return _canonical(value)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidJson(issues=(DUPLICATE,))
    return members


def _integer(text: str) -> int:
    if len(text) > _MAX_INTEGER_TEXT or not _MIN_INTEGER <= (number := int(text)) <= _MAX_INTEGER:
        raise InvalidJson(issues=(_INTEGER,))
    return number


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise InvalidJson(issues=(_NOT_FINITE,))
    return number


def _constant(_: str) -> Never:
    raise InvalidJson(issues=(_NOT_FINITE,))


_raw_decode: Final = JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_float, parse_constant=_constant
).raw_decode


def _check_depth(value: object) -> None:
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(MAX_DEPTH):
        level = [
            child
            for container in level
            for child in (container.values() if isinstance(container, dict) else container)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise InvalidJson(issues=(_DEPTH,))


def _check_characters(value: object) -> None:
    pending = [value]
    while pending:
        found = pending.pop()
        if isinstance(found, str):
            if "\0" in found or not _is_encodable(found):
                raise InvalidJson(issues=(_CHARACTER,))
        elif isinstance(found, dict):
            pending.extend(found)
            pending.extend(found.values())
        elif isinstance(found, list):
            pending.extend(found)


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_plain(value: object) -> bool:
    """Whether orjson writes the value as RFC 8785 does: floats it spells in its own way."""
    pending = [value]
    for found in pending:
        kind = type(found)
        if kind in _PLAIN:
            continue
        if kind is dict:
            pending.extend(found.values())  # type: ignore[attr-defined]
        elif kind is list:
            pending.extend(found)  # type: ignore[arg-type]
        else:
            return False
    return True


def _utf16_name(member: tuple[object, object]) -> bytes:
    name = member[0]
    if not isinstance(name, str):
        raise TypeError("a member name is not text")
    return name.encode("utf-16-be", "surrogatepass")


def _canonical(value: object) -> bytes:
    if isinstance(value, dict):
        members = sorted(value.items(), key=_utf16_name)
        return b"{%s}" % b",".join(orjson.dumps(name) + b":" + _canonical(item) for name, item in members)
    if isinstance(value, (list, tuple)):
        return b"[%s]" % b",".join(map(_canonical, value))
    if isinstance(value, float):
        return rfc8785.dumps(value)
    if type(value) in _PLAIN:
        return orjson.dumps(value)
    raise TypeError(f"{type(value).__name__} is not a JSON value")
