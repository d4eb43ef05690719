"""A file for imports with bad rows at known places, and what must be said of each of them."""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

COLUMNS: Final = ("display_name", "phones[0].number", "emails[0].email", "external_ids[shop]", "stage", "tags")
#: Of a hundred rows.
_BAD: Final = 5
#: What is wrong with a row, and the code that names it.
_FAULTS: Final[dict[str, tuple[int, str]]] = {
    "phone_invalid": (1, "12345"),
    "email_invalid": (2, "nobody@"),
    "vocabulary_value_unknown": (4, "no_such_stage"),
    "name_invalid": (0, ""),
    "formula_cell": (5, "=1+1"),
}
#: Their number or id is somebody's already: of a customer from before, or of the good row in front.
_TWINS: Final = {"phone_taken": 1, "external_id_taken": 3}
_SURNAMES: Final = "王李张刘陈杨黄赵吴周"


def customer_of(i: int) -> list[str]:
    """The i-th customer, as a row; those below 0 were there before."""
    n = i % 100_000_000
    name = f"{_SURNAMES[i % 10]}伟{'' if i % 3 else '芳'}"
    stage, tags = "active" if i % 2 else "lead", "VIP" if i % 9 == 0 else ""
    return [name, f"139{n:08d}", f"c{n}@example.com", f"A-{n}", stage, tags]


@dataclass(frozen=True, slots=True)
class Planted:
    """A file and its bad rows: number in the file -> code."""

    rows: int
    bad: dict[int, str]

    @property
    def good(self) -> int:
        """Rows that become customers."""
        return self.rows - len(self.bad)

    def kinds(self) -> dict[str, int]:
        """How many there are of each."""
        return dict(sorted(Counter(self.bad.values()).items()))

    def write(self, path: Path) -> None:
        """Write the file."""
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(self._lines())

    def _lines(self) -> Iterator[Sequence[str]]:
        before = customer_of(-1)
        for i in range(self.rows):
            row, code = customer_of(i), self.bad.get(i + 2)
            if code is None:
                before = row
            elif code in _TWINS:
                row[_TWINS[code]] = before[_TWINS[code]]
            else:
                column, cell = _FAULTS[code]
                row[column] = cell
            yield row


def planted(rows: int, seed: int) -> Planted:
    """So many rows; row 1 of the file is its header."""
    rng = random.Random(seed)
    kinds = [*_FAULTS, *_TWINS]
    places = rng.sample(range(rows), rows * _BAD // 100)
    return Planted(rows, {place + 2: kinds[turn % len(kinds)] for turn, place in enumerate(places)})
