"""Merge customers: one plan, one transaction, all their rows. What it takes to undo it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from custhub.crypto.cipher import Dek
from custhub.crypto.columns import Sealed
from custhub.features.customers.queries.merged import standings
from custhub.features.customers.queries.sources import personal_sources
from custhub.features.customers.service.absorbing import absorb, settle_survivor
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.images import image_of
from custhub.features.customers.service.parting import own_fields
from custhub.features.matching.service.rekeying import rekey
from custhub.features.merges.errors import MergeForbidden, PlanChanged
from custhub.features.merges.events import CustomerMerged
from custhub.features.merges.models import MemberRow, MergeRow
from custhub.features.merges.queries import CustomerRow
from custhub.features.merges.repository import MergeRepository
from custhub.features.merges.service.applying import SurvivorChange, fields_of, survivor_change
from custhub.features.merges.service.planning import Planner
from custhub.features.merges.service.plans import Plan
from custhub.features.merges.service.values import MemberValues
from custhub.kit.customer_link import CustomerLink
from custhub.kit.ids import Prefix, new_id, to_text
from custhub.kit.uow import Note

#: Key of the links of all features among the parts of the hub.
LINKS: Final = "customers.links"
DONE: Final = "done"
UNDONE: Final = "undone"


class Merged(NamedTuple):
    """A merge, and whom it absorbed."""

    merge: MergeRow
    merged: list[UUID]


class Merging:
    """Merges as one caller may: within its reach, by its field policy."""

    def __init__(self, context: CustomerContext, links: Sequence[CustomerLink]) -> None:
        self._context = context
        self._uow = context.uow
        self._links = links
        self._planner = Planner(context)

    async def plan(
        self, ids: Sequence[UUID], survivor_id: UUID | None = None, choices: Mapping[str, UUID] | None = None
    ) -> Plan:
        """What a merge of these customers would come to now. Raises as `Planner.plan` does."""
        return await self._planner.plan(ids, survivor_id, choices)

    async def commit(self, plan: Plan, reason: str, note: str | None = None, *, override: bool = False) -> Merged:
        """Make a plan true. Raises PlanChanged, and MergeForbidden without `override`."""
        return await self.merge(
            plan.ids, plan.survivor.id, plan.choices, plan.digest.text(), reason, note, override=override
        )

    async def merge(
        self,
        ids: Sequence[UUID],
        survivor_id: UUID | None,
        choices: Mapping[str, UUID],
        plan_hash: str,
        reason: str,
        note: str | None = None,
        *,
        override: bool = False,
    ) -> Merged:
        """Make the plan of this hash true, or nothing at all.

        Raises PlanChanged with the names of what differs, MergeForbidden without `override`, and as `Planner.plan`.
        """
        plan = await self._planner.plan(ids, survivor_id, choices, lock=True)
        changed = plan.digest.changed(plan_hash)
        if changed is not None:
            raise PlanChanged(members={"changed": changed, "plan_hash": plan.digest.text()})
        if plan.forbidden and not override:
            pairs = [[to_text(Prefix.CUSTOMER, own) for own in pair.customer_ids] for pair in plan.forbidden]
            raise MergeForbidden(members={"pairs": pairs})
        return Merged(await self._carry_out(plan, reason, note), [member.id for member in plan.absorbed])

    async def _carry_out(self, plan: Plan, reason: str, note: str | None) -> MergeRow:
        context, uow, merge_id = self._context, self._uow, new_id()
        change = survivor_change(plan, context.country)
        context.who.require_writable({field.partition(".")[0] for field in fields_of(plan, change)})
        moved = await self._moved(plan)
        await uow.flush()
        await absorb(context, [member.id for member in plan.absorbed], plan.survivor.id)
        left = await settle_survivor(context, plan.survivor.id, change.values, change.origins)
        await uow.flush()
        await rekey(uow, context.keys, await personal_sources(uow), plan.ids)
        after = await standings(uow, plan.ids)
        row = MergeRow(
            id=merge_id,
            survivor_id=plan.survivor.id,
            state=DONE,
            plan_hash=plan.digest.hex,
            plan=_sealed(plan.survivor.dek, "merges", "plan", merge_id, {**plan.kept(), "note": note}),
            reason=reason,
            created_by=context.caller,
            created_at=uow.now,
            undone_by=None,
            undone_at=None,
            outcome=None,
            updated_at=uow.now,
            revision=1,
        )
        MergeRepository(uow).add(
            row,
            [
                MemberRow(
                    merge_id=merge_id,
                    customer_id=member.id,
                    place=place,
                    revision_before=member.record.row.revision,
                    revision_after=after[member.id].revision,
                    image=_image(member, merge_id, None if place else left),
                    moved=moved[member.id],
                )
                for place, member in enumerate(plan.members)
            ],
        )
        self._tell(plan, change, row, {own: standing.revision for own, standing in after.items()})
        return row

    async def _moved(self, plan: Plan) -> dict[UUID, dict[str, Any]]:
        """Let the rows of all go to the survivor; by customer what it takes to undo that."""
        moved: dict[UUID, dict[str, Any]] = {own: {} for own in plan.ids}
        sources = [member.id for member in plan.absorbed]
        for link in self._links:
            for source, tables in (await link.reassign(self._uow, sources, plan.survivor.id)).items():
                moved[source] |= {table: rows for table, rows in tables.items() if rows}
        return moved

    def _tell(self, plan: Plan, change: SurvivorChange, row: MergeRow, revisions: Mapping[UUID, int]) -> None:
        """Each of them has changed, and each of their histories says so."""
        uow, own = self._uow, plan.survivor.id
        merge, survivor = to_text(Prefix.MERGE, row.id), to_text(Prefix.CUSTOMER, own)
        ids = [to_text(Prefix.CUSTOMER, member.id) for member in plan.absorbed]
        fields = fields_of(plan, change)
        told: dict[str, Any] = {"merge_id": merge, "survivor_id": survivor}
        uow.emit(CustomerMerged(own, revisions[own], own, fields, extra={**told, "merged_ids": ids}))
        details = {**change.details, "merge_id": [None, merge]}
        dek = plan.survivor.dek
        uow.audit(Note("customer.merged", "customer", own, own, fields, row.reason, details=details, sealer=dek))
        for member, text in zip(plan.absorbed, ids, strict=True):
            extra = {**told, "merged_ids": [text]}
            uow.emit(CustomerMerged(member.id, revisions[member.id], member.id, extra=extra))
            into = {"merged_into": [None, survivor], "merge_id": [None, merge]}
            uow.audit(
                Note(
                    "customer.merged", "customer", member.id, member.id, ["merged_into"], row.reason,
                    details=into, sealer=member.dek,
                )
            )  # fmt: skip


def _image(member: MemberValues, merge_id: UUID, left: CustomerRow | None) -> Sealed:
    """What a customer was; of the survivor also what the merge made of it: an undo keeps what others changed since."""
    image = image_of(member.record)
    if left is not None:
        image = orjson.dumps({**orjson.loads(image), "left": own_fields(left)})
    return Sealed(member.dek.seal("merge_members", "image", merge_id, image))


def _sealed(dek: Dek, table: str, column: str, row_id: UUID, value: Mapping[str, Any]) -> Sealed:
    return Sealed(dek.seal(table, column, row_id, orjson.dumps(value)))
