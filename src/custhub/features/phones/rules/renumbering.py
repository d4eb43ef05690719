"""National variants of one subscriber (S-09): one row per country, each with the plan it comes from.

A row rewrites the other spelling of a number to the one that the hub hashes, and never touches a number written in
that form. Where the other spelling went out of use, a number that was kept in it is read as the current one, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from custhub.features.phones.rules.masking import split


@dataclass(frozen=True, slots=True)
class Renumbering:
    """How the national digits of one country are rewritten. `other` matches the whole of the other spelling.

    `retired`: the other spelling cannot be dialled any more.
    """

    country: str
    calling_code: str
    other: re.Pattern[str]
    rewrite: Callable[[re.Match[str]], str]
    retired: bool
    source: str


_VIETNAM_OLD_TO_NEW: Final = {
    "120": "70", "121": "79", "122": "77", "126": "76", "128": "78",
    "123": "83", "124": "84", "125": "85", "127": "81", "129": "82",
    "162": "32", "163": "33", "164": "34", "165": "35", "166": "36", "167": "37", "168": "38", "169": "39",
    "186": "56", "188": "58", "199": "59",
}  # fmt: skip

_IVORY_COAST_OPERATOR: Final = dict(zip("0123456789", ["01"] * 4 + ["05"] * 3 + ["07"] * 3, strict=True))

_GABON_OPERATOR: Final = {"1": "1", "2": "6", "5": "6", "6": "6", "4": "7", "7": "7"}

RENUMBERINGS: Final = (
    Renumbering(
        "AR",
        "+54",
        re.compile(r"9(\d{10})"),
        lambda old: old[1],
        False,
        "Plan Fundamental de Numeración Nacional (Res. SC 46/97): the 9 marks a call from abroad to a mobile, "
        "area code and number are the subscriber's",
    ),
    Renumbering(
        "BJ",
        "+229",
        re.compile(r"\d{8}"),
        lambda old: "01" + old[0],
        True,
        "ARCEP Bénin, ten-digit plan of 30 November 2024: 01 before every old number",
    ),
    Renumbering(
        "BR",
        "+55",
        # Not 7: those eight-digit numbers belong to trunked radio, which got no ninth digit.
        re.compile(r"([1-9]\d)([689]\d{7})"),
        lambda old: f"{old[1]}9{old[2]}",
        True,
        "ANATEL, Resolução 553/2010: ninth digit of mobiles, complete since 6 November 2016",
    ),
    Renumbering(
        "CI",
        "+225",
        # Mobiles only. Fixed lines went by operator too, but their old blocks are not published completely.
        re.compile(r"([04-9])(\d)(\d{6})"),
        lambda old: _IVORY_COAST_OPERATOR[old[2]] + old[0],
        True,
        "ARTCI, ten-digit plan of 31 January 2021: 01 Moov (second digit 0-3), 05 MTN (4-6), 07 Orange (7-9)",
    ),
    Renumbering(
        "CO",
        "+57",
        re.compile(r"[1245678][2-9]\d{6}"),
        lambda old: "60" + old[0],
        True,
        "CRC, Resolución 5826 de 2019: 60 before area digit and fixed number since 1 September 2021",
    ),
    Renumbering(
        "GA",
        "+241",
        re.compile(r"0?(([124567])\d{6})"),
        lambda old: _GABON_OPERATOR[old[2]] + old[1],
        True,
        "ARCEP Gabon, nine-digit plan of 15 November 2019: 01 to 011, 02 05 06 to 062 065 066, 04 07 to 074 077",
    ),
    Renumbering(
        "MX",
        "+52",
        re.compile(r"1(\d{10})"),
        lambda old: old[1],
        True,
        "IFT, Plan Técnico Fundamental de Numeración, in force since 3 August 2019: no 1 before mobiles",
    ),
    Renumbering(
        "VN",
        "+84",
        re.compile(f"({'|'.join(_VIETNAM_OLD_TO_NEW)})" + r"(\d{7})"),
        lambda old: _VIETNAM_OLD_TO_NEW[old[1]] + old[2],
        True,
        "Ministry of Information and Communications: eleven-digit mobiles to ten, 15 September to 15 November 2018",
    ),
)

_BY_CALLING_CODE: Final = {row.calling_code: row for row in RENUMBERINGS}


def equivalence_key(e164: str) -> str:
    """The E.164 form that is equal for all variants of one subscriber: what the exact index hashes (S-09).

    An extension (`;ext=`) is left out.
    """
    calling_code, national = split(e164)
    row = _BY_CALLING_CODE.get(calling_code)
    other = None if row is None else _rewritten(row, national)
    return other or calling_code + national


def current_form(e164: str) -> str | None:
    """What replaced `e164`, if it is written in a form that went out of use."""
    calling_code, national = split(e164)
    row = _BY_CALLING_CODE.get(calling_code)
    return _rewritten(row, national) if row is not None and row.retired else None


def _rewritten(row: Renumbering, national: str) -> str | None:
    other = row.other.fullmatch(national)
    return None if other is None else row.calling_code + row.rewrite(other)
