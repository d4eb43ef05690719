"""The whole file, from one seed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from demodata.dice import Dice
from demodata.faults import family_rows, formula_rows, id_twins, phone_twins, spoilt_rows
from demodata.manifest import manifest_of
from demodata.rows import COLUMNS, Register, Row
from demodata.shop import shop_file

SEED = 20_260_501
ROWS = 3_200
_FIRMS, _PEOPLE_ABROAD, _FIRMS_ABROAD = 210, 400, 50
_PHONE_TWINS, _ID_TWINS = 116, 25


def build() -> list[Row]:
    """All rows in the order of the file. What repeats another row stands somewhere behind it."""
    dice = Dice(SEED)
    register = Register(dice)
    good = formula_rows(register) + family_rows(register)
    good += [register.firm() for _ in range(_FIRMS)]
    good += [register.person_abroad() for _ in range(_PEOPLE_ABROAD)]
    good += [register.firm_abroad() for _ in range(_FIRMS_ABROAD)]
    spoilt = spoilt_rows(register)
    good += [register.person() for _ in range(ROWS - len(good) - len(spoilt) - _PHONE_TWINS - _ID_TWINS)]
    good = dice.shuffled(good)
    twins = phone_twins(register, good, _PHONE_TWINS) + id_twins(register, good, _ID_TWINS)
    return _in_order(dice, good, spoilt, twins)


def _in_order(dice: Dice, good: Sequence[Row], spoilt: Sequence[Row], twins: Sequence[Row]) -> list[Row]:
    place: dict[Row | None, float] = {row: float(index) for index, row in enumerate(good)}
    last = float(len(good))
    placed = [(place[row], row) for row in good]
    placed += [(dice.share() * last, row) for row in spoilt]
    placed += [(place[row.original] + dice.share() * (last - place[row.original]), row) for row in twins]
    return [row for _, row in sorted(placed, key=lambda pair: pair[0])]


def csv_of(rows: Sequence[Row]) -> bytes:
    """The rows as a CSV file: UTF-8, a header, line feeds."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.cells for row in rows)
    return text.getvalue().encode()


def files() -> dict[str, bytes]:
    """Name -> content of the files kept beside the generator."""
    rows = build()
    table = csv_of(rows)
    shop, expected = shop_file(rows, SEED + 1)
    manifest = json.dumps(manifest_of(rows, table) | {"shop": expected}, ensure_ascii=False, indent=1) + "\n"
    return {"customers.csv": table, "shop.csv": shop, "manifest.json": manifest.encode()}
