"""`make prove-splink`: our weights and clusters beside those of Splink, on lists whose people are known."""

from __future__ import annotations

import csv
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from custhub.features.matching.rules.levels import Field, Level
from custhub.features.matching.rules.weights import shipped_weights
from custhub.features.matching.service.batch import Matching
from custhub.features.matching.service.estimating import estimate_weights
from custhub.features.matching.service.people import PeopleReader
from custhub.features.matching.service.second_opinion import opinion_of, train
from tests.febrl import FILES, febrl_person, febrl_rows, pairs_of
from tests.invented import Invented

_TODAY = date(2026, 3, 1)
_PEOPLE = 4_000
_SEED = 7
#: Ours may find so much less: where people share a home, a merge that is wrong is worse than one left to a person. So
#: its clusters have to be as pure as Splink's, but for a pair or two in a list.
_MOST_BEHIND = 0.01
_LESS_PURE = 0.001
_LEAST_ALIKE = 0.9
_LEAST_RANKED = 0.7
#: A level of less than a bit leans no way.
_LEANS = 1.0

Row = dict[str, str]
Bits = Mapping[tuple[Field, Level], float | None]


class Known(NamedTuple):
    """A list and whose record each is, by places."""

    rows: Sequence[Row]
    people: Sequence[str]


class Outcome(NamedTuple):
    """F1 and precision of clusters, ours and Splink's; levels that both know, how many lean alike, and their rank."""

    ours: tuple[float, float]
    theirs: tuple[float, float]
    levels: int
    alike: int
    rank: float
    apart: str

    @property
    def is_good(self) -> bool:
        """Whether Splink confirms us."""
        return (
            self.ours[0] >= self.theirs[0] - _MOST_BEHIND
            and self.ours[1] >= self.theirs[1] - _LESS_PURE
            and self.alike >= _LEAST_ALIKE * self.levels
            and self.rank >= _LEAST_RANKED
        )


def lists() -> dict[str, Known]:
    """The lists by name."""
    invented = Invented(_SEED).rows(_PEOPLE)
    known = {"invented": Known([row for _, row in invented], [person for person, _ in invented])}
    for name in FILES:
        rows = febrl_rows(name)
        known[name] = Known(rows, [febrl_person(row["record_id"]) for row in rows])
    return known


def hold(known: Known) -> Outcome:
    """One list, by both."""
    reader = PeopleReader("CN", _TODAY)
    people = [reader.person(row) for row in known.rows]
    true = {(int(one), int(other)) for one, other in _pairs(known.people)}
    matching = Matching(people, shipped_weights())
    groups = matching.groups(matching.pairs())
    ours = {(one, other) for members in groups for one in members for other in members if one < other}
    linker = train(people)
    levels, alike, rank, apart = agreement(_proposed(known.rows), opinion_of(linker).bits)
    theirs = splink_pairs(linker, shipped_weights().merge)
    return Outcome(_quality(ours, true), _quality(theirs, true), levels, alike, rank, apart)


def splink_pairs(linker: Any, threshold: float) -> set[tuple[int, int]]:
    """Pairs inside Splink's clusters at this match weight."""
    found = linker.inference.predict(threshold_match_weight=threshold)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(found, threshold_match_weight=threshold)
    named = [
        str(record["cluster_id"]) for record in sorted(clusters.as_record_list(), key=lambda row: row["unique_id"])
    ]
    return {(int(one), int(other)) for one, other in _pairs(named)}


def agreement(ours: Bits, theirs: Bits) -> tuple[int, int, float, str]:
    """How many levels lean one way by both, of those that lean by both; their rank correlation; who differ."""
    both = [
        (at, one, other)
        for at, one in ours.items()
        if one is not None and (other := theirs.get(at)) is not None
    ]  # fmt: skip
    leaning = [(at, one, other) for at, one, other in both if min(abs(one), abs(other)) >= _LEANS]
    apart = [f"{at[0]} {at[1]} {one} {other}" for at, one, other in leaning if (one > 0) is not (other > 0)]
    rank = _rank_correlation([one for _, one, _ in both], [other for _, _, other in both])
    return len(leaning), len(leaning) - len(apart), rank, "; ".join(apart)


def _rank_correlation(left: Sequence[float], right: Sequence[float]) -> float:
    """Spearman's, of values that are hardly ever equal."""
    places = [{value: place for place, value in enumerate(sorted(one))} for one in (left, right)]
    gaps = sum((places[0][one] - places[1][other]) ** 2 for one, other in zip(left, right, strict=True))
    count = len(left)
    return 1 - 6 * gaps / (count * (count * count - 1))


def _proposed(rows: Sequence[Row]) -> Bits:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "people.csv")
        with source.open("w", encoding="utf-8", newline="") as file:
            written = csv.DictWriter(file, list(rows[0]))
            written.writeheader()
            written.writerows(rows)
        output = Path(folder, "own.json")
        return estimate_weights(source, output, model_version="own", country="CN", today=_TODAY).bits


def _pairs(names: Sequence[str]) -> set[tuple[str, str]]:
    # Equally long, so that they sort as numbers do.
    return pairs_of((f"{place:09d}", name) for place, name in enumerate(names))


def _quality(found: set[tuple[int, int]], true: set[tuple[int, int]]) -> tuple[float, float]:
    right = len(found & true)
    return 2 * right / max(1, len(found) + len(true)), right / max(1, len(found))


def main() -> int:
    """One line for each list, or for those named."""
    failed = 0
    known = lists()
    for name in sys.argv[1:] or known:
        started = time.process_time()
        outcome = hold(known[name])
        failed += not outcome.is_good
        print(  # noqa: T201 - what a proof says
            f"{'PASS' if outcome.is_good else 'FAIL'} splink {name}: {len(known[name].rows):,} records, F1 (precision) "
            f"{outcome.ours[0]:.4f} ({outcome.ours[1]:.4f}), Splink's {outcome.theirs[0]:.4f} "
            f"({outcome.theirs[1]:.4f}); {outcome.alike} of {outcome.levels} levels lean alike, rank correlation "
            f"{outcome.rank:.2f}{'; apart: ' * bool(outcome.apart)}{outcome.apart} "
            f"({time.process_time() - started:.0f} s of CPU)",
            flush=True,
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
