"""Where tokens that answer a query stand: ranges of the one table in the order of ranks, each with what else must hold.

A range ends before `high` and is narrowed by patterns of LIKE; `accepts` decides the same, and exactly, of one token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice, product
from typing import Final, NamedTuple

from custhub.features.customers.rules.segments import How, Parts, readings_of, syllables_from
from custhub.features.customers.rules.tokens import MOST_REST, Letter

#: Above every token that begins with what stands before it.
LAST: Final = "\U0010ffff"
ANYTHING: Final = "%"
NOTHING: Final = ""
_MOST_INITIALS: Final = 16

#: Names before companies, companies before addresses and numbers.
_RANKS: Final = {
    Letter.NAME: 0,
    Letter.FULL_NAME: 1,
    Letter.COMPANY: 2,
    Letter.EMAIL: 3,
    Letter.EXTERNAL_ID: 4,
    Letter.TAX_ID: 5,
    Letter.NAME_INNER: 20,
    Letter.FULL_NAME_INNER: 21,
    Letter.COMPANY_INNER: 22,
    Letter.EMAIL_DOMAIN: 23,
}
_PREFIX: Final = 10
_INNER: Final = 20


class Probe(NamedTuple):
    """One range. `way` is how the unit of the token and those after it are met, `others` what else the name has."""

    rank: int
    letter: Letter
    low: str
    high: str
    like: str = ANYTHING
    also: str = ANYTHING
    unlike: str = NOTHING
    way: Parts = ()
    tail: str = ""
    others: tuple[str, ...] = ()

    def accepts(self, token: str) -> bool:
        """Whether a token answers."""
        if not self.low <= token < self.high:
            return False
        if not self.tail and not self.others:
            return True
        rest = token.partition("!")[2]
        return (not self.tail or _compiled(self.tail).match(rest) is not None) and all(
            _compiled(other).search(rest) for other in self.others
        )


def text_probes(exact: Letter, text: str) -> Iterator[Probe]:
    """Those of a text that is no name: equal first, then what begins with it."""
    low, rank = f"{exact}{text}", _RANKS[exact]
    # No token holds a character below the space, and none ends in one.
    yield Probe(rank, exact, low, f"{low} ")
    yield Probe(_PREFIX + rank, exact, low, low + LAST, unlike=escaped(low))


def domain_probe(text: str) -> Probe:
    """Those of the beginning of a domain."""
    low = f"{Letter.EMAIL_DOMAIN}{text}"
    return Probe(_RANKS[Letter.EMAIL_DOMAIN], Letter.EMAIL_DOMAIN, low, low + LAST)


def name_probes(letter: Letter, way: Parts, others: tuple[str, ...] = (), also: str = ANYTHING) -> Iterator[Probe]:
    """Those of a name that is met `way`: as the whole of it where that can be, and as a part."""
    way = way[: 1 + MOST_REST]
    rank = _RANKS[letter]
    is_inner = rank >= _INNER
    whole, pattern = _patterns(way, is_exact=True), _patterns(way, is_exact=False)
    can_be_whole = not is_inner and not others and _can_be_whole(way)
    for low in _lows(letter, way):
        exact = f"{low}!" if len(way) > 1 or way[0].how is How.SIGN else f"{low} !"
        if can_be_whole:
            tail = whole.tail
            yield Probe(rank, letter, exact, exact + LAST, whole.like, way=way, tail=tail)
        yield Probe(
            rank if is_inner else _PREFIX + rank,
            letter,
            low,
            low + LAST,
            pattern.like,
            also,
            exact + whole.like.removeprefix("%!") if can_be_whole else NOTHING,
            way,
            pattern.tail,
            others,
        )


def other_words(words: Iterable[Sequence[Parts]]) -> tuple[tuple[str, ...], str]:
    """What a name must also hold, in any place: patterns for each word, and one of LIKE for the first of them."""
    found = [(f"(?:{'|'.join(_anywhere(way) for way in ways)})", ways) for ways in words]
    also = ANYTHING if not found else _also(found[0][1])
    return tuple(pattern for pattern, _ in found), also


def escaped(text: str) -> str:
    """A text as a pattern of LIKE that matches nothing else; the escape is a backslash."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


class _Patterns(NamedTuple):
    like: str
    tail: str


def _lows(letter: Letter, way: Parts) -> Iterator[str]:
    first = way[0]
    if first.how is How.BEGINNING and len(way) == 1:
        yield f"{letter}{first.text}"
        return
    if first.how is How.SIGN:
        keys: Sequence[str] = readings_of(first.text)
    elif first.how is How.WHOLE:
        keys = (first.text,)
    else:
        keys = syllables_from(first.text)
    letters = [
        sorted({reading[0] for reading in readings_of(part.text)}) if part.how is How.SIGN else [part.text[0]]
        for part in way[1:]
    ]
    initials = ["".join(chosen) for chosen in islice(product(*letters), _MOST_INITIALS)]
    for key in keys:
        for chosen in initials:
            yield f"{letter}{key} {chosen}"


def _can_be_whole(way: Parts) -> bool:
    """Whether every part but the last can only be a whole unit."""
    return all(part.how is not How.BEGINNING for part in way[:-1])


def _patterns(way: Parts, *, is_exact: bool) -> _Patterns:
    """What the rest of a token must look like: the readings after the first, and the ideographs."""
    spelled = _spelled(way, is_exact=is_exact)
    signs = [part.text if part.how is How.SIGN else "" for part in way]
    if not is_exact and not spelled.tail and not any(signs):
        return spelled
    like, tail = spelled
    if any(signs):
        like += "".join(("!" if like.endswith(("%", "!")) else "%!", *(sign or "_" for sign in signs)))
        tail += "".join(("[^!]*!", *(re.escape(sign) if sign else "." for sign in signs)))
    elif is_exact:
        like, tail = f"{like}!", f"{tail}!"
    return _Patterns(f"%!{like}%", tail)


def _spelled(way: Parts, *, is_exact: bool) -> _Patterns:
    # Single letters are initials, which the range has already.
    if not is_exact and all(part.how is not How.WHOLE and len(part.text) == 1 for part in way[1:]):
        return _Patterns(ANYTHING, "")
    like = tail = ""
    for at, part in enumerate(way[1:], 2):
        text = "" if part.how is How.SIGN else part.text
        is_whole = part.how is not How.SIGN and (part.how is How.WHOLE or is_exact) and (at < len(way) or is_exact)
        like += f" {text}" if is_whole else f" {text}%"
        tail += f" {re.escape(text)}" if is_whole else f" {re.escape(text)}[^ !]*"
    return _Patterns(like, tail)


def _anywhere(way: Parts) -> str:
    if way[0].how is How.SIGN:
        return "".join(re.escape(part.text) for part in way if part.how is How.SIGN)
    return "".join(
        f" {re.escape(part.text)}" + ("" if part.how is How.WHOLE and at < len(way) - 1 else "[^ !]*")
        for at, part in enumerate(way)
    )


def _also(ways: Sequence[Parts]) -> str:
    first = ways[0][0]
    if first.how is How.SIGN:
        return f"%!%{first.text}%"
    return f"%!% {shared_beginning([way[0].text for way in ways])}%"


def shared_beginning(texts: Sequence[str]) -> str:
    """What all texts begin with."""
    first, last = min(texts), max(texts)
    sizes = (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return first[: next(sizes, min(len(first), len(last)))]


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
