"""PRODUCT row 4: Chinese addresses in parts with a division code, those of the rest of the world bounded."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from custhub.features.customers.errors import (
    AddressInconsistent,
    AddressInvalid,
    CountryInvalid,
    PostcodeInvalid,
)
from custhub.features.customers.rules import PostalAddress, normalise_address

NANSHAN = PostalAddress("CN", "广东省", "深圳市", "南山区", "440305", "科技园路1号", "518057")

SAME = [
    {"street": "广东省深圳市南山区科技园路1号"},
    {"street": "广东深圳南山区科技园路１号"},
    {"province": "广东", "city": "深圳", "district": "南山", "street": "科技园路1号"},
    {"province": "广东省", "city": "深圳市", "district": "南山区", "street": "广东省深圳市南山区科技园路1号"},
    {"province": "广东省", "city": "深圳市", "street": "南山区科技园路1号"},
    {"province": "广东省", "street": "深圳市南山区科技园路1号"},
    {"division_code": "440305", "street": "科技园路1号"},
    {"division_code": "440300", "district": "南山区", "street": "科技园路1号"},
    {"division_code": "440305", "province": "广东", "street": "深圳市南山区科技园路1号"},
    {"division_code": "440305", "province": "Guangdong", "city": "Shenzhen", "street": "科技园路1号"},
]


@pytest.mark.parametrize("typed", SAME)
def test_one_address_in_many_spellings(typed: dict[str, str]) -> None:
    assert normalise_address(country="cn", postcode=" 518057", **typed) == NANSHAN


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (
            {"province": "广东省", "city": "深圳市", "district": "高新区", "street": "科苑路"},
            PostalAddress("CN", "广东省", "深圳市", "高新区", "440300", "科苑路"),
        ),
        (
            {"city": "昆山市", "district": "玉山镇", "street": "前进路1号"},
            PostalAddress("CN", "江苏省", "苏州市", "昆山市", "320583", "玉山镇前进路1号"),
        ),
        (
            {"province": "浙江省", "city": "杭州市", "street": "浙江省人民医院"},
            PostalAddress("CN", "浙江省", "杭州市", None, "330100", "浙江省人民医院"),
        ),
        (
            {"province": "广东省", "city": "深圳市", "district": "南山区", "street": "福田区福华路"},
            PostalAddress("CN", "广东省", "深圳市", "南山区", "440305", "福田区福华路"),
        ),
        (
            {"province": "浙江", "district": "江干区", "street": "庆春路1号"},
            PostalAddress("CN", "浙江省", "杭州市", "江干区", "330100", "庆春路1号"),
        ),
        (
            {"province": "某省", "city": "某市", "street": "人民路(东)"},
            PostalAddress("CN", "某省", "某市", None, None, "人民路（东）"),
        ),
        ({"province": "Guangdong", "city": "Shenzhen"}, PostalAddress("CN", "Guangdong", "Shenzhen")),
        ({"street": "Room 5"}, PostalAddress("CN", street="Room 5")),
        ({"division_code": "110100"}, PostalAddress("CN", "北京市", "北京市", None, "110000")),
        ({"postcode": "100000"}, PostalAddress("CN", postcode="100000")),
    ],
)
def test_chinese_address(typed: dict[str, str], expected: PostalAddress) -> None:
    assert normalise_address(country="CN", **typed) == expected


@pytest.mark.parametrize(
    "typed",
    [
        {"division_code": "440305", "province": "北京市"},
        {"division_code": "440305", "city": "广州市"},
        {"division_code": "440305", "province": "广东省", "city": "深圳市", "district": "福田区"},
        {"division_code": "440305", "province": "广东省", "city": "深圳市", "district": "高新区"},
        {"division_code": "440305", "province": "某省"},
        {"province": "福建省", "city": "杭州市"},
        {"province": "广东省", "city": "深圳市", "district": "海淀区"},
    ],
)
def test_parts_that_contradict_each_other_are_refused(typed: dict[str, str]) -> None:
    with pytest.raises(AddressInconsistent):
        normalise_address(country="CN", **typed)


@pytest.mark.parametrize(
    ("country", "typed", "error"),
    [
        ("CN", {}, AddressInvalid),
        ("CN", {"street": " \u200b", "city": ""}, AddressInvalid),
        ("CN", {"division_code": "999999"}, AddressInvalid),
        ("CN", {"division_code": "44030"}, AddressInvalid),
        ("CN", {"street": "路" * 401}, AddressInvalid),
        ("CN", {"street": "路" * 9_999}, AddressInvalid),
        ("CN", {"city": "市" * 101}, AddressInvalid),
        ("CN", {"city": "昆山市", "district": "镇" * 100, "street": "路" * 301}, AddressInvalid),
        ("CN", {"street": "路", "postcode": "51805"}, PostcodeInvalid),
        ("DE", {"city": "Berlin", "division_code": "110000"}, AddressInvalid),
        ("XX", {"city": "Berlin"}, CountryInvalid),
    ],
)
def test_bad_parts_are_refused_by_name(country: str, typed: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        normalise_address(country=country, **typed)


def test_address_abroad_is_tidied_text() -> None:
    address = normalise_address(
        country="gb", city=" London ", street="221B\u00a0Baker  Street", postcode="nw16xe", province="  "
    )
    assert address == PostalAddress("GB", city="London", street="221B Baker Street", postcode="NW1 6XE")


def test_a_standard_address_is_its_own_standard_form() -> None:
    for typed in SAME:
        once = normalise_address(country="CN", **typed)
        assert normalise_address(**asdict(once)) == once
