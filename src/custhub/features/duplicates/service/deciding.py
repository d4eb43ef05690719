"""Decisions about pairs: join them, part them for good, or wait."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.holding import hold
from custhub.features.duplicates.errors import (
    DecisionUnclear,
    DuplicateDecided,
    DuplicateNotFound,
    DuplicateRetired,
)
from custhub.features.duplicates.events import DuplicateDecided as DecidedEvent
from custhub.features.duplicates.queries.pairs import PairRecord, pair_by_id
from custhub.features.duplicates.repository import DuplicateRepository
from custhub.features.duplicates.rules import STATE_OF, UNDECIDED, PairDecision
from custhub.features.duplicates.schemas.pairs import DuplicateDecide, etag_of
from custhub.features.matching.service.cannot_links import forbid
from custhub.features.merges.errors import MergeTooFew
from custhub.features.merges.service.merging import Merging
from custhub.http.issues import issue
from custhub.kit.ids import Prefix, to_text
from custhub.kit.revisions import check_revision
from custhub.kit.uow import Note
from custhub.kit.writes import LostRace

#: Why the two are joined, as merges keep it, and parted, as cannot-links do.
REASON: Final = "duplicate"
_PARTED: Final = "not_same"


class PairDecisions:
    """Use cases of pairs, for one caller in one unit of work."""

    def __init__(self, context: CustomerContext, merging: Merging) -> None:
        self._context = context
        self._uow = context.uow
        self._merging = merging

    async def decide(self, duplicate_id: UUID, body: DuplicateDecide, if_match: frozenset[int] | None) -> PairRecord:
        """Decide about a pair; the same decision once more changes nothing.

        Raises DuplicateNotFound, DuplicateDecided, DuplicateRetired, DecisionUnclear, and what a merge raises.
        """
        context, uow = self._context, self._uow
        record = await pair_by_id(uow, context.who.reach, duplicate_id)
        if record is None:
            raise DuplicateNotFound
        check_revision(if_match, record.row.revision, etag_of(record, context.who.policy.digest))
        row, decision = record.row, body.decision
        state = STATE_OF[decision]
        if row.state not in UNDECIDED:
            if row.state == state:
                return record
            raise DuplicateDecided if row.decision or row.merge_id else DuplicateRetired
        values: dict[str, Any] = {
            "state": state.value,
            "decision": decision.value,
            "reason": None if body.reason is None else body.reason.value,
            "decided_by": context.caller,
            "decided_at": uow.now,
            "later_until": body.until,
        }
        if decision is PairDecision.NOT_SAME:
            for own in (row.left_id, row.right_id):
                hold(uow, own)
            await forbid(uow, [row.left_id], [row.right_id], _PARTED)
        if decision is PairDecision.MERGE:
            values["merge_id"] = await self._merge(row.left_id, row.right_id, body.survivor_id)
        after = DuplicateRepository(uow).change(row, values)
        told = {"left_id": to_text(Prefix.CUSTOMER, row.left_id), "right_id": to_text(Prefix.CUSTOMER, row.right_id)}
        uow.emit(DecidedEvent(after.id, after.revision, None, extra={"decision": decision.value, **told}))
        for own in (row.left_id, row.right_id):
            uow.audit(Note("duplicate.decided", "duplicate", row.id, own, [decision.value], values["reason"]))
        return record._replace(row=after)

    async def _merge(self, left: UUID, right: UUID, survivor_id: UUID | None) -> UUID:
        if survivor_id is not None and survivor_id not in (left, right):
            raise DecisionUnclear(issues=[issue("#/survivor_id", DecisionUnclear.code)])
        try:
            plan = await self._merging.plan([left, right], survivor_id)
            return (await self._merging.commit(plan, REASON)).merge.id
        except MergeTooFew:
            # Somebody has joined them since they were read: looked at again, they are no pair.
            raise LostRace from None
