"""Countries and postcodes."""

from __future__ import annotations

import pytest
from phonenumbers import SUPPORTED_REGIONS

from custhub.features.customers.errors import CountryInvalid, PostcodeInvalid
from custhub.features.customers.rules import COUNTRIES, normalise_country, normalise_postcode


def test_the_list_is_iso_3166_1() -> None:
    assert len(COUNTRIES) == 249
    assert not SUPPORTED_REGIONS - COUNTRIES - {"AC", "TA", "XK"}


@pytest.mark.parametrize(
    ("typed", "country"),
    [
        ("CN", "CN"),
        (" cn ", "CN"),
        ("ｃｎ", "CN"),
        ("中国", "CN"),
        ("CHN", "CN"),
        ("uk", "GB"),
        ("USA", "US"),
        ("香港", "HK"),
        ("Japan", "JP"),
    ],
)
def test_country_by_code_or_usual_name(typed: str, country: str) -> None:
    assert normalise_country(typed) == country


@pytest.mark.parametrize("typed", ["", "C", "XX", "CHINA!", "火星", "x" * 1_000])
def test_unknown_country_is_refused(typed: str) -> None:
    with pytest.raises(CountryInvalid):
        normalise_country(typed)


@pytest.mark.parametrize(
    ("country", "typed", "postcode"),
    [
        ("CN", "518057", "518057"),
        ("CN", " ５１８０５７ ", "518057"),
        ("CN", "518 057", "518057"),
        ("US", "94103", "94103"),
        ("US", "941031234", "94103-1234"),
        ("US", "94103-1234", "94103-1234"),
        ("GB", "sw1a1aa", "SW1A 1AA"),
        ("CA", "k1a0b1", "K1A 0B1"),
        ("JP", "1000001", "100-0001"),
        ("NL", "1012 ab", "1012 AB"),
        ("PL", "00950", "00-950"),
        ("BR", "01310-100", "01310-100"),
        ("TW", "10048", "10048"),
        ("IE", "d02 af30", "D02 AF30"),
        ("HK", "999077", "999077"),
    ],
)
def test_postcode_takes_the_form_of_its_country(country: str, typed: str, postcode: str) -> None:
    assert normalise_postcode(typed, country) == postcode
    assert normalise_postcode(postcode, country) == postcode


@pytest.mark.parametrize(
    ("country", "typed"),
    [
        ("CN", "51805"),
        ("CN", "918057"),
        ("CN", "51805a"),
        ("CN", "五一八"),
        ("US", "9410"),
        ("GB", "12345"),
        ("DE", "1234"),
        ("IE", ""),
        ("IE", "!"),
        ("IE", "A" * 13),
        ("FR", "7" * 200),
    ],
)
def test_wrong_postcode_is_refused(country: str, typed: str) -> None:
    with pytest.raises(PostcodeInvalid):
        normalise_postcode(typed, country)
