"""Languages and time zones."""

from __future__ import annotations

import zoneinfo

import pytest

from custhub.features.customers.errors import LanguageInvalid, TimeZoneInvalid
from custhub.features.customers.rules import normalise_language, normalise_time_zone


@pytest.mark.parametrize(
    ("typed", "tag"),
    [
        ("zh", "zh"),
        ("zh-cn", "zh-CN"),
        ("zh_CN", "zh-CN"),
        ("ZH-HANS-CN", "zh-Hans-CN"),
        ("en-us", "en-US"),
        ("es-419", "es-419"),
        ("sl-rozaj-biske", "sl-rozaj-biske"),
        ("de-1996", "de-1996"),
        ("yue-HK", "yue-HK"),
        ("iw", "he"),
        ("en-u-ca-buddhist", "en-u-ca-buddhist"),
        ("de-x-private", "de-x-private"),
    ],
)
def test_language_tag_in_canonical_case(typed: str, tag: str) -> None:
    assert normalise_language(f" {typed} ") == tag


@pytest.mark.parametrize(
    "typed", ["", "c", "cn", "jp", "zh-XX", "zh--CN", "-zh", "zh-", "中文", "english language", "en-US-US", "a" * 99]
)
def test_what_is_no_language_is_refused(typed: str) -> None:
    with pytest.raises(LanguageInvalid):
        normalise_language(typed)


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Asia/Shanghai", "Asia/Shanghai"),
        (" asia/shanghai ", "Asia/Shanghai"),
        ("utc", "UTC"),
        ("america/new_york", "America/New_York"),
    ],
)
def test_time_zone_in_its_own_spelling(typed: str, zone: str) -> None:
    assert normalise_time_zone(typed) == zone
    zoneinfo.ZoneInfo(zone)


@pytest.mark.parametrize(
    "typed", ["", "Asia", "Asia/Beijing", "GMT+8:00", "../etc/passwd", "localtime", "x" * 999, "UTC" + " " * 99]
)
def test_unknown_time_zone_is_refused(typed: str) -> None:
    with pytest.raises(TimeZoneInvalid):
        normalise_time_zone(typed)
