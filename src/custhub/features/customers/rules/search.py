"""What somebody types to find a customer: a name in any script or a part of it, a company, an address, an id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product
from typing import Final, NamedTuple

from custhub.features.customers.rules.legal_forms import core_length, typed_core_length
from custhub.features.customers.rules.probes import (
    Probe,
    domain_probe,
    name_probes,
    other_words,
    text_probes,
)
from custhub.features.customers.rules.segments import How, Part, Parts, is_pinyin, segmentations
from custhub.features.customers.rules.simplified import simplified
from custhub.features.customers.rules.text import clean
from custhub.features.customers.rules.tokens import Entry, Letter
from custhub.features.customers.rules.units import WORD, Run, Unit, fold_word, runs_of, units_of

MAX_QUERY: Final = 100
_MOST_WORDS: Final = 6
_MOST_WAYS: Final = 8
_NAMES: Final = (
    (Letter.NAME, Letter.NAME_INNER),
    (Letter.FULL_NAME, Letter.FULL_NAME_INNER),
    (Letter.COMPANY, Letter.COMPANY_INNER),
)


class Word(NamedTuple):
    """What stands between two spaces, and the ways in which names may hold it; the first is the plainest."""

    text: str
    ways: tuple[Parts, ...]

    @property
    def is_telling(self) -> bool:
        """Whether few names hold it: two ideographs or more, or letters that spell no Chinese name."""
        first = self.ways[0]
        return len(first) > 1 if first[0].how is How.SIGN else not is_pinyin(first[0].text)


class Place(NamedTuple):
    """Where a token stands in the answer: by the first probe that takes it, then in order of its bytes."""

    probe: int
    token: str


class Heads(NamedTuple):
    """Beginnings of one size: a text has one of them or does not answer."""

    size: int
    texts: Sequence[str]


class SearchPlan:
    """The probes of one query, best rank first. `letters` are the places that the caller may read."""

    def __init__(self, query: str, letters: frozenset[Letter]) -> None:
        text = clean(query)[:MAX_QUERY]
        self.words = tuple(islice(_words(text), _MOST_WORDS))
        found = [*self._names(text), *_texts(text.lower())]
        self.probes = sorted((p for p in dict.fromkeys(found) if p.letter in letters), key=lambda probe: probe.rank)
        # Every token of a range begins with its lower end, and those are of a few lengths: of the hundreds of ranges
        # that initials lead to, a token is compared with a handful.
        self._by_low: dict[str, list[int]] = {}
        for number, probe in enumerate(self.probes):
            self._by_low.setdefault(probe.low, []).append(number)
        self._sizes = sorted({len(low) for low in self._by_low})

    def place(self, token: str) -> Place | None:
        """Where a token stands; None when it answers nothing."""
        near = [number for size in self._sizes for number in self._by_low.get(token[:size], ())]
        for number in sorted(near):
            if self.probes[number].accepts(token):
                return Place(number, token)
        return None

    def best(self, entries: Iterable[Entry]) -> tuple[Place, Entry] | None:
        """Where a customer with these tokens stands, and by which."""
        places = ((place, entry) for entry in entries if (place := self.place(entry.token)) is not None)
        return min(places, key=lambda pair: pair[0], default=None)

    @property
    def heads(self) -> tuple[Heads, Heads]:
        """What every token that answers begins with, behind its first letter: those of names, and the others."""
        of_names = {probe.low[1:] for probe in self.probes if probe.way}
        others = {probe.low[1:] for probe in self.probes if not probe.way}
        # Where there are none, those of the other kind say all.
        return _heads(of_names or others), _heads(others or of_names)

    def _names(self, text: str) -> Iterator[Probe]:
        if not self.words or "@" in text:
            return
        ways = list(_joined(self.words))
        core = _without_form(text, self.words)
        for first, inner in _NAMES:
            for letter in (first, inner):
                for way in ways if core is None else [*ways, *_joined(core)]:
                    yield from name_probes(letter, way)
                yield from self._apart(letter)

    def _apart(self, letter: Letter) -> Iterator[Probe]:
        """Words with others between them, or in another order: found by the one that fewest names hold."""
        telling = max((word for word in self.words if word.is_telling), key=lambda word: len(word.text), default=None)
        if telling is None or len(self.words) == 1:
            return
        rest = sorted((word for word in self.words if word is not telling), key=lambda word: -len(word.text))
        others, also = other_words([word.ways for word in rest])
        yield from name_probes(letter, telling.ways[0], others, also)


def _heads(lows: set[str]) -> Heads:
    size = min(map(len, lows), default=0)
    return Heads(size, sorted({low[:size] for low in lows}))


def found_ranges(units: Sequence[Unit], at: int, way: Parts, words: Iterable[Word] = ()) -> list[tuple[int, int]]:
    """Which characters of a name a query met: those of `way` from unit `at` on, and those of other words."""
    met = _ranges(units, at, way)
    for word in words:
        met += next((_ranges(units, i, w) for w in word.ways for i in range(len(units)) if _meets(units, i, w)), [])
    merged: list[tuple[int, int]] = []
    for start, end in sorted(met):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _ranges(units: Sequence[Unit], at: int, way: Parts) -> list[tuple[int, int]]:
    found = []
    for part, unit in zip(way, units[at:], strict=False):
        size = unit.end - unit.start
        is_begun = part.how is How.BEGINNING and unit.sign == WORD
        found.append((unit.start, unit.start + (min(len(part.text), size) if is_begun else size)))
    return found


def _meets(units: Sequence[Unit], at: int, way: Parts) -> bool:
    some = units[at : at + len(way)]
    return len(some) == len(way) and all(
        unit.sign == part.text
        if part.how is How.SIGN
        else unit.key == part.text
        if part.how is How.WHOLE
        else unit.key.startswith(part.text)
        for part, unit in zip(way, some, strict=True)
    )


def _words(text: str) -> Iterator[Word]:
    group: list[Run] = []
    for run in runs_of(text):
        if group and run.start != group[-1].end:
            yield _word(text, group)
            group = []
        group.append(run)
    if group:
        yield _word(text, group)


def _word(text: str, runs: Sequence[Run]) -> Word:
    ways = islice(product(*map(_ways_of_run, runs)), _MOST_WAYS)
    return Word(text[runs[0].start : runs[-1].end], tuple(_chained(way) for way in ways))


def _ways_of_run(run: Run) -> list[Parts]:
    if not run.is_word:
        return [tuple(Part(sign, How.SIGN) for sign in simplified(run.text))]
    lower = run.text.lower()
    ways: list[Parts] = []
    # ü is the letter u of a word and the v of a syllable.
    for spelling in dict.fromkeys((fold_word(lower), fold_word(lower.replace("ü", "v")))):
        ways += ((Part(spelling, How.BEGINNING),), *segmentations(spelling))
    return ways


def _chained(ways: Sequence[Parts]) -> Parts:
    """Ways one after the other: a word that another one follows is a whole one."""
    chain: list[Part] = []
    for way in ways[:-1]:
        is_bare = len(way) == 1 and way[0].how is How.BEGINNING
        chain += (Part(way[0].text, How.WHOLE),) if is_bare else way
    return (*chain, *ways[-1])


def _joined(words: Sequence[Word]) -> Iterator[Parts]:
    """The words as one name, as they were typed and turned round: a family name comes first or last."""
    turns = [words] if len(words) == 1 else [words, (*words[1:], words[0]), (words[-1], *words[:-1])]
    most = _MOST_WAYS // len(turns) + 1
    ways = (_chained(way) for turn in turns for way in islice(product(*(word.ways for word in turn)), most))
    yield from dict.fromkeys(ways)


def _without_form(text: str, words: Sequence[Word]) -> tuple[Word, ...] | None:
    """The words without the legal form of a company; None where there is none."""
    units = units_of(text)
    length = core_length(units)
    length = typed_core_length(units) if length == len(units) else length
    if length == len(units):
        return None
    core = tuple(islice(_words(text[: units[length - 1].end]), _MOST_WORDS))
    return core if core != tuple(words) else None


def _texts(text: str) -> Iterator[Probe]:
    if not text:
        return
    yield from text_probes(Letter.EXTERNAL_ID, text)
    if " " in text:
        return
    yield from text_probes(Letter.TAX_ID, text)
    domain = text.removeprefix("@")
    if domain == text:
        yield from text_probes(Letter.EMAIL, text)
    if domain and "@" not in domain:
        yield domain_probe(domain)
