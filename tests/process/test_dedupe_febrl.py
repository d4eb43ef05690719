"""FEBRL1 to 4: lists of people with known duplicates and no households, through the command."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from custhub.cli.dedupe import commands
from tests.febrl import COLUMNS, febrl_person, febrl_rows, pairs_of

#: What is reached: F1 and precision of pairs inside clusters.
LISTS = [("febrl1", 0.998, 0.999), ("febrl2", 0.998, 0.999), ("febrl3", 0.999, 0.999), ("febrl4", 0.998, 0.999)]


@pytest.mark.parametrize(("name", "f1", "precision"), LISTS, ids=[name for name, _, _ in LISTS])
def test_duplicates_are_found_without_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, f1: float, precision: float
) -> None:
    monkeypatch.setenv("CUSTHUB_HOME", str(tmp_path / "home"))
    source, output = tmp_path / "people.csv", tmp_path / "clusters.csv"
    rows = febrl_rows(name)
    with source.open("w", encoding="utf-8", newline="") as file:
        written = csv.DictWriter(file, COLUMNS)
        written.writeheader()
        written.writerows(rows)
    outcome = CliRunner().invoke(commands, ["run", "--input", str(source), "--output", str(output)])
    assert outcome.exit_code == 0, outcome.output
    with output.open(encoding="utf-8", newline="") as file:
        found = pairs_of((row["record_id"], row["cluster_id"]) for row in csv.DictReader(file))
    true = pairs_of((row["record_id"], febrl_person(row["record_id"])) for row in rows)
    right = len(found & true)
    assert right / len(found) >= precision
    assert 2 * right / (len(found) + len(true)) >= f1
