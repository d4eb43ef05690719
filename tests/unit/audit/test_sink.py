"""Files of checkpoints, without a database (S-72)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from custhub.features.audit.models import CheckpointRow
from custhub.features.audit.service.sink import CheckpointSink, checkpoint_line, checkpoints_of

_AT = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)


def make_row(number: int, at: datetime = _AT) -> CheckpointRow:
    return CheckpointRow(number, at, number, number, bytes([number] * 32), bytes(32), bytes(32), 1, bytes(64))


def test_s72_a_line_reads_back_as_the_row(tmp_path: Path) -> None:
    row = make_row(3)
    assert list(checkpoints_of(checkpoint_line(row))) == [row]


def test_s72_lines_that_are_no_checkpoints_are_left_out() -> None:
    line = checkpoint_line(make_row(3))
    torn, other, spaced = line[:-20], b'{"type":"note"}', line.replace(b":", b": ")
    assert list(checkpoints_of(b"\n".join([torn, b"[]", b"", other, spaced, line, b"\xff"]))) == [make_row(3)]


def test_s72_append_writes_what_is_newer_to_the_file_of_its_day(tmp_path: Path) -> None:
    sink = CheckpointSink(tmp_path / "audit")
    assert sink.newest() is None
    sink.append([make_row(1), make_row(2, _AT + timedelta(minutes=2))])
    sink.append([make_row(1), make_row(2, _AT + timedelta(minutes=2)), make_row(3, _AT + timedelta(minutes=3))])
    assert sorted(path.name for path in sink.directory.iterdir()) == [
        "checkpoints-2026-03-01.jsonl", "checkpoints-2026-03-02.jsonl",
    ]  # fmt: skip
    assert sink.newest() == make_row(3, _AT + timedelta(minutes=3))
    assert list(sink.day(date(2026, 3, 1))) == [1]
    assert list(sink.day(date(2026, 3, 2))) == [2, 3]
    assert sink.day(date(2026, 3, 3)) == {}


def test_s72_newest_skips_a_file_without_checkpoints(tmp_path: Path) -> None:
    sink = CheckpointSink(tmp_path)
    sink.append([make_row(1)])
    (tmp_path / "checkpoints-2026-03-05.jsonl").write_text("torn")
    assert sink.newest() == make_row(1)


def test_s72_newest_reads_the_end_of_a_long_file_only(tmp_path: Path) -> None:
    sink = CheckpointSink(tmp_path)
    sink.append([make_row(number) for number in range(1, 120)])
    assert sink.newest() == make_row(119)
    assert len(sink.day(_AT.date())) == 119


def test_s72_fill_writes_only_what_is_missing(tmp_path: Path) -> None:
    sink = CheckpointSink(tmp_path)
    sink.append([make_row(2)])
    assert sink.fill([make_row(1), make_row(2), make_row(3)]) == 2
    assert sink.fill([make_row(1), make_row(2), make_row(3)]) == 0
    assert sorted(sink.day(_AT.date())) == [1, 2, 3]
