"""From what people write to E.164 (S-30): the normaliser of the API, of imports and of jobs."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, TypeAlias

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat, PhoneNumberType, ValidationResult

from custhub.features.phones.errors import InvalidReason, PhoneInvalid
from custhub.features.phones.rules.kinds import PhoneKind
from custhub.features.phones.rules.renumbering import current_form

MAX_INPUT: Final = 64

#: E.164, `;ext=` and the extension fill one padded block of 32 bytes, so no blob is longer than another (S-07).
MAX_EXTENSION: Final = 10

_MAX_E164: Final = 16

# Without it, numbers of many countries recompile patterns that fell out of the cache of `re`: milliseconds each.
phonenumbers.enable_pattern_cache()

_KINDS: Final = {
    PhoneNumberType.FIXED_LINE: PhoneKind.FIXED,
    PhoneNumberType.MOBILE: PhoneKind.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: PhoneKind.FIXED_OR_MOBILE,
    PhoneNumberType.TOLL_FREE: PhoneKind.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: PhoneKind.PREMIUM,
    PhoneNumberType.SHARED_COST: PhoneKind.SHARED_COST,
    PhoneNumberType.VOIP: PhoneKind.VOIP,
}

_UNREADABLE: Final = {
    NumberParseException.INVALID_COUNTRY_CODE: InvalidReason.INVALID_COUNTRY_CODE,
    NumberParseException.NOT_A_NUMBER: InvalidReason.NOT_A_NUMBER,
    NumberParseException.TOO_SHORT_AFTER_IDD: InvalidReason.TOO_SHORT,
    NumberParseException.TOO_SHORT_NSN: InvalidReason.TOO_SHORT,
    NumberParseException.TOO_LONG: InvalidReason.TOO_MANY_DIGITS,
}

_IMPOSSIBLE: Final = {
    ValidationResult.INVALID_COUNTRY_CODE: InvalidReason.INVALID_COUNTRY_CODE,
    ValidationResult.TOO_SHORT: InvalidReason.TOO_SHORT,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: InvalidReason.TOO_SHORT,
    ValidationResult.TOO_LONG: InvalidReason.TOO_MANY_DIGITS,
}


def _mobile_pattern(region: str) -> str:
    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None or metadata.mobile is None or metadata.mobile.national_number_pattern is None:
        raise RuntimeError(f"the installed phone metadata has no mobile numbers of {region}")
    return metadata.mobile.national_number_pattern


_CN_MOBILE: Final = _mobile_pattern("CN")
_CN_FROM_HOME: Final = re.compile(rf"(?:(?:\+|00)?86)?({_CN_MOBILE})")
_CN_FROM_ABROAD: Final = re.compile(rf"\+86({_CN_MOBILE})")
#: Minus, katakana length mark, hyphen bullet: dashes to whoever types a number, not to Unicode.
_DASHES: Final = frozenset("−ー⁃")
_SEPARATORS: Final = dict.fromkeys(map(ord, " -()."))

_CHINESE_EXTENSION: Final = re.compile(r"\s*(?:转|轉|分机|分機|内线|內線)\s*[:.]?\s*(\d+)\s*$")
_ITU_INTERNATIONAL_PREFIX: Final = re.compile(r"\A[ (]*00(?=[^+]*\Z)")

#: E.164, country, kind, extension.
Reading: TypeAlias = tuple[str, str, PhoneKind, str | None]


def read(raw: str, country: str) -> Reading:
    """Read `raw`, in the region `country` when it has no country code. Raises PhoneInvalid."""
    text = plain(raw)
    return chinese_mobile(text, country) or _read_by_metadata(text, country)


def plain(raw: str) -> str:
    """`raw` with compatibility forms, foreign digits and dashes in ASCII, and without what no eye sees.

    Raises PhoneInvalid above 64 characters.
    """
    if len(raw) > MAX_INPUT:
        raise PhoneInvalid(InvalidReason.TOO_LONG)
    if raw.isascii():
        return raw
    text = unicodedata.normalize("NFKC", raw)
    if len(text) > MAX_INPUT:
        raise PhoneInvalid(InvalidReason.TOO_LONG)
    return text if text.isascii() else "".join(map(_plain_character, text))


def chinese_mobile(text: str, country: str) -> Reading | None:
    """The fast road for what most rows hold: the metadata's answer, or None for anything else.

    `text` comes from `plain`.
    """
    written = _CN_FROM_HOME if country == "CN" else _CN_FROM_ABROAD
    found = written.fullmatch(text.translate(_SEPARATORS))
    return None if found is None else ("+86" + found[1], "CN", PhoneKind.MOBILE, None)


def reading_of(parsed: phonenumbers.PhoneNumber) -> Reading | InvalidReason:
    """What the metadata says about a parsed number."""
    kind = phonenumbers.number_type(parsed)
    country = phonenumbers.region_code_for_number(parsed)
    if kind == PhoneNumberType.UNKNOWN or country is None:
        possible = phonenumbers.is_possible_number_with_reason(parsed)
        return _IMPOSSIBLE.get(possible, InvalidReason.NOT_VALID_FOR_COUNTRY)
    e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    if len(e164) > _MAX_E164:
        return InvalidReason.TOO_MANY_DIGITS
    if parsed.extension and len(parsed.extension) > MAX_EXTENSION:
        return InvalidReason.EXTENSION_TOO_LONG
    return e164, country, _KINDS.get(kind, PhoneKind.OTHER), parsed.extension or None


def _read_by_metadata(text: str, country: str) -> Reading:
    text = " ".join(text.split())
    if not text.isprintable():
        raise PhoneInvalid(InvalidReason.NOT_A_NUMBER)
    text = _CHINESE_EXTENSION.sub(r";ext=\1", text)
    reading = _parse(text, country)
    if isinstance(reading, InvalidReason):
        # 00 is not the international prefix everywhere (011 in North America), but people write it everywhere.
        plus = _ITU_INTERNATIONAL_PREFIX.sub("+", text, count=1)
        other = _parse(plus, country) if plus != text else reading
        if isinstance(other, InvalidReason):
            raise PhoneInvalid(reading)
        return other
    return reading


def _parse(text: str, country: str) -> Reading | InvalidReason:
    try:
        parsed = phonenumbers.parse(text, country)
    except NumberParseException as refused:
        return _UNREADABLE.get(refused.error_type, InvalidReason.NOT_A_NUMBER)
    reading = reading_of(parsed)
    if reading is InvalidReason.EXTENSION_TOO_LONG or not isinstance(reading, InvalidReason):
        return reading
    current = current_form(phonenumbers.format_number(parsed, PhoneNumberFormat.E164))
    if current is None:
        return reading
    renumbered = phonenumbers.parse(current)
    renumbered.extension = parsed.extension
    other = reading_of(renumbered)
    return reading if isinstance(other, InvalidReason) else other


def _plain_character(character: str) -> str:
    if character.isascii():
        return character
    if character in _DASHES or unicodedata.category(character) == "Pd":
        return "-"
    if unicodedata.category(character) == "Cf":
        # Zero-width characters and direction marks come with numbers copied from address books.
        return ""
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)
