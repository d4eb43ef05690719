"""Weights estimated from a list of people, as a file to look at and to name: nothing uses them by itself."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from custhub.features.matching.errors import LabelsFileInvalid, WeightsFileInvalid
from custhub.features.matching.rules.levels import Field, Level
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.rules.proposing import LEAST_DECISIONS, Bits, Compared, proposed
from custhub.features.matching.rules.scoring import Decision, Scorer
from custhub.features.matching.rules.weights import Weights, shipped_document, shipped_weights, weights_of
from custhub.features.matching.service.batch import Matching, candidates
from custhub.features.matching.service.files import read_people, written
from custhub.features.matching.service.second_opinion import Opinion, require_splink, second_opinion


class Label(NamedTuple):
    """Whether people called two records one person: by their levels, by their places in the list, or by both."""

    is_one: bool
    levels: Compared
    places: tuple[int, int] | None


class Proposal(NamedTuple):
    """What came out: pairs compared, weights that changed, and decisions of people that a model decides as they did.

    `known` are the decisions about records of the list. A model agrees where it merges what they merged and leaves
    apart what they called not the same. `bits` are the proposed ones, `opinion` is what Splink says of the same levels
    where it was asked.
    """

    model_version: str
    pairs: int
    changed: int
    decisions: int
    known: int
    agreed_shipped: int
    agreed: int
    bits: Bits
    opinion: Opinion | None


def estimate_weights(
    source: Path,
    output: Path,
    *,
    labels: Path | None = None,
    with_splink: bool = False,
    model_version: str,
    country: str,
    today: date,
) -> Proposal:
    """Write weights in the form of weights.json, `with_splink` with a second opinion that no command goes by.

    Raises PeopleFileInvalid, LabelsFileInvalid, SplinkMissing, OSError.
    """
    if with_splink:
        require_splink()
    ids, people = read_people(source, country=country, today=today)
    shipped = shipped_weights()
    matching = Matching(people, shipped)
    scorer = matching.scorer
    decided = _read_labels(labels, ids) if labels else []
    confirmed = Counter(one.levels or _compared(scorer, people, *_known(one)) for one in decided if one.is_one)
    seen = Counter(_compared(scorer, people, left, right) for left, right in candidates(people))
    strangers = Counter(tuple(score.levels.items()) for score in matching.strangers()) if len(people) > 1 else Counter()
    bits = proposed(shipped, seen, strangers, confirmed)
    weights = replace(shipped, model_version=model_version, bits=bits)
    opinion = second_opinion(people) if with_splink else None
    document = _document(model_version, bits, seen.total(), len(decided))
    if opinion:
        document["second_opinion"] = opinion.document()
    with written(output) as file:
        json.dump(document, file, indent=2)
        file.write("\n")
    changed = sum(found != shipped.bits[at] for at, found in bits.items())
    agreed_shipped, agreed = (_agreed(Matching(people, one).scorer, people, decided) for one in (shipped, weights))
    known = sum(one.places is not None for one in decided)
    return Proposal(model_version, seen.total(), changed, len(decided), known, agreed_shipped, agreed, bits, opinion)


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


def _known(label: Label) -> tuple[int, int]:
    assert label.places is not None  # noqa: S101  # one of levels and places is there
    return label.places


def _agreed(scorer: Scorer, people: Sequence[Person], decided: Sequence[Label]) -> int:
    found = ((people[one.places[0]], people[one.places[1]], one.is_one) for one in decided if one.places)
    return sum((scorer.decide(scorer.score(left, right)) is Decision.MERGE) is is_one for left, right, is_one in found)


def _read_labels(path: Path, ids: Sequence[str]) -> list[Label]:
    places = {record_id: place for place, record_id in enumerate(ids)}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = [_label(row, places) for row in csv.DictReader(file)]
    except (UnicodeDecodeError, csv.Error, KeyError, ValueError) as error:
        raise LabelsFileInvalid(LEAST_DECISIONS) from error
    if len(found) < LEAST_DECISIONS or not any(one.is_one for one in found):
        raise LabelsFileInvalid(LEAST_DECISIONS)
    return found


def _label(row: Mapping[str, str], places: Mapping[str, int]) -> Label:
    is_one = {"merge": True, "not_same": False}[row["decision"]]
    levels = levels_of(row.get("levels") or "")
    left, right = row["left"], row["right"]
    if levels and not (left in places and right in places):
        return Label(is_one, levels, None)
    return Label(is_one, levels, (places[left], places[right]))


def written_levels(levels: Iterable[tuple[str, str]]) -> str:
    """Levels in a column of labels: `name:same phone:same_mobile`."""
    return " ".join(f"{field}:{level}" for field, level in levels)


def levels_of(text: str) -> Compared:
    """The levels in such a column. Raises ValueError where one is none of ours."""
    found = [one.partition(":") for one in text.split()]
    levels = tuple((Field(field), Level(level)) for field, _, level in found)
    if not shipped_weights().bits.keys() >= set(levels):
        raise ValueError("no level of this field")
    return levels


def _document(model_version: str, bits: Bits, pairs: int, decisions: int) -> dict[str, Any]:
    document = dict(shipped_document())
    levels: dict[str, dict[str, float]] = {}
    for (field, level), found in bits.items():
        levels.setdefault(field.value, {})[level.value] = found
    return document | {
        "model_version": model_version,
        "levels": levels,
        "estimated_from": {"model_version": document["model_version"], "pairs": pairs, "decisions": decisions},
    }
