"""What a list says of itself: a contradiction is overruled only where nobody shares a home (decision 11)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import pytest

from custhub.features.matching.rules.estimating import MOST_APART, homes_of
from custhub.features.matching.rules.households import Levels
from custhub.features.matching.rules.levels import Field, Level
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.rules.scoring import Decision, Scorer
from custhub.features.matching.rules.weights import shipped_weights
from custhub.features.matching.service.batch import Matching, Pair
from tests.unit.matching.people import person

_FAMILIES = "amery bolton carver dunmore ellery fenwick gorham hadley ingram jessop kersey lowell merton norris"
FAMILIES = _FAMILIES.split()
_GIVEN = "alice bruno clara dorian esther felix gloria hector irene julian karina lionel miriam nestor olivia"
GIVEN = _GIVEN.split()
_STREETS = "maple chestnut juniper hawthorn sycamore magnolia"
STREETS = _STREETS.split()

Row = dict[str, str]


class Town:
    """An invented list of people, each written down twice and mistyped now and then."""

    def __init__(self, seed: int = 5) -> None:
        self._random = random.Random(seed)
        self.rows: list[Row] = []

    def someone(self) -> Row:
        pick = self._random.choice
        return {
            "name": f"{pick(GIVEN)} {pick(FAMILIES)}{pick(FAMILIES)}",
            "birthday": self._day(),
            "personal_id": self._number(),
            "address": self._house(),
        }

    def live(self, people: int) -> Town:
        for _ in range(people):
            one = self.someone()
            self.rows += [one, self._copied(one)]
        return self

    def live_as(self, kind: str, homes: int) -> Town:
        for _ in range(homes):
            one, other = self.someone(), self.someone()
            given, family = one["name"].split()
            other |= {"name": f"{self._other_given(given)} {family}", "address": one["address"]}
            # A generation between them, so that no birthday is a slip of the other.
            year, month, day = one["birthday"].split("-")
            other["birthday"] = f"{int(year) + 27}-{int(month) % 12 + 1:02}-{(int(day) + 12) % 27 + 1:02}"
            if kind == "twins":
                other["birthday"] = one["birthday"]
            if kind == "namesakes":
                other["name"] = one["name"]
            if kind == "one id":
                other["personal_id"] = one["personal_id"]
            self.rows += [one, other]
        return self

    def people(self) -> list[Person]:
        return [person(**row) for row in self.rows]

    def _copied(self, row: Row) -> Row:
        copy, chance = dict(row), self._random.random
        given, family = row["name"].split()
        if chance() < 0.08:
            copy["name"] = f"{self._other_given(given)} {family}"
        if chance() < 0.05:
            copy["birthday"] = self._day()
        if chance() < 0.05:
            copy["personal_id"] = self._number()
        return copy

    def _house(self) -> str:
        pick = self._random.choice
        street = f"{pick(STREETS)} {pick(FAMILIES)}{pick(GIVEN)} street"
        return f"{self._random.randint(2, 999)} {street}, {pick(FAMILIES)}ton"

    def _other_given(self, given: str) -> str:
        return self._random.choice([name for name in GIVEN if name != given])

    def _day(self) -> str:
        at = self._random.randint
        return f"{at(1930, 1995)}-{at(2, 12):02}-{at(2, 28):02}"

    def _number(self) -> str:
        return str(self._random.randint(10**8, 10**9))


def decided(people: Sequence[Person]) -> tuple[Matching, list[Pair]]:
    matching = Matching(people, shipped_weights())
    return matching, matching.pairs()


def by_shipped_weights(people: Sequence[Person], pairs: Sequence[Pair]) -> bool:
    counts = Counter(found.name.term for found in people if found.name)
    scorer = Scorer(
        shipped_weights(), len(people), lambda field, value: counts[value] if field is Field.NAME else 0
    )  # fmt: skip
    return all(scorer.decide(scorer.score(people[p.left], people[p.right])) is p.decision for p in pairs)


HOUSE = "35 Sidaway Street, Avalon"
TWINS_ON_PAPER = (
    {"name": "Edward Ryan", "birthday": "1923-03-02", "personal_id": "439291734", "address": HOUSE},
    {"name": "Amelia Ryan", "birthday": "1923-03-02", "personal_id": "161325918", "address": HOUSE},
)


def test_where_nobody_shares_a_home_two_mistakes_are_overruled_by_the_rest() -> None:
    town = Town().live(900)
    town.rows += TWINS_ON_PAPER
    matching, pairs = decided(town.people())
    assert matching.scorer.weights.model_version == f"{shipped_weights().model_version}+list"
    last = len(town.rows) - 1
    assert [pair.decision for pair in pairs if pair.right == last] == [Decision.MERGE]
    merged = [pair for pair in pairs if pair.decision is Decision.MERGE]
    assert all(pair.left // 2 == pair.right // 2 for pair in merged)
    assert len(merged) >= 0.99 * 901


def test_bits_add_up_where_a_list_speaks_for_itself() -> None:
    _, pairs = decided(Town().live(400).people())
    for pair in pairs:
        score = pair.score
        assert score.cap <= 0
        assert score.total == pytest.approx(score.prior + sum(one.bits for one in score.evidence) + score.cap)


@pytest.mark.parametrize("kind", ["family", "twins", "namesakes", "one id"])
def test_a_few_households_keep_the_shipped_rule(kind: str) -> None:
    people = Town().live(600).live_as(kind, 30).people()
    matching, pairs = decided(people)
    assert matching.scorer.weights is shipped_weights()
    assert by_shipped_weights(people, pairs)
    assert not any(pair.decision is Decision.MERGE and pair.left >= 1_200 for pair in pairs)


def test_a_small_list_is_no_evidence() -> None:
    town = Town().live(60)
    town.rows += TWINS_ON_PAPER
    matching, pairs = decided(town.people())
    assert matching.scorer.weights is shipped_weights()
    assert not any(pair.decision is Decision.MERGE and pair.right == 121 for pair in pairs)


def test_junior_and_senior_stay_apart_in_every_list() -> None:
    town = Town().live(900)
    home = {"address": HOUSE, "email": "blue.whale@mail.org"}
    town.rows += [home | {"name": "Edward Ryan Sr."}, home | {"name": "Edward Ryan Jr."}]
    matching, pairs = decided(town.people())
    assert matching.scorer.weights.homes is not None
    assert not any(pair.decision is Decision.MERGE and pair.right == 1_801 for pair in pairs)


def test_a_list_without_ids_says_nothing_of_mistakes() -> None:
    town = Town().live(600)
    people = [
        person(**{column: value for column, value in row.items() if column != "personal_id"}) for row in town.rows
    ]
    assert decided(people)[0].scorer.weights is shipped_weights()


def test_the_share_of_two_people_in_a_home_is_found() -> None:
    kinds = shipped_weights().kinds
    one: Levels = {Field.NAME: Level.SAME, Field.BIRTHDAY: Level.SAME, Field.PERSONAL_ID: Level.SAME}
    two: Levels = {Field.NAME: Level.DIFFERENT, Field.BIRTHDAY: Level.DIFFERENT, Field.PERSONAL_ID: Level.DIFFERENT}
    for apart in (0, 2, 20):
        seen = Counter({(True, tuple(one.items())): 1_000 - apart, (True, tuple(two.items())): apart})
        homes = homes_of(kinds, seen)
        if apart == 20:
            assert homes is None
        else:
            assert homes is not None
            assert apart / 1_000 <= homes.apart == pytest.approx((apart + 1) / 1_002, rel=0.05)
            assert homes.apart < MOST_APART
            assert homes.bits(kinds.values(), one) > 6
            assert homes.bits(kinds.values(), two) < -6


@pytest.mark.parametrize("kind", list(shipped_weights().kinds))
def test_chances_of_a_kind_sum_to_one(kind: str) -> None:
    found = shipped_weights().kinds[kind]
    for field in (Field.NAME, Field.BIRTHDAY, Field.PERSONAL_ID):
        assert sum(chance for (one, _), chance in found.chances.items() if one is field) == pytest.approx(1)
    assert sum(one.share for one in shipped_weights().kinds.values()) == pytest.approx(1)
