"""Plans and merges as one caller sees them: by its reach, its field policy and its masks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from custhub.crypto.errors import IntegrityError
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.service.absorbing import reachable_records
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.custom import PREFIX
from custhub.features.customers.service.images import row_of
from custhub.features.merges.models import MemberRow, MergeRow
from custhub.features.merges.service.outcomes import row_id
from custhub.features.merges.service.plans import Plan
from custhub.kit.ids import Prefix, from_text, to_text
from custhub.security.fields import Field
from custhub.security.scopes import Scope

#: Table -> the field whose rows it has: what is told of them is told of the field.
_FIELD_OF: Final[Mapping[str, str]] = {
    "customer_phones": Field.PHONES, "customer_emails": Field.EMAILS, "customer_addresses": Field.ADDRESSES,
    "customer_contacts": Field.CONTACTS, "customer_external_ids": Field.EXTERNAL_IDS, "customer_tags": Field.TAGS,
}  # fmt: skip
#: What is kept of a plan that nobody can read any more.
_NOTHING: Final[Mapping[str, Any]] = {"fields": [], "moves": {}, "conflicts": [], "consents": [], "note": None}
Bodies = Mapping[str, Mapping[str, Any]]


def plan_view(plan: Plan, context: CustomerContext) -> dict[str, Any]:
    """The body of a preview."""
    bodies = {_text(member.id): context.show(member.record) for member in plan.members}
    return {
        "object": "merge_plan",
        "survivor_id": _text(plan.survivor.id),
        "customer_ids": [_text(own) for own in plan.ids],
        "plan_hash": plan.digest.text(),
        **_told(plan.kept(), bodies, context),
    }


def merge_view(row: MergeRow, merged: Iterable[UUID]) -> dict[str, Any]:
    """The body of a merge in a list."""
    return {
        "id": to_text(Prefix.MERGE, row.id),
        "object": "merge",
        "survivor_id": _text(row.survivor_id),
        "merged_ids": [_text(own) for own in merged],
        "state": row.state,
        "reason": row.reason,
        "created_by": row.created_by,
        "undone_by": row.undone_by,
        "undone_at": row.undone_at,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }


class MergeReader:
    """Reads what was merged, with the values of before."""

    def __init__(self, context: CustomerContext) -> None:
        self._context = context

    async def view(self, row: MergeRow, members: Sequence[MemberRow]) -> dict[str, Any]:
        """The body of a merge; of customers out of the caller's reach no value is shown."""
        records = await self.records([member.customer_id for member in members])
        bodies = {
            _text(own): self._context.show(record)
            for own, record in self.before(members, records).items()
            if record is not None
        }
        kept = self.kept(row, records.get(row.survivor_id))
        merged = (member.customer_id for member in members if member.place)
        undo = self.outcome(row, records.get(row.survivor_id))
        told = {"note": kept["note"], "undo": undo, **_told(kept, bodies, self._context)}
        return {**merge_view(row, merged), **told}

    async def records(self, ids: Sequence[UUID]) -> dict[UUID, CustomerRecord]:
        """Those of these customers that the caller may reach, as they are."""
        return await reachable_records(self._context, ids, lock=False)

    def before(
        self, members: Sequence[MemberRow], records: Mapping[UUID, CustomerRecord]
    ) -> dict[UUID, CustomerRecord | None]:
        """Each of them as it was; None for one whose image does not open any more."""
        found: dict[UUID, CustomerRecord | None] = {}
        for member in members:
            record = records.get(member.customer_id)
            image = None if record is None else self.image(member, record)
            found[member.customer_id] = (
                None if record is None or image is None else record._replace(row=row_of(record.row, image))
            )
        return found

    def image(self, member: MemberRow, record: CustomerRecord) -> bytes | None:
        """What a customer was, as `image_of` gave it; None when it was erased."""
        try:
            dek = self._context.dek(record)
            if member.image is None:
                return None
            return dek.open("merge_members", "image", member.merge_id, member.image.blob)
        except IntegrityError:
            return None

    def outcome(self, row: MergeRow, survivor: CustomerRecord | None) -> dict[str, Any] | None:
        """What came of the undo, without fields that the caller does not see."""
        try:
            if row.outcome is None or survivor is None:
                return None
            raw = self._context.dek(survivor).open("merges", "outcome", row.id, row.outcome.blob)
        except IntegrityError:
            return None
        return outcome_view(orjson.loads(raw), self._context)

    def kept(self, row: MergeRow, survivor: CustomerRecord | None) -> Mapping[str, Any]:
        """The plan as it was kept."""
        try:
            if row.plan is None or survivor is None:
                return _NOTHING
            raw = self._context.dek(survivor).open("merges", "plan", row.id, row.plan.blob)
        except IntegrityError:
            return _NOTHING
        known: dict[str, Any] = orjson.loads(raw)
        return known


