"""Postal addresses as matching sees them: area, street, number, unit."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache

from custhub.features.customers.rules.divisions import locate
from custhub.features.customers.rules.simplified import simplified
from custhub.features.customers.rules.text import clean, has_han
from custhub.features.customers.rules.units import fold_word
from custhub.features.matching.rules.edits import is_one_edit, is_slip
from custhub.features.matching.rules.levels import Level

_TYPES = {
    short: full
    for full, shorts in {
        "street": "st str strasse straße",
        "road": "rd",
        "avenue": "ave av",
        "boulevard": "blvd bvd",
        "drive": "dr drv",
        "court": "ct crt",
        "place": "pl plc",
        "lane": "ln",
        "crescent": "cres cr cresc",
        "circuit": "cct circ",
        "close": "cl",
        "terrace": "tce ter terr",
        "parade": "pde",
        "highway": "hwy",
        "square": "sq",
        "parkway": "pkwy pky",
        "way": "wy",
        "rue": "",
        "circle": "cir",
        "loop": "",
        "grove": "gr grv",
        "esplanade": "esp",
        "gardens": "gdns",
        "mews": "",
        "rise": "",
        "row": "",
        "walk": "",
    }.items()
    for short in (full, *shorts.split())
}
_UNIT_TEXT = "apt apartment unit flat suite ste room rm no floor fl level shop lot"
_UNIT_WORDS = frozenset(_UNIT_TEXT.split())
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_HAN_STREET = re.compile(
    r"(?P<street>.*?(?:大道|大街|胡同|路|街|道|巷|弄|里|村|镇|乡|园|苑|区|花园|小区))?"
    r"(?P<number>[0-9]+(?:[-之][0-9]+)?)(?:号|號|弄|巷)?(?P<rest>.*)"
)
_DIGITS = re.compile(r"[0-9]+|[A-Za-z]")
_HAN_NUMERALS = str.maketrans("一二三四五六七八九〇零", "12345678900")
_SOUNDS = re.compile(r"[\W_]+")
#: How many of its pairs of letters another spelling of a line shares: of one address, of one nearby.
_SAME_LINE = 0.6
_NEAR_LINE = 0.5


@dataclass(frozen=True, slots=True)
class Place:
    """One address read for comparison; every part may be empty. `words` are those of a Latin address in their order."""

    area: tuple[str, ...]
    street: str
    number: str
    unit: str
    words: tuple[str, ...] = ()


def read_place(text: str) -> Place | None:
    """The address in a text as typed, with or without 省市区; None where it says nothing."""
    text = clean(text)
    if not text:
        return None
    return _chinese(text) if has_han(text) else _latin(text)


def _chinese(text: str) -> Place | None:
    area: tuple[str, ...] = ()
    located = locate(text)
    if located:
        division, end, _ = located
        area = tuple(part for part in (division.province, division.city, division.district) if part)
        text = text[end:]
    text = simplified(_SOUNDS.sub("", text))
    if not text:
        return None
    match = _HAN_STREET.fullmatch(text)
    if match is None:
        return Place(area, text, "", "")
    unit = "-".join(_DIGITS.findall(match["rest"].translate(_HAN_NUMERALS)))
    return Place(area, match["street"] or "", match["number"], unit)


def _latin(text: str) -> Place | None:
    words = [fold_word(word) for word in _WORD.findall(text.replace("/", " / "))]
    if not words:
        return None
    unit, number, at = "", "", 0
    while at < len(words) and (words[at] in _UNIT_WORDS or words[at][0].isdigit()):
        if words[at][0].isdigit():
            unit, number = number, words[at]
        at += 1
    if not number:
        at = next((place for place, word in enumerate(words) if word[0].isdigit()), 0)
        if at and len(words[at]) < 6 and at >= len(words) - 1:
            return Place((), " ".join(words[:at]), words[at], "", tuple(words))
        at = 0
    end = next((place for place in range(at + 1, len(words)) if words[place] in _TYPES), None)
    if end is None or end - at > 4:
        end = min(at + 2, len(words))
    street = " ".join(words[at:end])
    rest = words[end + 1 :] if end < len(words) and words[end] in _TYPES else words[end:]
    unit = unit or next((two for one, two in itertools.pairwise(rest) if one in _UNIT_WORDS), "")
    return Place((), street, number, unit, tuple(word for word in words[at:] if word not in _TYPES))


def compare_places(left: Place, right: Place) -> Level:
    """How two addresses stand to each other."""
    if left.area and right.area and not _same_area(left.area, right.area):
        return Level.DIFFERENT
    if left.words and right.words:
        return _compare_words(left, right)
    if not _same_street(left.street, right.street):
        return Level.DIFFERENT
    if left.number and left.number == right.number:
        return Level.UNIT if left.unit and left.unit == right.unit else Level.STREET_NUMBER
    is_near = not left.number or not right.number or is_one_edit(left.number, right.number)
    return Level.NEAR if is_near else Level.DIFFERENT


def _compare_words(left: Place, right: Place) -> Level:
    shared = _shared(left.words, right.words)
    if shared > _SAME_LINE and left.number and left.number == right.number:
        return Level.UNIT if left.unit and left.unit == right.unit else Level.STREET_NUMBER
    return Level.NEAR if shared > _NEAR_LINE else Level.DIFFERENT


def _shared(left: tuple[str, ...], right: tuple[str, ...]) -> float:
    """How much of the shorter line stands in the other, 0 to 1, in any order, mistyped or run together."""
    words = sum(map(len, set(left) & set(right)))
    least = min(sum(map(len, left)), sum(map(len, right)))
    if words * 2 > least:
        return 1.0
    one, other = _pairs_of(" ".join(left)), _pairs_of(" ".join(right))
    return len(one & other) / max(1, min(len(one), len(other)))


@lru_cache(maxsize=1 << 16)
def _pairs_of(line: str) -> frozenset[str]:
    """Each two letters that follow each other."""
    plain = line.replace(" ", "")
    return frozenset(map("".join, itertools.pairwise(plain)))


def _same_area(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Whether one area lies within the other: provinces and cities may be left out."""
    shorter, longer = sorted((left, right), key=len)
    return all(part in longer for part in shorter) or left[-1] == right[-1]


def _same_street(left: str, right: str) -> bool:
    if left == right:
        return bool(left)
    one, other = left.replace(" ", ""), right.replace(" ", "")
    return bool(one and other) and (is_slip(one, other) or one.endswith(other) or other.endswith(one))
