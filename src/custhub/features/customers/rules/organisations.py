"""Tax ids of organisations; the Chinese unified social credit code with its check digit."""

from __future__ import annotations

import re
import unicodedata

from custhub.features.customers.errors import TaxIdInvalid
from custhub.features.customers.rules.text import clean

MAX_TAX_ID = 64
_MAX_RAW = 200

# GB 32100-2015: the letters I, O, S, V, Z are not used; weight i is 3**i mod 31.
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUES = {char: value for value, char in enumerate(_ALPHABET)}
_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
_CREDIT_CODE = re.compile(f"[1-9A-HJ-NP-RT-UWXY][{_ALPHABET}][0-9]{{6}}[{_ALPHABET}]{{10}}")
_SEPARATORS = str.maketrans("", "", " -\t")
# I and O do not exist in the code, so who types them means 1 and 0; the check digit confirms it.
_CONFUSED = str.maketrans("IO", "10")


def normalise_tax_id(text: str, country: str) -> str:
    """The tax id of an organisation in `country` (ISO 3166-1 alpha-2), upper case.

    CN: 18 characters, check digit verified. Elsewhere: any text of up to 64 characters that holds a letter or digit.
    Raises TaxIdInvalid. Source: GB 32100-2015.
    """
    if len(text) > _MAX_RAW:
        raise TaxIdInvalid
    if country == "CN":
        return _credit_code(text)
    tax_id = clean(clean(text).upper())
    if not 1 <= len(tax_id) <= MAX_TAX_ID or not any(char.isalnum() for char in tax_id):
        raise TaxIdInvalid
    return tax_id


def _credit_code(text: str) -> str:
    code = text if text.isascii() else unicodedata.normalize("NFKC", text)
    code = code.translate(_SEPARATORS).upper().translate(_CONFUSED)
    if not _CREDIT_CODE.fullmatch(code):
        raise TaxIdInvalid
    total = sum(_VALUES[char] * weight for char, weight in zip(code, _WEIGHTS, strict=False))
    if code[17] != _ALPHABET[-total % 31]:
        raise TaxIdInvalid
    return code
