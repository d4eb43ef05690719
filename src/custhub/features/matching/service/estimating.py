"""Weights estimated from a list of people, as a file to look at and to name: nothing uses them by itself."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from custhub.features.matching.errors import LabelsFileInvalid, WeightsFileInvalid
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.rules.proposing import LEAST_DECISIONS, Bits, Compared, proposed
from custhub.features.matching.rules.scoring import Decision, Scorer
from custhub.features.matching.rules.weights import Weights, shipped_document, shipped_weights, weights_of
from custhub.features.matching.service.batch import Matching, candidates
from custhub.features.matching.service.files import read_people, written

#: Places of two records, and whether people called them one person.
Label = tuple[int, int, bool]


class Proposal(NamedTuple):
    """What came out: pairs compared, weights that changed, and decisions of people that a model decides as they did.

    A model agrees where it merges what they merged and leaves apart what they called not the same.
    """

    model_version: str
    pairs: int
    changed: int
    decisions: int
    agreed_shipped: int
    agreed: int


def estimate_weights(
    source: Path, output: Path, *, labels: Path | None = None, model_version: str, country: str, today: date
) -> Proposal:
    """Write weights in the form of weights.json. Raises PeopleFileInvalid, LabelsFileInvalid, OSError."""
    ids, people = read_people(source, country=country, today=today)
    shipped = shipped_weights()
    matching = Matching(people, shipped)
    scorer = matching.scorer
    decided = _read_labels(labels, ids) if labels else []
    confirmed = Counter(_compared(scorer, people, left, right) for left, right, is_one in decided if is_one)
    seen = Counter(_compared(scorer, people, left, right) for left, right in candidates(people))
    strangers = Counter(tuple(score.levels.items()) for score in matching.strangers()) if len(people) > 1 else Counter()
    bits = proposed(shipped, seen, strangers, confirmed)
    weights = replace(shipped, model_version=model_version, bits=bits)
    with written(output) as file:
        json.dump(_document(model_version, bits, seen.total(), len(decided)), file, indent=2)
        file.write("\n")
    changed = sum(found != shipped.bits[at] for at, found in bits.items())
    agreed = [_agreed(Matching(people, one).scorer, people, decided) for one in (shipped, weights)]
    return Proposal(model_version, seen.total(), changed, len(decided), *agreed)


def read_weights(path: Path) -> Weights:
    """The weights in a file that was written so. Raises WeightsFileInvalid, OSError."""
    try:
        found = weights_of(json.loads(path.read_text("utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsFileInvalid from error
    if found.bits.keys() != shipped_weights().bits.keys() or not isinstance(found.model_version, str):
        raise WeightsFileInvalid
    return found


def _compared(scorer: Scorer, people: Sequence[Person], left: int, right: int) -> Compared:
    return tuple(scorer.score(people[left], people[right]).levels.items())


def _agreed(scorer: Scorer, people: Sequence[Person], decided: Sequence[Label]) -> int:
    return sum(
        (scorer.decide(scorer.score(people[left], people[right])) is Decision.MERGE) is is_one
        for left, right, is_one in decided
    )


def _read_labels(path: Path, ids: Sequence[str]) -> list[Label]:
    places = {record_id: place for place, record_id in enumerate(ids)}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = [_label(row, places) for row in csv.DictReader(file)]
    except (UnicodeDecodeError, csv.Error, KeyError) as error:
        raise LabelsFileInvalid(LEAST_DECISIONS) from error
    if len(found) < LEAST_DECISIONS or not any(is_one for _, _, is_one in found):
        raise LabelsFileInvalid(LEAST_DECISIONS)
    return found


def _label(row: Mapping[str, str], places: Mapping[str, int]) -> Label:
    return places[row["left"]], places[row["right"]], {"merge": True, "not_same": False}[row["decision"]]


def _document(model_version: str, bits: Bits, pairs: int, decisions: int) -> dict[str, Any]:
    document = shipped_document()
    levels: dict[str, dict[str, float]] = {}
    for (field, level), found in bits.items():
        levels.setdefault(field.value, {})[level.value] = found
    return document | {
        "model_version": model_version,
        "levels": levels,
        "estimated_from": {"model_version": document["model_version"], "pairs": pairs, "decisions": decisions},
    }
