"""`custhub dedupe run`: a list of people, without a database."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.process.here import Run

ROWS = """\
record_id,channel,created_at,name,phone,phone2,email,address,birthday,company,country,personal_id,remark
a1,shop,2024-01-02,张三丰,138 1234 5678,,,深圳市南山区科技园路1号3栋502,1990-05-03,,CN,,old customer
a2,web,2025-01-02,Zhang Sanfeng,+86-13812345678,,,,1990/5/3,,,,
a3,web,2025-01-03,張三豐,,0755-86131234,blue.whale@qq.com,,1990-05-03,,,,
b1,shop,2024-01-02,王建国,13912345670,,,深圳市南山区科技园路2号,1988-02-07,,CN,,
b2,shop,2024-01-02,王建军,13912345670,,,深圳市南山区科技园路2号,1988-02-07,,CN,,
c1,web,2024-01-02,Bill Smith,,,bsmith77@mail.org,,1970-01-01,,US,,
c2,web,2024-01-02,William Smith,(212) 555-0142,,bsmith77@mail.org,,,,US,,
d1,web,2024-01-02,客户,,,,,,,,,
d2,web,2024-01-02,客户,,,,,,,,,
"""


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(ROWS, "utf-8-sig")
    return path


def clusters(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["record_id"]: row["cluster_id"] for row in csv.DictReader(file)}


def test_people_of_a_list_get_one_cluster_each(tmp_path: Path, run: Run, people: Path) -> None:
    output, explained = tmp_path / "clusters.csv", tmp_path / "pairs.jsonl"
    outcome = run(tmp_path / "home", "dedupe", "run", "--input", str(people), "--output", str(output),
                  "--explain", str(explained))  # fmt: skip
    assert outcome.code == 0, outcome.err
    found = clusters(output)
    assert list(found) == ["a1", "a2", "a3", "b1", "b2", "c1", "c2", "d1", "d2"]
    assert found["a1"] == found["a2"] == found["a3"] == "a1"
    assert found["c1"] == found["c2"] == "c1"
    # Twins at home, and two whom nobody named.
    assert len({found[one] for one in ("b1", "b2", "d1", "d2")}) == 4
    assert "9 records are 6 people" in outcome.err
    pairs = [json.loads(line) for line in explained.read_text("utf-8").splitlines()]
    decisions = {(pair["left"], pair["right"]): pair["decision"] for pair in pairs}
    assert decisions["a1", "a2"] == "merge"
    assert decisions["b1", "b2"] == "review"
    for pair in pairs:
        bits = pair["prior"] + sum(field["bits"] for field in pair["fields"]) + pair["household"]
        assert pair["total"] == pytest.approx(bits, abs=0.01)
    # Nothing of a hub was made for it.
    assert not (tmp_path / "home").exists()


def test_a_higher_threshold_merges_less(tmp_path: Path, run: Run, people: Path) -> None:
    output = tmp_path / "clusters.csv"
    assert run(tmp_path / "home", "dedupe", "run", "--input", str(people), "--output", str(output),
               "--threshold", "60").code == 0  # fmt: skip
    assert len(set(clusters(output).values())) == 9


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name,phone\n张三丰,13812345678\n", "record_id"),
        ("record_id,name\n,张三丰\n", "record_id"),
        ("record_id,name\nx,张三丰\nx,李四\n", "record_id"),
    ],
)
def test_a_file_without_ids_is_refused(tmp_path: Path, run: Run, text: str, why: str) -> None:
    source, output = tmp_path / "people.csv", tmp_path / "clusters.csv"
    source.write_text(text, "utf-8")
    outcome = run(tmp_path / "home", "dedupe", "run", "--input", str(source), "--output", str(output))
    assert outcome.code != 0
    assert why in outcome.err
    assert "Traceback" not in outcome.err
    assert not output.exists()


def test_a_file_that_is_not_there_is_named(tmp_path: Path, run: Run) -> None:
    outcome = run(tmp_path / "home", "dedupe", "run", "--input", str(tmp_path / "none.csv"),
                  "--output", str(tmp_path / "clusters.csv"))  # fmt: skip
    assert outcome.code != 0
    assert "none.csv cannot be read or written" in outcome.err
