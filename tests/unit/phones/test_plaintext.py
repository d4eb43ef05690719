"""S-20: plaintext never leaves by accident, and hostile input is only ever refused."""

import copy
import dataclasses
import json
import logging
import pickle
import traceback

import orjson
import pydantic_core
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from custhub.features.phones.errors import PhoneInvalid
from custhub.features.phones.rules import NumberSpan, PhoneKind, PhoneNumber, find_numbers

NUMBER = PhoneNumber.parse("+86 138 1234 5678 ext. 90", "CN")
MASKED = "+86 138****5678"


def test_s20_repr_str_and_format_are_the_mask() -> None:
    assert repr(NUMBER) == str(NUMBER) == f"{NUMBER}" == MASKED
    assert repr([NUMBER]) == f"[{MASKED}]"
    assert "12345678" not in repr(NumberSpan(0, 11, NUMBER))


def test_s20_log_records_show_the_mask() -> None:
    record = logging.LogRecord("test", logging.INFO, __file__, 1, "number %s %r", (NUMBER, NUMBER), None)
    assert record.getMessage() == f"number {MASKED} {MASKED}"


@pytest.mark.parametrize("value", [NUMBER, [NUMBER], {"phone": NUMBER}, NumberSpan(0, 11, NUMBER)], ids=type)
def test_s20_no_json_encoder_takes_it(value: object) -> None:
    with pytest.raises(TypeError):
        json.dumps(value)
    with pytest.raises(TypeError):
        orjson.dumps(value)
    with pytest.raises(pydantic_core.PydanticSerializationError):
        pydantic_core.to_json(value)


def test_s20_it_is_not_what_encoders_know() -> None:
    assert not dataclasses.is_dataclass(NUMBER)
    assert not isinstance(NUMBER, str | bytes | tuple | dict)
    assert not hasattr(NUMBER, "__dict__")
    with pytest.raises(TypeError):
        iter(NUMBER)  # type: ignore[call-overload]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_s20_it_is_not_pickled(protocol: int) -> None:
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(NUMBER, protocol)


def test_s20_it_is_not_copied_by_serialising() -> None:
    with pytest.raises(TypeError, match="never pickled"):
        copy.deepcopy(NUMBER)


def test_it_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError) as refused:
        NUMBER.kind = PhoneKind.VIRTUAL
    assert "kind" in str(refused.value)
    with pytest.raises(dataclasses.FrozenInstanceError):
        del NUMBER.kind
    with pytest.raises(dataclasses.FrozenInstanceError):
        NUMBER.anything = 1


def test_it_equals_only_a_number() -> None:
    assert NUMBER != "+8613812345678"
    assert PhoneNumber.parse("13812345678", "CN") == PhoneNumber.parse("+86 138 1234 5678", "US")
    assert hash(PhoneNumber.parse("13812345678", "CN")) == hash(PhoneNumber.parse("+86 138 1234 5678", "US"))


@pytest.mark.parametrize(
    "raw", ["138 1234 56781", "12012345678", "+999 138 1234 5678", "13812345678" * 9, "13812345678张"]
)
def test_s20_a_refusal_carries_no_digit_of_the_input(raw: str) -> None:
    with pytest.raises(PhoneInvalid) as refused:
        PhoneNumber.parse(raw, "CN")
    error = refused.value
    assert error.__context__ is None
    assert error.__cause__ is None
    shown = "".join(traceback.format_exception_only(error)) + repr(error) + repr(vars(error))
    assert not any(digit in shown for digit in "0123456789")


@pytest.mark.parametrize(
    "raw",
    [
        "138\x001234567",
        "13812345678\x00",
        "\x0013812345678",
        "138\x7f12345678",
        "\ud80013812345678",
        "📞13812345678📞",
        "1️⃣3️⃣8️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣",
        "13812345678; DROP TABLE phones",
        "=cmd|'/c calc'!A1",
        "<script>13812345678</script>",
        "+" * 64,
        "(" * 64,
        "x" * 64,
        ";ext=" * 12,
        "tel:;phone-context=" * 3,
        "13812345678;phone-context=evil.example",
        "-" * 63 + "1",
        "\ue5a00\ue5a1",
    ],
)
def test_hostile_input_is_a_number_or_refused(raw: str) -> None:
    try:
        number = PhoneNumber.parse(raw, "CN")
    except PhoneInvalid:
        return
    assert number.e164 == "+8613812345678"


@pytest.mark.parametrize("control", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\ud800", "\ue000", "\U0010ffff"])
def test_control_private_and_unpaired_characters_are_refused(control: str) -> None:
    if control == "\x85":
        assert PhoneNumber.parse(f"138{control}12345678", "CN").e164 == "+8613812345678"
        return
    for raw in (f"138{control}12345678", f"13812345678{control}", f"{control}13812345678"):
        with pytest.raises(PhoneInvalid):
            PhoneNumber.parse(raw, "CN")


COUNTRIES = st.sampled_from(["CN", "US", "BR", "AR", "VN", "GA", "DE", "ZZ", "", "cn", "001"])
NEARLY_NUMBERS = st.text(alphabet="0123456789+-(). x#;,*/~=:extel转分机１２３８（）\u200b\u202e٣", max_size=40)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(raw=st.one_of(st.text(max_size=80), NEARLY_NUMBERS), country=COUNTRIES)
@example(raw="", country="CN")
@example(raw="0" * 64, country="CN")
def test_parse_gives_a_consistent_number_or_phone_invalid(raw: str, country: str) -> None:
    try:
        number = PhoneNumber.parse(raw, country)
    except PhoneInvalid:
        return
    assert number.e164[0] == "+"
    assert number.e164[1:].isascii()
    assert number.e164[1:].isdigit()
    assert len(number.canonical) <= 31
    assert PhoneNumber.parse(number.canonical, "ZZ") == number
    assert number.national not in repr(number)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(text=st.one_of(st.text(max_size=200), NEARLY_NUMBERS), country=COUNTRIES)
def test_find_numbers_takes_any_text(text: str, country: str) -> None:
    done = 0
    for span in find_numbers(text, country):
        assert done <= span.start < span.end <= len(text)
        assert span.number.raw == text[span.start : span.end]
        done = span.end
