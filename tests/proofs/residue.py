"""No planted number stays readable anywhere: database, log files, write-ahead logs, temporary files (S-01, S-20)."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_RUN = re.compile(rb"[0-9]{8,}")
_WIDE = re.compile(rb"(?:[0-9]\x00){7}[0-9]")
_CHUNK = 16 * 1024 * 1024
_OVERLAP = 64
_PREFIXES = ("135", "136", "137", "138", "139", "150", "151", "152", "157", "158", "159", "182", "183", "187", "188")


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a planted number shows."""

    file: str
    form: str
    offset: int


class Needles:
    """Every form in which a number could leak: ASCII and UTF-16 windows of eight digits, either way round, integers."""

    def __init__(self, numbers: Iterable[str]) -> None:
        self.windows: set[bytes] = set()
        self._big: set[bytes] = set()
        for number in numbers:
            for digits in (number, number[::-1]):
                self.windows |= {digits[i : i + 8].encode() for i in range(len(digits) - 7)}
            # Six bytes, as SQLite stores integers of this size; every wider integer holds them too.
            self._big |= {int(text).to_bytes(6, "big") for text in (number, "86" + number)}
        self._little = {value[::-1] for value in self._big}
        self._heads = _any_of({value[:2] for value in self._big})
        self._tails = _any_of({value[-2:] for value in self._little})

    def find(self, data: bytes, file: str) -> Iterator[Hit]:
        """Hits in one piece of a file."""
        for run in _RUN.finditer(data):
            digits = run[0]
            for i in range(len(digits) - 7):
                if digits[i : i + 8] in self.windows:
                    yield Hit(file, "ascii", run.start() + i)
        for i in _wide_starts(data):
            if data[i : i + 16 : 2] in self.windows:
                yield Hit(file, "utf-16", i)
        for head in self._heads.finditer(data):
            if data[head.start() : head.start() + 6] in self._big:
                yield Hit(file, "integer", head.start())
        for tail in self._tails.finditer(data):
            if data[max(0, tail.end() - 6) : tail.end()] in self._little:
                yield Hit(file, "integer", tail.end() - 6)


def _any_of(pieces: Iterable[bytes]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(re.escape(piece) for piece in sorted(pieces)))


def _wide_starts(data: bytes) -> Iterator[int]:
    at = 0
    while (match := _WIDE.search(data, at)) is not None:
        yield match.start()
        at = match.start() + 1


def scan(directories: Iterable[Path], needles: Needles) -> tuple[list[Hit], int]:
    """Every hit below these directories, and how many bytes were read."""
    hits: list[Hit] = []
    read = 0
    for directory in directories:
        for path in sorted(directory.rglob("*")):
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    tail = b""
                    while chunk := file.read(_CHUNK):
                        read += len(chunk)
                        hits += needles.find(tail + chunk, str(path))
                        tail = chunk[-_OVERLAP:]
    return hits, read


def planted_numbers(count: int, seed: int) -> list[str]:
    """National parts of Chinese mobiles that occur nowhere else: none shares a window with another."""
    rng = random.Random(seed)
    numbers: list[str] = []
    seen: set[str] = set()
    while len(numbers) < count:
        number = f"{rng.choice(_PREFIXES)}{rng.randrange(10**8):08d}"
        windows = {digits[i : i + 8] for digits in (number, number[::-1]) for i in range(4)}
        if not windows & seen:
            seen |= windows
            numbers.append(number)
    return numbers
