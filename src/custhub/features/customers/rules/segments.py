"""What letters typed without spaces may stand for: syllables of pinyin, initials, and the beginning of the last one."""

from __future__ import annotations

from enum import Enum
from functools import cache, lru_cache
from typing import Final, NamedTuple

from custhub.features.customers.rules.pinyin import readings, readings_of_names, unread
from custhub.features.customers.rules.simplified import written_forms
from custhub.features.customers.rules.text import has_han

_INITIALS: Final = frozenset((*"abcdefghjklmnopqrstwxyz", "zh", "ch", "sh"))
_VOWELS: Final = frozenset("aeiouv")
_LONGEST_SYLLABLE: Final = 6
#: Ways to read one word that are looked for.
_MOST_WAYS: Final = 4
_LONGEST: Final = 24


class How(Enum):
    """How a part of a query meets a unit of a name."""

    WHOLE = 0
    BEGINNING = 1
    SIGN = 2


class Part(NamedTuple):
    """A part of a query: a whole reading, the beginning of one, or an ideograph."""

    text: str
    how: How


Parts = tuple[Part, ...]


@cache
def syllables() -> tuple[str, ...]:
    """Every syllable of pinyin that an ideograph is read as, in order."""
    found = set(readings().values()).union(*readings_of_names().values())
    # Sounds as hm and ng are nobody's name, and would make syllables of initials.
    return tuple(sorted(syllable for syllable in found if _VOWELS & set(syllable)))


@cache
def _known() -> frozenset[str]:
    return frozenset(syllables())


@cache
def _begun() -> frozenset[str]:
    return frozenset(syllable[:size] for syllable in syllables() for size in range(1, len(syllable) + 1))


@cache
def syllables_from(letters: str) -> tuple[str, ...]:
    """The syllables that begin so."""
    return tuple(syllable for syllable in syllables() if syllable.startswith(letters))


@lru_cache(maxsize=1024)
def readings_of(sign: str) -> tuple[str, ...]:
    """Every reading that a name may give to a simplified ideograph, written in either form; others are themselves."""
    if not has_han(sign):
        return (sign,)
    table, several = readings(), readings_of_names()
    found: set[str] = set()
    for char in (sign, *written_forms().get(sign, "")):
        found |= several.get(char) or {table.get(char, "")}
    return tuple(sorted(found - {""})) or (unread(sign),)


@lru_cache(maxsize=4096)
def segmentations(word: str) -> tuple[Parts, ...]:
    """Ways to read a word as two syllables or more, those of the fewest parts first; the last may be cut short."""
    if not word.isascii() or not word.isalpha() or len(word) > _LONGEST:
        return ()
    ways = []
    for spelling in _spellings(word):
        found = [way for way in _ways(spelling) if len(way) > 1 or spelling != word]
        if spelling in _known():
            # A syllable is no initials: `zhang` is neither z and hang nor zhan and g, though `xian` may be xi and an.
            ways += [way for way in found if all(part.how is How.WHOLE for part in way)]
        else:
            ways += [way for way in found if way[0].how is How.WHOLE] or found
    return tuple(sorted(set(ways), key=lambda way: (len(way), [part.text for part in way]))[:_MOST_WAYS])


def is_pinyin(word: str) -> bool:
    """Whether a word is nothing but whole syllables."""
    if word in _known():
        return True
    return any(all(part.text in _known() for part in way) for way in segmentations(word))


def _spellings(word: str) -> set[str]:
    # A passport writes lyu and nyu where a keyboard takes lv and nv.
    return {word, word.replace("lyu", "lv").replace("nyu", "nv")}


def _ways(word: str) -> list[Parts]:
    """The best ways from each letter on, found from the end."""
    known, begun, size = _known(), _begun(), len(word)
    best: list[list[Parts]] = [[] for _ in range(size)] + [[()]]
    for at in range(size - 1, -1, -1):
        found: list[Parts] = []
        for end in range(at + 1, min(size, at + _LONGEST_SYLLABLE) + 1):
            text = word[at:end]
            if text in known and (len(text) > 1 or size == 1):
                part = Part(text, How.WHOLE)
            elif text in _INITIALS or (end == size and text in begun):
                part = Part(text, How.BEGINNING)
            else:
                continue
            found += ((part, *rest) for rest in best[end])
        found.sort(key=lambda way: (len(way), sum(part.how is How.BEGINNING for part in way)))
        best[at] = found[:_MOST_WAYS]
    return best[0]
