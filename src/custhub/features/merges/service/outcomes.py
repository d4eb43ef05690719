"""What came of an undo, in the words of the API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from custhub.features.customers.service.parting import OwnFields
from custhub.features.merges.models import MemberRow, MergeRow
from custhub.features.merges.queries import MOVING
from custhub.kit.customer_link import Kept, WhyKept
from custhub.kit.ids import Prefix, to_text

_PREFIXES: Final[Mapping[str, Prefix]] = {
    "customer_phones": Prefix.PHONE,
    "customer_emails": Prefix.EMAIL,
    "customer_addresses": Prefix.ADDRESS,
    "customer_contacts": Prefix.CONTACT,
    "customer_external_ids": Prefix.EXTERNAL_ID,
    "messages": Prefix.MESSAGE,
    "findings": Prefix.FINDING,
    "consent_entries": Prefix.CONSENT,
}


def outcome_of(
    row: MergeRow,
    absorbed: Sequence[MemberRow],
    erased: Collection[UUID],
    kept: Mapping[UUID, Sequence[Kept]],
    fields: OwnFields,
) -> dict[str, Any]:
    """What is as it was, what is not, and why."""
    survivor = to_text(Prefix.CUSTOMER, row.survivor_id)
    conflicts = [_conflict(to_text(Prefix.CUSTOMER, own), one) for own, rows in kept.items() for one in rows]
    conflicts += [
        {"customer_id": survivor, "field": field, "table": "customers", "id": None, "reason": WhyKept.CHANGED.value}
        for field in fields.kept
    ]
    return {
        "returned": [{"table": table, "rows": n} for table, n in sorted(_returned(absorbed, kept).items()) if n],
        "restored": list(fields.restored),
        "conflicts": conflicts,
        "erased": sorted(to_text(Prefix.CUSTOMER, own) for own in erased),
    }


def _returned(absorbed: Iterable[MemberRow], kept: Mapping[UUID, Sequence[Kept]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for member in absorbed:
        if member.customer_id not in kept:
            continue
        gone = {(one.table, one.key) for one in kept[member.customer_id] if one.why is WhyKept.GONE}
        found.update({table: sum((table, key) not in gone for key in member.moved.get(table, ())) for table in MOVING})
    return found


def _conflict(customer: str, kept: Kept) -> dict[str, Any]:
    key = row_id(kept.table, kept.key)
    return {"customer_id": customer, "field": None, "table": kept.table, "id": key, "reason": kept.why.value}


def row_id(table: str, key: str) -> str:
    """The id of a row as clients see it; of a tag its name in small letters."""
    prefix = _PREFIXES.get(table)
    return key if prefix is None else to_text(prefix, UUID(hex=key))