def _told(kept: Mapping[str, Any], bodies: Bodies, context: CustomerContext) -> dict[str, Any]:
    policy = context.who.policy
    return {
        "fields": list(_fields(kept["fields"], bodies, context)),
        "moves": [
            {"table": told_table(table), "rows": rows}
            for table, rows in sorted(kept["moves"].items())
            if sees_table(table.partition(".")[0], context)
        ],
        "conflicts": [
            {
                "kind": kind,
                "table": told_table(table),
                "customer_ids": ids,
                "keys": [row_id(table, key) for key in keys],
            }
            for kind, table, ids, keys in kept["conflicts"]
            if table not in _FIELD_OF or policy.may_read(_FIELD_OF[table])
        ],
        "consents": [
            dict(zip(("purpose", "channel", "status", "customer_id"), consent, strict=True))
            for consent in kept["consents"]
            if sees_consents(context)
        ],
    }


def outcome_view(outcome: Mapping[str, Any], context: CustomerContext) -> dict[str, Any]:
    """What came of an undo, without fields that the caller does not see."""
    return {
        **outcome,
        "returned": [_renamed(one) for one in outcome["returned"] if sees_table(one["table"], context)],
        "restored": [field for field in outcome["restored"] if sees_field(field, context)],
        "conflicts": [
            _renamed(one)
            for one in outcome["conflicts"]
            if (sees_field(one["field"], context) if one["field"] else sees_table(one["table"], context))
        ],
    }


def told_table(table: str) -> str:
    """A table by the name that its rows have in a customer's body."""
    return table.removeprefix("customer_")


def _renamed(one: Mapping[str, Any]) -> dict[str, Any]:
    return {**one, "table": told_table(one["table"])}


def sees_consents(context: CustomerContext) -> bool:
    """Whether the caller may read what customers agreed to."""
    return Scope.CONSENTS_READ in context.who.scopes


def sees_table(table: str, context: CustomerContext) -> bool:
    """Whether the caller's role sees the member whose rows a table has."""
    return sees_field(_FIELD_OF.get(table, ""), context)


def sees_field(field: str, context: CustomerContext) -> bool:
    """Whether the caller's role sees a member, or a custom field."""
    name, key = field.partition(".")[0], field.removeprefix(PREFIX)
    return name not in context.who.policy.hidden and (key == field or key in context.access.readable)


def _fields(fields: Iterable[Any], bodies: Bodies, context: CustomerContext) -> Iterator[dict[str, Any]]:
    for field, rule, own, rejected in fields:
        if rule == "none" or not sees_field(field, context):
            continue
        yield {
            "field": field,
            "rule": rule,
            "customer_id": own,
            "value": _united(bodies, field) if rule == "united" else _value(bodies, own, field),
            "rejected": [{"customer_id": one, "value": _value(bodies, one, field)} for one in rejected],
        }


def _value(bodies: Bodies, own: str | None, field: str) -> Any:  # any JSON value
    body = bodies.get(own or "")
    if body is None:
        return None
    if field.startswith(PREFIX):
        return (body["custom_fields"] or {}).get(field.removeprefix(PREFIX))
    return body[field]


def _united(bodies: Bodies, field: str) -> list[Any]:
    return sorted({one for body in bodies.values() for one in body[field] or ()})


def _text(customer_id: UUID) -> str:
    return to_text(Prefix.CUSTOMER, customer_id)


def id_of(text: str) -> UUID:
    """The customer of an id that was kept."""
    return from_text(Prefix.CUSTOMER, text)
