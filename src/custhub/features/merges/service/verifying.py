"""Verify a merge: the images of before against the data as it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from custhub.features.consents.queries import states_of
from custhub.features.consents.rules import strictness
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.merged import survivors_of
from custhub.features.customers.queries.whole import whole_customers
from custhub.features.customers.rules.provenance import is_empty
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.custom import PREFIX
from custhub.features.customers.service.images import parts_of
from custhub.features.merges.models import MemberRow, MergeRow
from custhub.features.merges.queries import MOVING, holdings
from custhub.features.merges.service.merging import DONE
from custhub.features.merges.service.outcomes import row_id
from custhub.features.merges.service.showing import MergeReader, sees_consents, sees_field, sees_table, told_table
from custhub.features.merges.service.values import FIELDS, MemberValues
from custhub.kit.ids import Prefix, to_text

_TABLES: Final[Mapping[str, str]] = {
    "phones": "customer_phones",
    "emails": "customer_emails",
    "addresses": "customer_addresses",
    "contacts": "customer_contacts",
    "external_ids": "customer_external_ids",
    "tags": "customer_tags",
}
_MOST_MISSING: Final = 1_000


class MergeVerifier:
    """Compares for one caller who may reach the survivor; it says where something is, never what.

    All of it counts for `ok`; only what the caller's role sees is told.
    """

    def __init__(self, context: CustomerContext) -> None:
        self._context = context
        self._reader = MergeReader(context)

    async def verify(self, row: MergeRow, members: Sequence[MemberRow]) -> dict[str, Any]:
        """The body of a verification."""
        context, uow = self._context, self._context.uow
        ids = [member.customer_id for member in members]
        records = await whole_customers(uow, set(ids))
        images = {own: self._reader.image(member, records[own]) for member in members if (own := member.customer_id)}
        home = (await survivors_of(uow, [row.survivor_id]))[row.survivor_id]
        belongs = {own: home if row.state == DONE else own for own in ids}
        tables = list(await self._tables(members, images, belongs))
        lost, checked = self._values(row, members, records)
        consents = await self._consents(row, records.get(row.survivor_id), home)
        after = {member.customer_id: member.revision_after for member in members}
        return {
            "object": "merge_verification",
            "merge_id": to_text(Prefix.MERGE, row.id),
            "ok": not lost
            and all(image is not None for image in images.values())
            and not any(table["missing"] for table in tables)
            and all(consent["kept"] for consent in consents),
            "changed_since": home != row.survivor_id or records[row.survivor_id].row.revision != after[row.survivor_id],
            "tables": [
                {**table, "table": told_table(table["table"])}
                for table in tables
                if sees_table(table["table"], context)
            ],
            "values_checked": checked,
            "values_lost": [value for value in lost if sees_field(value["field"], context)],
            "consents": consents if sees_consents(context) else [],
        }

    async def _tables(
        self, members: Sequence[MemberRow], images: Mapping[UUID, bytes | None], belongs: Mapping[UUID, UUID]
    ) -> Iterator[dict[str, Any]]:
        before: dict[str, set[tuple[UUID, str]]] = defaultdict(set)
        for member in members:
            own, image = member.customer_id, images[member.customer_id]
            for field, keys in ({} if image is None else parts_of(image)).items():
                before[_TABLES[field]].update((belongs[own], key) for key in keys)
            for table in MOVING:
                if table not in _TABLES.values():
                    before[table].update((belongs[own], key) for key in member.moved.get(table, ()))
        held = await holdings(self._context.uow, sorted({*belongs.values()}))
        return self._compared(before, {table: {tuple(row) for row in rows} for table, rows in held.items()})

    @staticmethod
    def _compared(
        before: Mapping[str, set[tuple[UUID, str]]], held: Mapping[str, set[Any]]
    ) -> Iterator[dict[str, Any]]:
        for table in MOVING:
            wanted = before[table]
            missing = sorted(key for _, key in wanted - held[table])
            yield {
                "table": table,
                "before": len(wanted),
                "after": len(wanted) - len(missing),
                "missing": [row_id(table, key) for key in missing[:_MOST_MISSING]],
            }

    def _values(
        self, row: MergeRow, members: Sequence[MemberRow], records: Mapping[UUID, CustomerRecord]
    ) -> tuple[list[dict[str, Any]], int]:
        """Values of the images that the plan does not account for, or that their image alone would still know."""
        kept = self._reader.kept(row, records.get(row.survivor_id))
        told = {field: (own, set(rejected)) for field, _, own, rejected in kept["fields"]}
        lost, checked = list[dict[str, Any]](), 0
        before = {
            own: MemberValues(self._context, record, is_survivor=own == row.survivor_id)
            for own, record in self._reader.before(members, records).items()
            if record is not None
        }
        for own, values in before.items():
            text = to_text(Prefix.CUSTOMER, own)
            for field in [*map(str, FIELDS), *(PREFIX + key for key in values.custom)]:
                value = values.value(field)
                if value is None or is_empty(field, value):
                    continue
                checked += 1
                chosen, rejected = told.get(field, (None, set()))
                giver = next((one for one in before.values() if to_text(Prefix.CUSTOMER, one.id) == chosen), None)
                is_same = giver is not None and giver.value(field) == value
                if not (is_same or text in rejected or field == "needs"):
                    lost.append({"field": field, "customer_id": text})
        return lost, checked

    async def _consents(self, row: MergeRow, survivor: CustomerRecord | None, home: UUID) -> list[dict[str, Any]]:
        now = {(one.purpose, one.channel): one for one in await states_of(self._context.uow, [home])}
        found = []
        for purpose, channel, status, _ in self._reader.kept(row, survivor)["consents"]:
            standing = now.get((purpose, channel))
            is_later = standing is not None and standing.captured_at > row.created_at
            is_strict = standing is not None and strictness(standing.status) >= strictness(status)
            found.append(
                {
                    "purpose": purpose,
                    "channel": channel,
                    "strictest": status,
                    "now": None if standing is None else standing.status,
                    "kept": is_strict or is_later or row.state != DONE,
                }
            )
        return found
