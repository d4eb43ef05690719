"""CONTRACT P17: what the strict reader refuses, and the canonical form of RFC 8785."""

import json
import math
from typing import Any

import orjson
import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from custhub.http.json_body import MAX_DEPTH, InvalidJson, canonical, read_json


def _nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty_body"),
        (b" \n\t\r ", "empty_body"),
        (b"{", "syntax"),
        (b"{} {}", "syntax"),
        (b"[1,]", "syntax"),
        (b"'a'", "syntax"),
        (b"\x0c{}", "syntax"),
        (b'{"a":01}', "syntax"),
        (b'"a\nb"', "syntax"),
        (b'"a\x00b"', "syntax"),
        (b'"\\ud8"', "syntax"),
        (b"\xff\xfe{\x00}\x00", "not_utf8"),
        ('{"a":"é"}'.encode("latin-1"), "not_utf8"),
        ("{}".encode("utf-16"), "not_utf8"),
        (b"\xef\xbb\xbf{}", "not_utf8"),
        (b'"\xed\xa0\x80"', "not_utf8"),
        (b"NaN", "number_not_finite"),
        (b'{"a":[Infinity]}', "number_not_finite"),
        (b"-Infinity", "number_not_finite"),
        (b"1e400", "number_not_finite"),
        (b"-1.5e999999", "number_not_finite"),
        (b"9223372036854775808", "integer_out_of_range"),
        (b"-9223372036854775809", "integer_out_of_range"),
        (b'{"a":18446744073709551615}', "integer_out_of_range"),
        (b"1" * 5000, "integer_out_of_range"),
        (b'{"a":1,"a":1}', "duplicate_member"),
        (b'{"a":1,"\\u0061":2}', "duplicate_member"),
        (b'[{"x":{"a":1,"b":2,"a":3}}]', "duplicate_member"),
        (_nested(MAX_DEPTH + 1), "too_deep"),
        (_nested(100_000), "too_deep"),
        (b'{"a":' * 900 + b"1" + b"}" * 900, "too_deep"),
        (b'"\\u0000"', "forbidden_character"),
        (b'{"\\u0000":1}', "forbidden_character"),
        (b'"\\ud800"', "forbidden_character"),
        (b'["\\uDFFF"]', "forbidden_character"),
        (b'{"a":["\\ud83d","\\ude00"]}', "forbidden_character"),
        (b'"\\ude00\\ud83d"', "forbidden_character"),
    ],
)
def test_contract_p17_refuses(body: bytes, code: str) -> None:
    with pytest.raises(InvalidJson) as refused:
        read_json(body)
    (issue,) = refused.value.issues
    assert issue.code == code
    assert issue.pointer == "#"
    assert issue.detail
    assert issue.detail_zh


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"null", None),
        (b" \r\n\t{ } \n", {}),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'"\\\\u0000 \\\\ud800"', "\\u0000 \\ud800"),
        ('{"名":"王小明"}'.encode(), {"名": "王小明"}),
        (b'{"\\u738b":"\\u5c0f"}', {"王": "小"}),
        (b"[9223372036854775807,-9223372036854775808,-0]", [2**63 - 1, -(2**63), 0]),
        (b"[1.5,1e3,5e-324]", [1.5, 1000.0, 5e-324]),
        (b'"' + b"[{" * 100 + b'"', "[{" * 100),
        (b"[" + b"{}," * 99 + b"{}]", [{}] * 100),
        (b'[{"a":1},{"a":2}]', [{"a": 1}, {"a": 2}]),
        (b'"\\u007f\xef\xbb\xbf"', "\x7f\ufeff"),
    ],
)
def test_contract_p17_reads(body: bytes, value: object) -> None:
    assert read_json(body) == value


def test_contract_p17_reads_depth_32_and_not_33() -> None:
    read_json(_nested(MAX_DEPTH))
    read_json(b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH)
    with pytest.raises(InvalidJson):
        read_json(b'{"a":' * MAX_DEPTH + b"[]" + b"}" * MAX_DEPTH)


def test_refusal_names_no_value_of_the_body() -> None:
    with pytest.raises(InvalidJson) as refused:
        read_json(b'{"13812345678":1,"13812345678":2}')
    assert "138" not in f"{refused.value} {refused.value.issues}"
    assert refused.value.__cause__ is None


_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
_integers = st.integers(min_value=-(2**63), max_value=2**63 - 1)
_floats = st.floats(allow_nan=False, allow_infinity=False)


def _values(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_text, inner, max_size=5),
        max_leaves=20,
    )


@given(_values(st.none() | st.booleans() | _integers | _floats | _text), st.booleans())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_reads_what_json_writes(value: Any, ascii_only: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=40) | st.text(alphabet='{}[]":,\\u0d8e1.-aN ', max_size=40).map(str.encode))
@settings(max_examples=500, deadline=None, derandomize=True)
def test_any_bytes_are_read_as_orjson_reads_them_or_refused(body: bytes) -> None:
    try:
        value = read_json(body)
    except InvalidJson:
        return
    assert value == orjson.loads(body)


_safe_integers = st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1)


@given(_values(st.none() | st.booleans() | _safe_integers | _floats | _text))
@settings(max_examples=500, deadline=None, derandomize=True)
def test_canonical_equals_rfc_8785(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(_values(st.none() | st.booleans() | _safe_integers | _text))
@settings(max_examples=500, deadline=None, derandomize=True)
def test_canonical_equals_rfc_8785_without_floats(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


#: The canonical form writes whole floats below 1e21 as integers, which are read up to 64 bits alone.
_readable_floats = _floats.filter(lambda number: not 2**63 <= abs(number) < 1e21)


@example(9.223372036854775e18)
@given(_values(st.none() | st.booleans() | _integers | _readable_floats | _text))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_canonical_of_one_value_in_two_spellings_is_one(value: Any) -> None:
    spelled = [
        json.dumps(value).encode(),
        json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode(),
        canonical(value),
    ]
    assert {canonical(read_json(body)) for body in spelled} == {canonical(value)}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"\U0001f600": 1, "\ufffd": 2}, '{"\U0001f600":1,"\ufffd":2}'),
        ({"b": 1.0, "a": -0.0}, '{"a":0,"b":1}'),
        ([1e21, 1e-7, 2**63 - 1], "[1e+21,1e-7,9223372036854775807]"),
        ({"a": [9007199254740993, 0.5]}, '{"a":[9007199254740993,0.5]}'),
        ('\x08\x1f\x7f/"\\\u2028', '"\\b\\u001f\x7f/\\"\\\\\u2028"'),
    ],
)
def test_canonical_known_answers(value: object, expected: str) -> None:
    assert canonical(value) == expected.encode()


@pytest.mark.parametrize("value", [{1: "a"}, {1: 0.5}, {"a": object()}, {"a": {"b"}}, "\ud800", {"\ud800": 1.5}])
def test_canonical_refuses_what_is_not_json(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)


@pytest.mark.parametrize("value", [math.nan, [math.inf], {"a": None, "b": -math.inf}])
def test_canonical_refuses_numbers_that_are_not_finite(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical(value)
