"""Why a pair may be one person, as its reader may see it: numbers of the scan, values of today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from custhub.features.customers.queries.sources import personal_sources
from custhub.features.customers.service.context import CustomerContext
from custhub.features.duplicates.queries import DuplicateRow
from custhub.features.duplicates.queries.pairs import PairRecord
from custhub.features.duplicates.rules import bits_of, probability
from custhub.features.matching.rules.levels import Field as Compared
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.service.reading import people_of
from custhub.features.matching.service.showing import seen


async def explained(context: CustomerContext, records: Sequence[PairRecord]) -> list[dict[str, Any]]:
    """One explanation for each pair, with values as far as the caller may see them."""
    ids = {customer_id for record in records for customer_id in (record.row.left_id, record.row.right_id)}
    reader, nobody = context.uow.database, Person()
    people: Mapping[UUID, Person] = {}
    if ids:
        people = await people_of(reader, context.keys, ids, await personal_sources(reader))
    return [
        _explanation(context, one.row, people.get(one.row.left_id) or nobody, people.get(one.row.right_id) or nobody)
        for one in records
    ]


def _explanation(context: CustomerContext, row: DuplicateRow, left: Person, right: Person) -> dict[str, Any]:
    evidence = row.evidence
    return {
        "model_version": row.model_version,
        "prior": bits_of(evidence["prior"]),
        "fields": [
            {
                "field": name,
                "level": level,
                "bits": bits_of(bits),
                "left": seen(context, Compared(name), left),
                "right": seen(context, Compared(name), right),
                "term_count": count,
            }
            for name, level, bits, count in evidence["fields"]
        ],
        "household": bits_of(evidence["household"]),
        "contradictions": evidence["contradictions"],
        "total": bits_of(row.total),
        "probability": probability(row.total),
        "decision": row.suggested,
        "rule": evidence["rule"],
    }
