"""From a file of people to a file of clusters."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple, TextIO

import orjson

from custhub.features.matching.errors import PeopleFileInvalid
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.rules.scoring import Decision
from custhub.features.matching.rules.weights import Weights, shipped_weights
from custhub.features.matching.service.batch import Matching
from custhub.features.matching.service.explaining import explanation
from custhub.features.matching.service.people import PeopleReader


class Found(NamedTuple):
    """What there was in a file: records, people, groups of two and more records, pairs for a person to judge.

    `model_version` is that of the weights, with `+list` where they were adapted to the list.
    """

    records: int
    people: int
    clusters: int
    review: int
    model_version: str


def match_file(
    source: Path,
    output: Path,
    *,
    explained: Path | None = None,
    threshold: float | None = None,
    weights: Weights | None = None,
    country: str,
    today: date,
) -> Found:
    """Write `record_id,cluster_id` for every row of `source`, and to `explained` one JSON per pair of review and merge.

    Files appear whole or not at all. Raises PeopleFileInvalid, OSError.
    """
    ids, people = read_people(source, country=country, today=today)
    matching = Matching(people, weights or shipped_weights(), threshold)
    pairs = matching.pairs()
    groups = matching.groups(pairs)
    with written(output) as file:
        _write_clusters(file, ids, groups)
    if explained is not None:
        with written(explained) as file:
            for pair in pairs:
                said = explanation(
                    pair.score, pair.decision, matching.scorer.weights, people[pair.left], people[pair.right]
                )
                line = {"left": ids[pair.left], "right": ids[pair.right], **said}
                file.write(orjson.dumps(line).decode() + "\n")
    review = sum(pair.decision is Decision.REVIEW for pair in pairs)
    return Found(
        len(ids),
        len(ids) - sum(len(members) - 1 for members in groups),
        len(groups),
        review,
        matching.scorer.weights.model_version,
    )


def read_people(source: Path, *, country: str, today: date) -> tuple[list[str], list[Person]]:
    """Every record of a file with its id. Raises PeopleFileInvalid, OSError."""
    ids, people = list[str](), list[Person]()
    try:
        with source.open(encoding="utf-8-sig", newline="") as file:
            for record_id, person in PeopleReader(country, today).read(file):
                ids.append(record_id)
                people.append(person)
    except (UnicodeDecodeError, csv.Error) as error:
        raise PeopleFileInvalid from error
    if len(set(ids)) < len(ids):
        raise PeopleFileInvalid
    return ids, people


def _write_clusters(file: TextIO, ids: Sequence[str], groups: Sequence[Sequence[int]]) -> None:
    """A cluster is called by its first record; whoever is alone is a cluster too."""
    first = list(range(len(ids)))
    for members in groups:
        for member in members:
            first[member] = min(members)
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(("record_id", "cluster_id"))
    rows.writerows((record_id, ids[first[place]]) for place, record_id in enumerate(ids))


@contextmanager
def written(path: Path) -> Iterator[TextIO]:
    """A text file that appears whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
