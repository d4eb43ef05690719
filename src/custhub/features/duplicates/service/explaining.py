"""Why a pair may be one person, as its reader may see it: numbers of the scan, values of today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from custhub.features.customers.queries.sources import personal_sources
from custhub.features.customers.service.context import CustomerContext
from custhub.features.duplicates.queries import DuplicateRow
from custhub.features.duplicates.queries.pairs import PairRecord
from custhub.features.duplicates.rules import bits_of, probability
from custhub.features.matching.rules.contacts import Number
from custhub.features.matching.rules.levels import Field as Compared
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.service.explaining import shown
from custhub.features.matching.service.reading import people_of
from custhub.features.phones.rules import MaskStyle, find_numbers, mask, render_placeholders, replace_spans
from custhub.security.fields import Field

#: Which member of a customer a compared field comes from: who does not see that does not see this.
_MEMBERS: Final[Mapping[Compared, Field]] = {
    Compared.NAME: Field.DISPLAY_NAME,
    Compared.SUFFIX: Field.DISPLAY_NAME,
    Compared.PHONE: Field.PHONES,
    Compared.MAIL: Field.EMAILS,
    Compared.ADDRESS: Field.ADDRESSES,
    Compared.BIRTHDAY: Field.BIRTHDAY,
    Compared.PERSONAL_ID: Field.EXTERNAL_IDS,
    Compared.COMPANY: Field.COMPANY_NAME,
}
_WITH_TEXTS: Final = frozenset({Compared.NAME, Compared.ADDRESS, Compared.COMPANY})
_LONGEST: Final = 1_000
_TAIL: Final = 4
_HIDDEN: Final = 7


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
                "left": _seen(context, Compared(name), left),
                "right": _seen(context, Compared(name), right),
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


def _seen(context: CustomerContext, field: Compared, person: Person) -> str | None:
    """What the caller sees of a compared value; None where its role does not see the member, or nothing is left."""
    policy = context.who.policy
    if not policy.may_read(_MEMBERS[field]):
        return None
    if field is Compared.PHONE:
        text = ", ".join(filter(None, (_number(number, context.mask_style) for number in person.numbers)))
    else:
        text = shown(field, person)
    if field in _WITH_TEXTS and (spans := find_numbers(text, context.country)):
        stored, numbers = replace_spans(text, spans)
        text = render_placeholders(stored, [mask(number.e164, context.mask_style) for number in numbers])
    return text[:_LONGEST] or None


def _number(number: Number, style: MaskStyle) -> str | None:
    if not number.is_masked:
        return mask(number.value, style)
    if style is MaskStyle.NONE:
        return None
    return "*" * _HIDDEN + number.value[-_TAIL:] if style is MaskStyle.LAST4 else number.value
