"""Names as search sees them: units, one for each ideograph or word, with their places in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from custhub.features.customers.rules.pinyin import folds, read_run
from custhub.features.customers.rules.simplified import simplified
from custhub.features.customers.rules.text import HAN

#: Stands in `Unit.sign` for a word of letters.
WORD = "."
MAX_WORD = 24

# Kana and hangul: no spaces between words either, each character is a unit and its own reading.
_ALONE = "\u3041-\u30ff\uac00-\ud7a3"
_LETTER = rf"[^\W_{HAN}{_ALONE}]|[\u0900-\u0fff\U0001f000-\U0001faff]"
_RUNS = re.compile(rf"([{HAN}]+)|([{_ALONE}]+)|((?:{_LETTER})+(?:['’](?:{_LETTER})+)*)")


class Unit(NamedTuple):
    """`text[start:end]`: `key` is its reading or folded word, `sign` the simplified ideograph, `.` for a word."""

    key: str
    sign: str
    start: int
    end: int


class Run(NamedTuple):
    """Neighbouring characters of one kind: ideographs, characters that stand alone, or letters of one word."""

    text: str
    is_word: bool
    is_han: bool
    start: int
    end: int


def runs_of(text: str) -> Iterator[Run]:
    """The runs of a text, in order; what stands between them is of no account."""
    for match in _RUNS.finditer(text):
        kind = match.lastindex
        yield Run(match[0], kind == 3, kind == 1, match.start(), match.end())


def fold_word(word: str) -> str:
    """A word without case and diacritics."""
    if word.isascii():
        word = word.lower()
        return word if word.isalnum() else word.replace("'", "")
    return word.translate(folds()).casefold()


def units_of(text: str, *, person: bool = False) -> list[Unit]:
    """The units of a name; of a `person` the first ideographs are read as the surname."""
    units: list[Unit] = []
    for run, is_word, is_han, start, end in runs_of(text):
        if is_word:
            units.append(Unit(fold_word(run)[:MAX_WORD], WORD, start, end))
            continue
        signs = simplified(run)
        readings: list[str] = []
        if is_han:
            read_run(run, readings, person=person and not units)
            readings = " ".join(readings).split(" ")
        else:
            readings = list(run)
        places = range(start, end)
        units += (Unit(key, sign, at, at + 1) for key, sign, at in zip(readings, signs, places, strict=True))
    return units
