"""Any text a person or a file may hold gives a standard form or a named error, and the standard form is its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from custhub.features.customers import errors, rules
from custhub.kit.errors import RuleBroken

TODAY = date(2026, 11, 22)

# Any character, weighted towards those the rules treat specially.
SPECIAL = (
    "´’‘ʼ（）()，。．·•・\u3000\u200b\u200c\u200d\u202e\u0301\u0308¨ﬁ①ŉßİſ㍿½ﷺ\ufe0f\U000e0100\ud800م"
    "李單县市区省州旗路场京广東深圳南山年月日初闰农历@.+-_xn0123456789XOI"
)
TEXT = st.text(st.one_of(st.characters(), st.sampled_from(SPECIAL), st.sampled_from("abz 09")), max_size=40)
PLACES = st.lists(
    st.sampled_from(
        [
            "广东省",
            "广东",
            "深圳市",
            "深圳",
            "南山区",
            "吉林",
            "吉林省",
            "吉林市",
            "北京市",
            "朝阳区",
            "海南",
            "文昌市",
            "昆山市",
            "玉山镇",
            "市辖区",
            "高新区",
            "襄樊市",
            "江干区",
            "浙江",
            "科技园路1号",
            "人民医院",
            "场",
            "路",
            "(a)",
            "（",
            " ",
            "，",
            "中国",
            "X",
            "1",
        ]
    ),
    max_size=6,
).map("".join)

IDEMPOTENT: list[tuple[Callable[[str], str], type[RuleBroken]]] = [
    (rules.normalise_name, errors.NameInvalid),
    (rules.normalise_country, errors.CountryInvalid),
    (rules.normalise_language, errors.LanguageInvalid),
    (rules.normalise_time_zone, errors.TimeZoneInvalid),
    (rules.normalise_tag, errors.TagInvalid),
    (rules.normalise_source, errors.ExternalIdInvalid),
    (rules.normalise_external_id, errors.ExternalIdInvalid),
    (rules.parse_gender, errors.GenderInvalid),
    (lambda text: rules.normalise_tax_id(text, "CN"), errors.TaxIdInvalid),
    (lambda text: rules.normalise_tax_id(text, "DE"), errors.TaxIdInvalid),
    (lambda text: rules.normalise_postcode(text, "CN"), errors.PostcodeInvalid),
    (lambda text: rules.normalise_postcode(text, "IE"), errors.PostcodeInvalid),
    (lambda text: rules.parse_email(text).address, errors.EmailInvalid),
    (lambda text: rules.parse_email(text).folded, errors.EmailInvalid),
]


@pytest.mark.parametrize(("normalise", "refusal"), IDEMPOTENT)
@settings(max_examples=400, deadline=None, derandomize=True)
@given(TEXT)
def test_any_text_is_standardised_or_refused_by_name(
    normalise: Callable[[str], str], refusal: type[RuleBroken], text: str
) -> None:
    try:
        once = normalise(text)
    except refusal:
        return
    assert normalise(once) == once


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.from_regex(r"[a-zA-Zé.+_-]{1,9}@[a-zA-Zé中-]{1,9}\.[a-z]{1,5}", fullmatch=True))
def test_email_like_text_is_standardised_or_refused(text: str) -> None:
    try:
        once = rules.parse_email(text)
    except errors.EmailInvalid:
        return
    again = rules.parse_email(once.address)
    assert again == once
    assert once.address.rpartition("@")[2].isascii()


@settings(max_examples=500, deadline=None, derandomize=True)
@given(TEXT)
def test_every_name_has_a_key_and_splits_without_loss(text: str) -> None:
    try:
        name = rules.normalise_name(text)
    except errors.NameInvalid:
        return
    for kind in rules.CustomerKind:
        key = rules.pinyin_key(name, kind)
        assert key.isascii()
        assert key.isprintable()
        assert 0 < len(key) <= rules.MAX_KEY
    family, given = rules.split_name(name)
    assert name.startswith((family or "") + (given or ""))


@settings(max_examples=400, deadline=None, derandomize=True)
@given(TEXT, st.sampled_from(rules.Calendar), st.booleans())
def test_any_text_is_a_birthday_or_refused(text: str, calendar: rules.Calendar, leap: bool) -> None:
    try:
        birthday = rules.parse_birthday(text, today=TODAY, calendar=calendar, leap_month=leap)
    except errors.BirthdayInvalid:
        return
    again = rules.parse_birthday(birthday.text, today=TODAY, calendar=birthday.calendar, leap_month=birthday.leap_month)
    assert again == birthday


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.integers(-(2**40), 2**40), st.integers(-40, 40), st.integers(-40, 40), st.sampled_from(rules.Calendar))
def test_any_numbers_are_a_birthday_or_refused(year: int, month: int, day: int, calendar: rules.Calendar) -> None:
    try:
        birthday = rules.make_birthday(month, day, today=TODAY, year=year, calendar=calendar)
    except errors.BirthdayInvalid:
        return
    assert birthday.born_on is not None
    assert birthday.born_on <= TODAY


PART = st.none() | PLACES | TEXT
CODE = st.none() | st.sampled_from(["440305", "440300", "440000", "110100", "330104", "320583", "999999", "x"])


@settings(max_examples=1_500, deadline=None, derandomize=True)
@given(st.sampled_from(["CN", "CN", "CN", "DE", "xx"]), PART, PART, PART, CODE, PART, st.none() | TEXT)
@example("CN", None, None, None, None, "深圳市南山区(a)路", None)
@example("CN", None, "昆山市", "广东省", None, "深圳市南山区", None)
def test_any_address_is_standardised_or_refused(
    country: str,
    province: str | None,
    city: str | None,
    district: str | None,
    code: str | None,
    street: str | None,
    postcode: str | None,
) -> None:
    try:
        once = rules.normalise_address(
            country=country,
            province=province,
            city=city,
            district=district,
            division_code=code,
            street=street,
            postcode=postcode,
        )
    except (errors.AddressInvalid, errors.AddressInconsistent, errors.CountryInvalid, errors.PostcodeInvalid):
        return
    assert rules.normalise_address(**asdict(once)) == once
    if once.division_code:
        assert rules.find_division(once.division_code) is not None
