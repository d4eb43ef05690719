"""How two names stand to each other."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from nicknames import NickNamer

from custhub.features.matching.rules.edits import is_slip
from custhub.features.matching.rules.levels import Level
from custhub.features.matching.rules.names import PersonName, is_pinyin, is_surname

#: zh and z, ch and c, sh and s, ng and n are one sound to many speakers.
_MERGED_SOUNDS = re.compile(r"([zcsn])(?:(?<=n)g|(?<!n)h)")


def compare_names(left: PersonName, right: PersonName) -> Level:
    """How two names stand to each other."""
    if left.han and right.han:
        return _compare_han(left, right)
    if left.han:
        return _compare_scripts(left, right)
    if right.han:
        return _compare_scripts(right, left)
    return _compare_latin(left.words, right.words)


def _compare_han(left: PersonName, right: PersonName) -> Level:
    if left.han == right.han:
        return Level.SAME if left.written == right.written else Level.ACROSS_SCRIPTS
    if "*" in left.han or "*" in right.han:
        return Level.COMPATIBLE if _fits(left.han, right.han) else Level.DIFFERENT
    sound_alike = bool(_whole(left) & _whole(right))
    if not (left.family and right.family):
        if sound_alike:
            return Level.TYPO
        longer, shorter = sorted((left.han, right.han), key=len, reverse=True)
        if len(shorter) >= 2 and longer.endswith(shorter):
            return Level.COMPATIBLE
        return Level.TYPO if is_slip(left.han, right.han) else Level.DIFFERENT
    if left.family == right.family and not (left.given and right.given):
        return Level.COMPATIBLE
    if sound_alike:
        return Level.TYPO
    if left.family == right.family:
        return Level.FAMILY_ONLY
    return Level.GIVEN_ONLY if left.given and left.given == right.given else Level.DIFFERENT


def _whole(name: PersonName) -> set[str]:
    return {family + given for family, given in name.readings} - {""}


def _fits(left: str, right: str) -> bool:
    """Whether a masked name may be the other: 张*丰, 张** or 张* for 张三丰."""
    if len(left) != len(right):
        masked, other = (left, right) if "*" in left else (right, left)
        return len(masked) == 2 and masked[1] == "*" and masked[0] == other[0] and "*" not in other
    return all(one == other or "*" in (one, other) for one, other in zip(left, right, strict=True))


def _compare_scripts(han: PersonName, latin: PersonName) -> Level:
    words = latin.words
    joined = "".join(words)
    best = Level.DIFFERENT
    for family, given in han.readings:
        if joined in (family + given, given + family):
            return Level.ACROSS_SCRIPTS
        if not family:
            continue
        level = _compare_reading(family, given, words, joined)
        best = min(best, level, key=_ORDER.__getitem__)
    return best


def _compare_reading(family: str, given: str, words: tuple[str, ...], joined: str) -> Level:
    if family in words:
        rest = list(words)
        rest.remove(family)
        other = "".join(rest)
        if not given or not other:
            return Level.COMPATIBLE
        if given.startswith(other) and len(other) <= 2:
            return Level.INITIAL
        if all(len(word) == 1 for word in rest) and other[0] == given[0]:
            return Level.INITIAL
        if is_slip(other, given) and not _is_another_syllable(other, given):
            return Level.TYPO
        return Level.FAMILY_ONLY if is_pinyin(other) else Level.WESTERN_GIVEN
    if len(joined) >= 5 and (is_slip(joined, family + given) or is_slip(joined, given + family)):
        return Level.TYPO
    return Level.GIVEN_ONLY if given and given in words else Level.DIFFERENT


#: The best first.
_ORDER: Final = {level: place for place, level in enumerate(Level)}


def _compare_latin(left: tuple[str, ...], right: tuple[str, ...]) -> Level:
    if left == right or sorted(left) == sorted(right):
        return Level.SAME
    joined = "".join(right)
    if any("".join(left[at:] + left[:at]) == joined for at in range(len(left))):
        return Level.SAME
    shorter, longer = (left, right) if len(left) <= len(right) else (right, left)
    is_chinese = any(map(is_surname, left)) and any(map(is_surname, right))
    kinds = _aligned(shorter, longer, is_chinese)
    if len(shorter) == 1:
        if len(longer) == 1:
            return kinds[0] or Level.DIFFERENT
        return Level.COMPATIBLE if kinds[0] in _STRONG else Level.DIFFERENT
    if None not in kinds:
        worst = max((kind for kind in kinds if kind), key=_ORDER.__getitem__)
        if worst is Level.INITIAL and all(kind is Level.INITIAL for kind in kinds):
            return Level.COMPATIBLE
        return worst
    if any("".join(left) == "".join(right[at:] + right[:at]) for at in range(len(right))) or _is_misspelt(
        left, right, is_chinese
    ):
        return Level.TYPO
    return _halves_compared(left, right)


def _is_misspelt(left: tuple[str, ...], right: tuple[str, ...], is_chinese: bool) -> bool:
    """Whether two names are slips of each other, run together or torn apart, beside the words both have.

    A long family name that agrees does not make another given name a slip.
    """
    one, other = list(left), list(right)
    for word in left:
        if word in other:
            one.remove(word)
            other.remove(word)
    rest, its = "".join(one), "".join(other)
    return is_slip(rest, its) and not (is_chinese and _is_another_syllable(rest, its))


def _is_another_syllable(word: str, other: str) -> bool:
    """Whether two words of pinyin are two names, jianguo and jianjun, and not one as another region says it."""
    return is_pinyin(word) and is_pinyin(other) and _MERGED_SOUNDS.sub(r"\1", word) != _MERGED_SOUNDS.sub(r"\1", other)


_STRONG = frozenset({Level.SAME, Level.NICKNAME, Level.TYPO})


def _aligned(shorter: tuple[str, ...], longer: tuple[str, ...], is_chinese: bool) -> list[Level | None]:
    """For each word of the shorter name how it stands to the word of the longer one that it fits best."""
    left = list(longer)
    kinds: list[Level | None] = [None] * len(shorter)
    for level in (Level.SAME, Level.NICKNAME, Level.TYPO, Level.INITIAL):
        for at, word in enumerate(shorter):
            if kinds[at] is None:
                for other in left:
                    if _stands(word, other, level, is_chinese):
                        left.remove(other)
                        kinds[at] = level
                        break
    return kinds


def _stands(word: str, other: str, level: Level, is_chinese: bool) -> bool:
    if level is Level.SAME:
        return word == other
    if level is Level.NICKNAME:
        return _is_nickname(word, other)
    if level is Level.TYPO:
        return is_slip(word, other) and not (is_chinese and _is_another_syllable(word, other))
    return word[0] == other[0] and 1 in (len(word), len(other))


def _halves_compared(left: tuple[str, ...], right: tuple[str, ...]) -> Level:
    """Of two names of which only one half agrees: which one it is."""

    def alike(one: str, other: str) -> bool:
        return one == other or is_slip(one, other) or _is_nickname(one, other)

    if alike(left[-1], right[-1]):
        return _family_alike(left[-1], "".join(left[:-1]), "".join(right[:-1]))
    if alike(left[0], right[0]):
        if is_surname(left[0]) and is_pinyin("".join(left[1:]) + "".join(right[1:])):
            return Level.FAMILY_ONLY
        return Level.GIVEN_ONLY
    for family, rest, other in ((left[0], left[1:], right), (right[0], right[1:], left)):
        if is_surname(family) and alike(family, other[-1]):
            return _family_alike(family, "".join(rest), "".join(other[:-1]))
    if alike(left[0], right[-1]) or alike(left[-1], right[0]):
        return Level.GIVEN_ONLY
    return Level.DIFFERENT


def _family_alike(family: str, left: str, right: str) -> Level:
    if is_surname(family) and is_pinyin(left) != is_pinyin(right):
        return Level.WESTERN_GIVEN
    return Level.FAMILY_ONLY


@cache
def _nicknames() -> NickNamer:
    return NickNamer()


@cache
def _is_nickname(word: str, other: str) -> bool:
    if len(word) < 2 or len(other) < 2:
        return False
    names = _nicknames()
    return other in names.nicknames_of(word) or word in names.nicknames_of(other)
