"""Undo a merge: whoever was absorbed is there again under the own id and key, with the rows that came from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from custhub.crypto.columns import Sealed
from custhub.crypto.errors import IntegrityError
from custhub.features.consents.queries import entries_among, states_of
from custhub.features.consents.rules import ConsentStatus
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.sources import personal_sources
from custhub.features.customers.queries.whole import whole_customers
from custhub.features.customers.service.absorbing import part, reachable_records
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.parting import OwnFields, restore_fields
from custhub.features.customers.service.standards import RefusedChange
from custhub.features.matching.service.cannot_links import forbid
from custhub.features.matching.service.rekeying import rekey
from custhub.features.merges.errors import AlreadyUndone, MergeNeeded, MergeNotFound
from custhub.features.merges.events import CustomerUnmerged
from custhub.features.merges.models import MemberRow, MergeRow
from custhub.features.merges.queries import later_merges, members_of, merge_by_id
from custhub.features.merges.repository import MergeRepository
from custhub.features.merges.service.merging import UNDONE
from custhub.features.merges.service.outcomes import outcome_of
from custhub.features.phones.service import open_number
from custhub.kit.customer_link import CustomerLink, Joined, Kept, WhyKept
from custhub.kit.ids import Prefix, to_text
from custhub.kit.revisions import RevisionRequired, check_revision
from custhub.kit.uow import Note

_TWINS: Final = "customer_tags.twins"
_TAGS: Final = ("customer_tags", _TWINS)
_NOTHING: Final = OwnFields({}, (), ())


class Undone(NamedTuple):
    """A merge that was undone, whom it had absorbed, and what came of it."""

    merge: MergeRow
    merged: list[UUID]
    outcome: Mapping[str, Any]


class Undoing:
    """Undos of one caller, who has to reach everybody who was joined (S-69)."""

    def __init__(self, context: CustomerContext, links: Sequence[CustomerLink]) -> None:
        self._context = context
        self._uow = context.uow
        self._links = links

    async def undo(self, merge_id: UUID, reason: str, seen: frozenset[int] | None, *, checked: bool = True) -> Undone:
        """Undo a merge wholly, or nothing of it; `checked` asks for the revision that the caller has seen.

        Raises MergeNotFound, AlreadyUndone, RevisionRequired, StaleRevision, MergeNeeded.
        """
        members = await members_of(self._uow, merge_id)
        records = await reachable_records(self._context, [one.customer_id for one in members], lock=True)
        # Read behind the locks: whoever undid or changed it meanwhile is seen.
        row = await merge_by_id(self._uow, self._context.who.reach, merge_id)
        if row is None or len(records) < len(members):
            raise MergeNotFound
        if row.state == UNDONE:
            raise AlreadyUndone
        if checked and seen is None:
            raise RevisionRequired
        check_revision(seen, row.revision, f'"{row.revision}-{self._context.who.policy.digest}"')
        await self._check_later(row, members)
        return await self._carry_out(row, members, records, reason)

    async def _check_later(self, row: MergeRow, members: Sequence[MemberRow]) -> None:
        """Raise MergeNeeded for merges that stand and were built on this one, the last first."""
        ids = {row.survivor_id}
        needed: list[UUID] = []
        later = await later_merges(self._uow, row, [member.customer_id for member in members])
        while later:
            following: set[UUID] = set()
            for merge, member in later:
                is_absorbed = member.place > 0 and member.customer_id in ids
                if is_absorbed or (merge.survivor_id == row.survivor_id and await self._builds_on(merge, members)):
                    needed.append(merge.id)
                if is_absorbed and merge.survivor_id not in ids:
                    following.add(merge.survivor_id)
            ids |= following
            later = await later_merges(self._uow, row, sorted(following)) if following else []
        if needed:
            ordered = sorted(set(needed), reverse=True)
            raise MergeNeeded(members={"merge_ids": [to_text(Prefix.MERGE, one) for one in ordered]})

    async def _builds_on(self, merge: MergeRow, members: Sequence[MemberRow]) -> bool:
        """Whether a later merge into the same survivor met what this one had brought, and gave way to it."""
        later = await members_of(self._uow, merge.id)
        brought = {key for member in members for table in _TAGS for key in member.moved.get(table, {})}
        met = {key for member in later for key in member.moved.get(_TWINS, {})}
        if not brought.isdisjoint(met):
            return True
        survivor = (await whole_customers(self._uow, {merge.survivor_id}))[merge.survivor_id]
        if survivor.row.erased_at is None:
            first, second = (self._set_by(survivor, rows[0]) for rows in (members, later))
            if not first.isdisjoint(second):
                return True
        return await self._shares_consents(members, later)

    def _set_by(self, survivor: CustomerRecord, member: MemberRow) -> frozenset[str]:
        """Columns of the survivor that a merge changed."""
        known = self._image(survivor, member)
        was, left = known["row"], known["left"]
        return frozenset(name for name in left if left[name] != was[name] and name != "provenance")

    async def _shares_consents(self, members: Sequence[MemberRow], later: Sequence[MemberRow]) -> bool:
        """Whether somebody of a later merge refuses what the survivor refuses for this one's sake alone."""
        added = [UUID(hex=key) for member in members for key in member.moved.get("consent_entries", {})]
        if not added:
            return False
        entries = (await entries_among(self._uow, added)).values()
        told = {(entry.purpose, entry.channel) for entry in entries}
        states = await states_of(self._uow, [member.customer_id for member in later if member.place])
        refused = {(one.purpose, one.channel) for one in states if one.status != ConsentStatus.GRANTED}
        return not told.isdisjoint(refused)

    async def _carry_out(
        self, row: MergeRow, members: Sequence[MemberRow], records: Mapping[UUID, CustomerRecord], reason: str
    ) -> Undone:
        uow, own = self._uow, row.survivor_id
        absorbed = [member for member in members if member.place]
        erased = {key for key, record in records.items() if record.row.erased_at is not None}
        await part(self._context, [member.customer_id for member in absorbed], own)
        gone = erased | ({member.customer_id for member in absorbed} if own in erased else set())
        joined = {member.customer_id: member.moved for member in absorbed if member.customer_id not in gone}
        kept = await self._give_back(joined, own)
        fields = _NOTHING if own in erased else await self._restore(members[0])
        await uow.flush()
        live = sorted(records.keys() - erased)
        await self._doubt(kept)
        await rekey(uow, self._context.keys, await personal_sources(uow), live)
        await forbid(uow, live, live, "undo")
        outcome = outcome_of(row, absorbed, erased, kept, fields)
        changed = MergeRepository(uow).change(row, self._told(row, records[own], own in erased, outcome))
        await uow.flush()
        await self._tell(changed, live, fields.restored, reason)
        return Undone(changed, [member.customer_id for member in absorbed], outcome)

    async def _give_back(self, joined: Joined, survivor_id: UUID) -> dict[UUID, list[Kept]]:
        """Let rows go back to those they came from; by customer what could not."""
        kept: dict[UUID, list[Kept]] = {own: [] for own in joined}
        for link in self._links if joined else ():
            for own, rows in (await link.give_back(self._uow, joined, survivor_id)).items():
                kept[own] += rows
        await self._uow.flush()
        return kept

    async def _restore(self, member: MemberRow) -> OwnFields:
        """The survivor's own fields, where the merge set them and nobody since."""
        record = (await whole_customers(self._uow, {member.customer_id}))[member.customer_id]
        known = self._image(record, member)
        return restore_fields(self._context, record, known["row"], known["left"])

    def _image(self, record: CustomerRecord, member: MemberRow) -> Mapping[str, Any]:
        if member.image is None:
            raise IntegrityError
        raw = self._context.dek(record).open("merge_members", "image", member.merge_id, member.image.blob)
        known: dict[str, Any] = orjson.loads(raw)
        return known

    async def _doubt(self, kept: Mapping[UUID, Iterable[Kept]]) -> None:
        """A review item for each number that somebody else has by now (S-13)."""
        taken = {
            own: [one for one in rows if one.why is WhyKept.TAKEN and one.table == "customer_phones"]
            for own, rows in kept.items()
        }
        records = await whole_customers(self._uow, {own for own in taken if taken[own]})
        for own, record in records.items():
            dek, keys = self._context.dek(record), {one.key for one in taken[own]}
            numbers = [open_number(dek, phone) for phone in record.phones if phone.id.hex in keys]
            at = self._uow.now
            doubts = [RefusedChange("phones", "taken", "merge", at, None, {"number": number}) for number in numbers]
            await self._context.review(record, doubts)
        await self._uow.flush()

    def _told(
        self, row: MergeRow, survivor: CustomerRecord, is_erased: bool, outcome: Mapping[str, Any]
    ) -> dict[str, Any]:
        values = {"state": UNDONE, "undone_by": self._context.caller, "undone_at": self._uow.now}
        if is_erased:
            return values
        sealed = self._context.dek(survivor).seal("merges", "outcome", row.id, orjson.dumps(outcome))
        return {**values, "outcome": Sealed(sealed)}

    async def _tell(self, row: MergeRow, live: Sequence[UUID], restored: Sequence[str], reason: str) -> None:
        """Each of them has changed, and each of their histories says so; who is erased has none."""
        uow, merge = self._uow, to_text(Prefix.MERGE, row.id)
        told: dict[str, Any] = {"merge_id": merge, "survivor_id": to_text(Prefix.CUSTOMER, row.survivor_id)}
        records = await whole_customers(uow, set(live))
        others = [to_text(Prefix.CUSTOMER, own) for own in live if own != row.survivor_id]
        for own, record in records.items():
            is_survivor = own == row.survivor_id
            ids = others if is_survivor else [to_text(Prefix.CUSTOMER, own)]
            fields = sorted({name.partition(".")[0] for name in restored}) if is_survivor else ["merged_into"]
            event_fields = tuple(fields) if is_survivor else ()
            uow.emit(CustomerUnmerged(own, record.row.revision, own, event_fields, extra={**told, "merged_ids": ids}))
            details = {"merge_id": [merge, None]}
            dek = self._context.dek(record)
            uow.audit(Note("customer.unmerged", "customer", own, own, fields, reason, details=details, sealer=dek))
