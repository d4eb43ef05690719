"""A score as those see it who have to believe it: every bit of it named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from custhub.features.matching.rules.levels import Field
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.rules.scoring import Decision, Score
from custhub.features.matching.rules.weights import Weights


def explanation(score: Score, decision: Decision, weights: Weights, left: Person, right: Person) -> dict[str, Any]:
    """One pair as JSON: `total` is the sum of `prior`, the `bits` of `fields`, and `household` (0 or less)."""
    return {
        "model_version": weights.model_version,
        "prior": round(score.prior, 3),
        "fields": [
            {
                "field": one.field.value,
                "level": one.level.value,
                "bits": round(one.bits, 3),
                "left": shown(one.field, left),
                "right": shown(one.field, right),
                "term_count": one.count,
            }
            for one in score.evidence
        ],
        "household": round(score.cap, 3),
        "contradictions": [field.value for field in score.contradictions],
        "total": round(score.total, 3),
        "probability": round(score.probability, 6),
        "decision": decision.value,
        "rule": rule_of(score, decision),
    }


def outlined(said: Mapping[str, Any]) -> dict[str, Any]:
    """An explanation without the values that were compared."""
    fields = [{name: one[name] for name in ("field", "level", "bits")} for one in said["fields"]]
    return {**{name: said[name] for name in ("total", "probability", "decision")}, "fields": fields}


def rule_of(score: Score, decision: Decision) -> str:
    """What the decision goes by."""
    if decision is Decision.MERGE:
        return "contradiction_overruled" if score.contradictions else "two_kinds_agree"
    if decision is Decision.IGNORE:
        return "below_review"
    if score.contradictions:
        return "contradiction"
    return "below_merge" if score.is_twofold else "one_kind_only"


def shown(field: Field, person: Person) -> str:
    """A value as it was compared."""
    match field:
        case Field.NAME:
            return " ".join((person.name.han, *person.name.words)).strip() if person.name else ""
        case Field.SUFFIX:
            return person.name.suffix if person.name else ""
        case Field.PHONE:
            return ", ".join(number.value for number in person.numbers)
        case Field.MAIL:
            return ", ".join(f"{mailbox.local}@{mailbox.domain}" for mailbox in person.mailboxes)
        case Field.ADDRESS:
            return ", ".join(" ".join(filter(None, (*p.area, p.street, p.number, p.unit))) for p in person.places)
        case Field.BIRTHDAY:
            return "{:04d}-{:02d}-{:02d}".format(*person.born) if person.born else ""
        case Field.PERSONAL_ID:
            return ", ".join(value for _, value in person.ids)
        case _:
            return person.company
