"""How common values are: what makes a score online the one of a batch over the same people (MATCHING 1)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final

from custhub.crypto.live import LiveKeys
from custhub.features.customers.rules import CustomerKind
from custhub.features.matching.queries import count_holders, count_people, holders_of
from custhub.features.matching.rules.keys import term_of
from custhub.features.matching.rules.levels import Field
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.rules.scoring import Scorer
from custhub.features.matching.rules.weights import Weights
from custhub.kit.followed import Followed
from custhub.kit.query import Reader

Term = tuple[Field, str]
#: The model that people are scored by, with the thresholds of the business, kept in memory.
Model = Followed[Weights]
#: So many records are counted again after a second, twice as many after two: a score hardly hears of what came since.
_COUNTED_PER_SECOND: Final = 1_000
#: Fewer are counted each time.
_FEW: Final = 1_000
#: So many counts of common values are kept.
_MOST_KEPT: Final = 10_000


class PeopleCount:
    """How many records there are, by kind: exact for a few, as of a while ago for many."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._known: dict[str, tuple[int, float]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def of(self, reader: Reader, kind: str) -> int:
        """Of this kind. Whoever comes while others count takes what was known before."""
        known = self._known.get(kind)
        if known is not None:
            count, at = known
            is_fresh = count > _FEW and self._monotonic() - at < count / _COUNTED_PER_SECOND
            if is_fresh or (count > _FEW and self._lock(kind).locked()):
                return count
        async with self._lock(kind):
            count = await count_people(reader, kind)
            self._known[kind] = count, self._monotonic()
            return count

    def _lock(self, kind: str) -> asyncio.Lock:
        return self._locks.setdefault(kind, asyncio.Lock())


class HolderCount:
    """How many hold a value: exact where few do, as of a while ago where many do."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._known: dict[int, tuple[int, float]] = {}

    async def of(self, reader: Reader, keys: Collection[int]) -> Mapping[int, int]:
        """Of each of these keys: one statement, and a few more for common values that are not known."""
        found = await holders_of(reader, keys, _FEW)
        for key in [key for key, count in found.items() if count == _FEW]:
            found[key] = await self._many(reader, key)
        return found

    async def _many(self, reader: Reader, key: int) -> int:
        count, at = self._known.get(key, (0, 0.0))
        if self._monotonic() - at >= count / _COUNTED_PER_SECOND:
            count = await count_holders(reader, key)
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[key] = count, self._monotonic()
        return count


class OnlineScorers:
    """Scorers for people who are in the database, by counts of match keys."""

    def __init__(self, keys: LiveKeys, monotonic: Callable[[], float], model: Model) -> None:
        self._keys = keys
        self._model = model
        self._people = PeopleCount(monotonic)
        self._holders = HolderCount(monotonic)

    async def hopeful(self, reader: Reader, kind: str, *, with_draft: bool) -> Scorer:
        """Scores pairs as if every value were rare: no less than `among` does, and nothing is counted for it."""
        records = await self._people.of(reader, kind) + with_draft
        return Scorer(self._model.value, records, lambda _field, _value: 0)

    async def among(
        self, reader: Reader, people: Collection[Person], kind: str, hopeful: Scorer, draft: Person | None = None
    ) -> Scorer:
        """Scores pairs of these people by the model of `hopeful`; `draft` is counted as if it were stored."""
        is_organisation = kind == CustomerKind.ORGANISATION
        held = set(terms_of(people))
        own = set() if draft is None else set(_terms(draft))
        terms = [*(held | own)]
        texts = [term_of(field, value, is_organisation=is_organisation) for field, value in terms]
        keys = self._keys.indexes.match(texts, self._keys.index_kid)
        holders = await self._holders.of(reader, keys)
        counts = {term: holders.get(key, 0) + (term in own) for term, key in zip(terms, keys, strict=True)}
        return Scorer(hopeful.weights, hopeful.records, lambda field, value: counts.get((field, value), 0))


def terms_of(people: Iterable[Person]) -> Iterator[Term]:
    """Values whose frequency can matter to a pair of these people; numbers and mailboxes matter where two have them."""
    seen: dict[Term, int] = {}
    for person in people:
        for term in _terms(person):
            seen[term] = seen.get(term, 0) + 1
            needed = 1 if term[0] in (Field.NAME, Field.COMPANY) else 2
            if seen[term] == needed:
                yield term


def _terms(person: Person) -> Iterator[Term]:
    if person.name:
        yield Field.NAME, person.name.term
    if person.company:
        yield Field.COMPANY, person.company
    for number in person.numbers:
        yield Field.PHONE, number.value
    for mailbox in person.mailboxes:
        yield Field.MAIL, f"{mailbox.local}@{mailbox.domain}"
