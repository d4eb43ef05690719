"""`custhub dedupe estimate`: weights of one's own, proposed and only used when named."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest

from custhub.features.duplicates.schemas.models import MatchDocument
from custhub.features.matching.rules.levels import Field, Level
from custhub.features.matching.rules.weights import flaws_of, shipped_weights
from tests.process.here import Run
from tests.unit.matching.test_estimating import Town

COLUMNS = ("record_id", "name", "address", "birthday", "personal_id")


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A list with households, in which two records in a row are one person up to the 800th."""
    path = tmp_path / "people.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        written = csv.DictWriter(file, COLUMNS)
        written.writeheader()
        rows = Town().live(400).live_as("family", 120).rows
        written.writerows({"record_id": f"r{number}"} | row for number, row in enumerate(rows))
    return path


def labels(path: Path, count: int) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        written = csv.writer(file)
        written.writerow(("left", "right", "decision"))
        for at in range(0, 2 * count, 2):
            written.writerow((f"r{at}", f"r{at + 1}", "merge" if at < 800 else "not_same"))
    return path


def test_weights_are_proposed_and_used_only_when_named(tmp_path: Path, run: Run, people: Path) -> None:
    home, weights, explained = tmp_path / "home", tmp_path / "own.json", tmp_path / "pairs.jsonl"
    decisions = labels(tmp_path / "labels.csv", 520)
    outcome = run(home, "dedupe", "estimate", "--input", str(people), "--output", str(weights),
                  "--labels", str(decisions), "--model-version", "own-1")  # fmt: skip
    assert outcome.code == 0, outcome.err
    assert "own-1: " in outcome.err
    assert "of 520 decisions" in outcome.err
    document = json.loads(weights.read_text("utf-8"))
    assert document["estimated_from"]["decisions"] == 520
    assert f"custhub duplicates models propose {weights}" in outcome.err
    assert flaws_of(MatchDocument.model_validate(document).model_dump()) == []
    # Five of a hundred birthdays were changed: less than the shipped weights take a difference for.
    assert shipped_weights().bits.keys() == {
        (field, level) for field, levels in document["levels"].items() for level in levels
    }
    assert shipped_weights().bits[Field.BIRTHDAY, Level.DIFFERENT] < document["levels"]["birthday"]["different"] < -3
    for named, version in (([], shipped_weights().model_version), (["--weights", str(weights)], "own-1")):
        outcome = run(home, "dedupe", "run", "--input", str(people), "--output", str(tmp_path / "clusters.csv"),
                      "--explain", str(explained), *named)  # fmt: skip
        assert outcome.code == 0, outcome.err
        assert {json.loads(line)["model_version"] for line in explained.read_text("utf-8").splitlines()} == {version}


def test_a_list_alone_is_enough(tmp_path: Path, run: Run, people: Path) -> None:
    weights = tmp_path / "own.json"
    outcome = run(tmp_path / "home", "dedupe", "estimate", "--input", str(people), "--output", str(weights))
    assert outcome.code == 0, outcome.err
    assert json.loads(weights.read_text("utf-8"))["model_version"].startswith("own-20")


def test_decisions_of_a_hub_count_by_their_levels(tmp_path: Path, run: Run, people: Path) -> None:
    """Of customers that were merged no list has two records any more."""
    decisions, weights = tmp_path / "labels.csv", tmp_path / "own.json"
    with decisions.open("w", encoding="utf-8", newline="") as file:
        written = csv.writer(file)
        written.writerow(("left", "right", "decision", "reason", "model_version", "levels"))
        for at in range(600):
            levels = "name:same birthday:different" if at % 4 == 0 else "name:same birthday:same"
            written.writerow((f"cus_{at}", f"cus_{at}x", "merge", "same_person", "2026-11", levels))
    outcome = run(tmp_path / "home", "dedupe", "estimate", "--input", str(people), "--output", str(weights),
                  "--labels", str(decisions))  # fmt: skip
    assert outcome.code == 0, outcome.err
    assert "600 decisions of people count" in outcome.err
    assert "about records of the list" not in outcome.err
    # A birthday in four differs.
    assert json.loads(weights.read_text("utf-8"))["levels"]["birthday"]["different"] == pytest.approx(-2, abs=0.5)


@pytest.mark.parametrize("levels", ["name:equal", "name", "phone:unit", "same"])
def test_levels_that_are_none_are_refused(tmp_path: Path, run: Run, people: Path, levels: str) -> None:
    decisions = tmp_path / "labels.csv"
    rows = "".join(f"cus_{at},cus_{at}x,merge,{levels}\n" for at in range(600))
    decisions.write_text("left,right,decision,levels\n" + rows, "utf-8")
    outcome = run(tmp_path / "home", "dedupe", "estimate", "--input", str(people),
                  "--output", str(tmp_path / "own.json"), "--labels", str(decisions))  # fmt: skip
    assert outcome.code != 0
    assert "labels.csv: no CSV" in outcome.err


def test_without_the_extra_the_second_opinion_says_how_to_install_it(
    tmp_path: Path, run: Run, people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # None: whoever imports it is told that there is no such module.
    monkeypatch.setitem(sys.modules, "splink", None)
    outcome = run(tmp_path / "home", "dedupe", "estimate", "--input", str(people),
                  "--output", str(tmp_path / "own.json"), "--with", "splink")  # fmt: skip
    assert outcome.code != 0
    assert outcome.err.strip() == ("custhub: Splink is not installed; install it with: pip install 'custhub[dedupe]'")
    assert not (tmp_path / "own.json").exists()


def test_few_or_foreign_decisions_are_refused(tmp_path: Path, run: Run, people: Path) -> None:
    few = labels(tmp_path / "few.csv", 499)
    foreign = labels(tmp_path / "foreign.csv", 600)
    for decisions in (few, foreign):
        outcome = run(tmp_path / "home", "dedupe", "estimate", "--input", str(people),
                      "--output", str(tmp_path / "own.json"), "--labels", str(decisions))  # fmt: skip
        assert outcome.code != 0
        assert f"{decisions.name}: no CSV" in outcome.err
        assert "at least 500 decisions" in outcome.err
    assert not (tmp_path / "own.json").exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"model_version": "x", "levels": {}}', "\x00"])
def test_what_is_no_weights_is_refused(tmp_path: Path, run: Run, people: Path, text: str) -> None:
    weights = tmp_path / "own.json"
    weights.write_text(text, "utf-8")
    outcome = run(tmp_path / "home", "dedupe", "run", "--input", str(people),
                  "--output", str(tmp_path / "clusters.csv"), "--weights", str(weights))  # fmt: skip
    assert outcome.code != 0
    assert "own.json: no weights" in outcome.err
    assert "Traceback" not in outcome.err
