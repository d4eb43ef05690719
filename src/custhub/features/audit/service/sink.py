"""Checkpoints outside the database: one append-only file per day, one JSON line each (S-72).

A database that lost its tail cannot take these lines with it. Plain files and no event loop: callers use a thread.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import orjson

from custhub.features.audit.models import CheckpointRow

_PREFIX, _SUFFIX = "checkpoints-", ".jsonl"
#: Enough for several lines; a line has about 500 characters.
_TAIL_BYTES = 16_384


class CheckpointSink:
    """The directory of checkpoint files. It may be a mount shared by all processes of a hub."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._cached: tuple[Path, tuple[int, int], dict[int, CheckpointRow]] | None = None

    def append(self, rows: Sequence[CheckpointRow]) -> None:
        """Write those that are newer than what is there, and wait for the disk. Raises OSError."""
        self._write(rows, newer_only=True)

    def fill(self, rows: Sequence[CheckpointRow]) -> int:
        """Write those that are missing anywhere and give their number. Raises OSError."""
        return self._write([row for row in rows if row.number not in self.day(row.at.date())], newer_only=False)

    def newest(self) -> CheckpointRow | None:
        """The last checkpoint written."""
        for path in reversed(self._files()):
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
                rows = list(checkpoints_of(file.read()))
            if rows:
                return max(rows, key=lambda row: row.number)
        return None

    def day(self, day: date) -> Mapping[int, CheckpointRow]:
        """The checkpoints of one day by number. Lines that cannot be read are no checkpoints."""
        path = self._path(day)
        try:
            stat = path.stat()
        except FileNotFoundError:
            return {}
        version = (stat.st_mtime_ns, stat.st_size)
        # Taken once: another thread may put another day there meanwhile.
        cached = self._cached
        if cached is None or cached[:2] != (path, version):
            cached = self._cached = (path, version, {row.number: row for row in checkpoints_of(path.read_bytes())})
        return cached[2]

    def _path(self, day: date) -> Path:
        return self.directory / f"{_PREFIX}{day.isoformat()}{_SUFFIX}"

    def _files(self) -> list[Path]:
        return sorted(self.directory.glob(f"{_PREFIX}*{_SUFFIX}"))

    def _write(self, rows: Sequence[CheckpointRow], *, newer_only: bool) -> int:
        if not rows:
            return 0
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        directory = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            # Several processes may copy the same checkpoints: each looks again once it is alone.
            fcntl.flock(directory, fcntl.LOCK_EX)
            if newer_only:
                newest = self.newest()
                rows = [row for row in rows if newest is None or row.number > newest.number]
            for day in sorted({row.at.date() for row in rows}):
                _append(self._path(day), b"".join(checkpoint_line(row) for row in rows if row.at.date() == day))
            os.fsync(directory)
        finally:
            os.close(directory)
        return len(rows)


def _append(path: Path, lines: bytes) -> None:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":
            lines = b"\n" + lines  # a crash cut the last line short: it stays, as a line of its own
        while lines:
            lines = lines[os.write(file, lines) :]
        os.fsync(file)
    finally:
        os.close(file)


def checkpoint_line(row: CheckpointRow) -> bytes:
    """The signed text of a checkpoint with its signature, as one JSON line."""
    return row.body[:-1] + b',"signature":"' + row.signature.hex().encode() + b'"}\n'


def checkpoints_of(text: bytes) -> Iterator[CheckpointRow]:
    """The checkpoints in these lines; lines that are none are left out. Signatures are not checked."""
    for line in text.split(b"\n"):
        try:
            members = orjson.loads(line)
            row = CheckpointRow(
                number=members["number"],
                at=datetime.fromisoformat(members["at"]),
                first_seq=members["first_seq"],
                last_seq=members["last_seq"],
                last_hash=bytes.fromhex(members["last_hash"]),
                root=bytes.fromhex(members["root"]),
                prev=bytes.fromhex(members["prev"]),
                kid=members["kid"],
                signature=bytes.fromhex(members["signature"]),
            )
        except (ValueError, KeyError, TypeError):
            continue
        if checkpoint_line(row) == line + b"\n":
            yield row
