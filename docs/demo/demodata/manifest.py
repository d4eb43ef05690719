"""What a hub must make of the file, known from how the file was written and not from any hub."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from demodata.numbers import SPELLINGS, write_mobile
from demodata.rows import Row

#: The header is row 1, as in a spreadsheet; so a row is also a line of the file.
FIRST_ROW = 2


def manifest_of(rows: Sequence[Row], file: bytes) -> dict[str, Any]:
    """Every figure the demonstration compares with."""
    numbered = list(enumerate(rows, FIRST_ROW))
    row_of = {id(row): number for number, row in numbered}
    created = [row for row in rows if not row.code]
    refused: defaultdict[str, list[int]] = defaultdict(list)
    for number, row in numbered:
        if row.code:
            refused[row.code].append(number)
    twins = [row for row in rows if row.code == "phone_taken"]
    lookup = next(row for row in rows if row.spelling == "plain" and any(twin.original is row for twin in twins))
    reveal = next(row for row in created if row.numbers and row.numbers[0].extension)
    return {
        "file": {"rows": len(rows), "bytes": len(file), "sha256": hashlib.sha256(file).hexdigest()},
        "created": len(created),
        "refused": len(rows) - len(created),
        "refused_by_code": {code: refused[code] for code in sorted(refused)},
        "already_there": {
            code: {str(row_of[id(row)]): row_of[id(row.original)] for row in rows if row.code == code}
            for code in ("phone_taken", "external_id_taken")
        },
        "spellings_of_refused_twins": dict(sorted(Counter(row.spelling for row in twins).items())),
        "customers": _figures(created),
        "lookup": {
            "row": row_of[id(lookup)],
            "spellings": {style: write_mobile(lookup.numbers[0], style).text for style in SPELLINGS},
        },
        "reveal": {
            "row": row_of[id(reveal)],
            "e164": reveal.numbers[0].e164,
            "extension": reveal.numbers[0].extension,
        },
    }


def _figures(created: Sequence[Row]) -> dict[str, Any]:
    numbers = [number for row in created for number in row.numbers]
    return {
        "persons": sum(row.cells["kind"] != "organisation" for row in created),
        "organisations": sum(row.cells["kind"] == "organisation" for row in created),
        "phones": len(numbers),
        "phones_by_country": dict(sorted(Counter(number.country for number in numbers).items())),
        "phones_by_kind": dict(sorted(Counter(number.kind for number in numbers).items())),
        "phones_shared": sum(number.shared for number in numbers),
        "emails": sum(bool(row.cells["email"]) for row in created),
        "chinese_addresses_with_district": sum(bool(row.district) for row in created),
        "birthdays": sum(bool(row.cells["birthday"]) for row in created),
        "birthdays_lunar": sum(row.lunar for row in created),
        "numbers_sealed_in": dict(sorted(Counter(column for row in created for column in row.sealed).items())),
        "formulas_kept_as_text": sum(row.cells["display_name"][:1] in tuple("=@-+") for row in created),
    }
