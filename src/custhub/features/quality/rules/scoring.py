"""How complete a customer is, whoever looks: for the figures of all of them."""

from __future__ import annotations

from typing import Final

from custhub.features.customers.rules import CustomerKind
from custhub.features.customers.rules.completeness import Lack, completeness
from custhub.features.customers.rules.provenance import is_empty
from custhub.features.phones.rules import PhoneStatus
from custhub.features.quality.rules.checks import Measure
from custhub.features.quality.rules.seen import Seen

_USELESS: Final = (PhoneStatus.DEAD, PhoneStatus.CHANGED)
_SCALARS: Final = (
    "display_name", "language", "category", "family_name", "given_name", "birthday", "gender", "tax_id",
)  # fmt: skip


def score_of(seen: Seen, measure: Measure) -> int:
    """0 to 100, by the weights of `include=completeness`."""
    row = seen.row
    lacks: dict[str, Lack | None] = {
        name: Lack.MISSING if is_empty(name, getattr(row, name)) else None for name in _SCALARS
    }
    lacks["source"] = None if measure.is_entry("source", row.source) else Lack.UNUSABLE
    lacks["phones"] = None if any(phone.status not in _USELESS for phone in seen.phones) else Lack.MISSING
    lacks["emails"] = None if seen.emails else Lack.MISSING
    lacks["addresses"] = None if any(place.city and place.street for place in seen.addresses) else Lack.MISSING
    lacks["contacts"] = None if seen.has_contacts else Lack.MISSING
    for key in measure.required:
        lacks[f"custom_fields.{key}"] = None if key in (row.custom or {}) else Lack.MISSING
    return completeness(CustomerKind(row.kind), lacks).score
