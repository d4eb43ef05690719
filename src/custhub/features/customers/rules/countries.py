"""Countries and territories, and the form of their postcodes."""

from __future__ import annotations

import re
import unicodedata

from custhub.features.customers.errors import CountryInvalid, PostcodeInvalid

# ISO 3166-1 alpha-2, the 249 officially assigned codes.
_CODES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY "
    "BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK "
    "FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR "
    "IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK "
    "ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
    "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF "
    "TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)
COUNTRIES = frozenset(_CODES.split())

# What people write instead of the code, in files above all.
_NAMES = {
    "GB": ("UK", "GBR", "UNITED KINGDOM", "英国"),
    "CN": ("CHN", "CHINA", "中国", "中國", "中华人民共和国", "中国大陆"),
    "HK": ("HKG", "HONG KONG", "香港", "中国香港"),
    "MO": ("MAC", "MACAO", "MACAU", "澳门", "澳門", "中国澳门"),
    "TW": ("TWN", "TAIWAN", "台湾", "台灣", "中国台湾"),
    "US": ("USA", "UNITED STATES", "美国"),
    "JP": ("JPN", "JAPAN", "日本"),
    "KR": ("KOR", "韩国"),
    "SG": ("SGP", "SINGAPORE", "新加坡"),
    "MY": ("MYS", "MALAYSIA", "马来西亚"),
    "CA": ("CAN", "CANADA", "加拿大"),
    "AU": ("AUS", "AUSTRALIA", "澳大利亚"),
    "DE": ("DEU", "GERMANY", "德国"),
    "FR": ("FRA", "FRANCE", "法国"),
}
_ALIASES = {name: code for code, names in _NAMES.items() for name in names}

_MAX_RAW = 100
_NOT_ALPHANUMERIC = re.compile(r"[\s.\-]+")
_ANY_POSTCODE = re.compile(r"(?=.*[A-Z0-9])[A-Z0-9](?:[ -]?[A-Z0-9]){1,11}")
# Without separators -> where the separator stands in the national form.
_POSTCODES: dict[str, tuple[re.Pattern[str], str]] = {
    country: (re.compile(pattern), form)
    for countries, pattern, form in (
        ("CN", r"([0-8]\d{5})", r"\1"),
        ("DE ES FR IT FI KR TH TR MX MY ID UA", r"(\d{5})", r"\1"),
        ("AT AU BE CH DK HU NZ NO PH ZA", r"(\d{4})", r"\1"),
        ("IN RU SG", r"(\d{6})", r"\1"),
        ("TW", r"(\d{3}|\d{5,6})", r"\1"),
        ("US", r"(\d{5})", r"\1"),
        ("CZ GR SE SK", r"(\d{3})(\d{2})", r"\1 \2"),
        ("PL", r"(\d{2})(\d{3})", r"\1-\2"),
        ("PT", r"(\d{4})(\d{3})", r"\1-\2"),
        ("BR", r"(\d{5})(\d{3})", r"\1-\2"),
        ("JP", r"(\d{3})(\d{4})", r"\1-\2"),
        ("NL", r"([1-9]\d{3})([A-Z]{2})", r"\1 \2"),
        ("CA", r"([A-Z]\d[A-Z])(\d[A-Z]\d)", r"\1 \2"),
        ("GB", r"([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})", r"\1 \2"),
    )
    for country in countries.split()
}
_US_PLUS_FOUR = re.compile(r"(\d{5})(\d{4})")


def normalise_country(text: str) -> str:
    """The ISO 3166-1 alpha-2 code, from the code in any case or a usual name. Raises CountryInvalid."""
    if text in COUNTRIES:
        return text
    if len(text) > _MAX_RAW:
        raise CountryInvalid
    word = unicodedata.normalize("NFKC", text).strip().upper()
    country = word if word in COUNTRIES else _ALIASES.get(word)
    if country is None:
        raise CountryInvalid
    return country


def normalise_postcode(text: str, country: str) -> str:
    """The postcode in the form of its country: 518057, SW1A 1AA, 100-0001. Raises PostcodeInvalid.

    Countries without a rule here take 2 to 12 letters and digits, single spaces and hyphens between them.
    """
    if len(text) > _MAX_RAW:
        raise PostcodeInvalid
    typed = unicodedata.normalize("NFKC", text).strip().upper()
    if not typed.isascii():
        raise PostcodeInvalid
    bare = _NOT_ALPHANUMERIC.sub("", typed)
    if country == "US" and (match := _US_PLUS_FOUR.fullmatch(bare)):
        return f"{match[1]}-{match[2]}"
    rule = _POSTCODES.get(country)
    if rule is None:
        postcode = " ".join(typed.split())
        if not _ANY_POSTCODE.fullmatch(postcode):
            raise PostcodeInvalid
        return postcode
    pattern, form = rule
    match = pattern.fullmatch(bare)
    if match is None:
        raise PostcodeInvalid
    return match.expand(form)
