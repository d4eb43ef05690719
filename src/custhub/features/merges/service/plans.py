"""What a merge comes to: a plan, and what its commit depends on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from custhub.features.merges.rules import Pick, PlanDigest
from custhub.features.merges.service.values import MemberValues
from custhub.kit.ids import Prefix, to_text


class FieldPlan(NamedTuple):
    """Whose value a field gets."""

    field: str
    pick: Pick


class Conflict(NamedTuple):
    """Two customers' rows that say the same, or cannot both stand as they are; none of them is lost.

    `keys` are the rows, by their ids; what is kept of both says `kind`.
    """

    kind: str
    table: str
    customer_ids: tuple[UUID, ...]
    keys: tuple[str, ...] = ()


class ConsentPlan(NamedTuple):
    """What counts for a purpose and channel afterwards, and whose word it was."""

    purpose: str
    channel: str
    status: str
    customer_id: UUID


@dataclass(frozen=True)
class Plan:
    """Which customers become one, and how; `members` has the survivor first, then the others by age.

    `choices` are the caller's, by field. `moves` counts the rows that go to the survivor, by table.
    """

    members: Sequence[MemberValues]
    choices: Mapping[str, UUID]
    fields: Sequence[FieldPlan]
    moves: Mapping[str, int]
    conflicts: Sequence[Conflict]
    consents: Sequence[ConsentPlan]
    #: What else the result depends on, by name: the very rows that move, what is united.
    basis: Mapping[str, Any]
    #: What its hashes are keyed by.
    keyed: Callable[[bytes], bytes]

    @property
    def survivor(self) -> MemberValues:
        """Who the others become."""
        return self.members[0]

    @property
    def absorbed(self) -> Sequence[MemberValues]:
        """Who becomes part of it."""
        return self.members[1:]

    @property
    def ids(self) -> list[UUID]:
        """All of them."""
        return [member.id for member in self.members]

    @property
    def forbidden(self) -> list[Conflict]:
        """Pairs that somebody decided not to be the same."""
        return [conflict for conflict in self.conflicts if conflict.kind == "not_the_same"]

    @cached_property
    def digest(self) -> PlanDigest:
        """What it is known by."""
        parts: dict[str, Any] = {
            "customers": [[member.id.hex, member.record.row.revision] for member in self.members],
            "choices": {field: chosen.hex for field, chosen in self.choices.items()},
            "conflicts": [_told_of_conflict(conflict) for conflict in self.conflicts],
            "consents": [[*plan[:3], plan.customer_id.hex] for plan in self.consents],
            **self.basis,
        }
        for plan in self.fields:
            values = [repr(member.value(plan.field)) for member in self.members]
            parts[plan.field] = [plan.pick.customer_id and plan.pick.customer_id.hex, plan.pick.rule, values]
        return PlanDigest(parts, sorted(member.id.hex for member in self.members), self.keyed)

    def kept(self) -> dict[str, Any]:
        """What is kept of it with the merge, as JSON. Values stand in the images of the customers."""
        return {
            "choices": {field: _text(chosen) for field, chosen in self.choices.items()},
            "fields": [
                [plan.field, plan.pick.rule.value, plan.pick.customer_id and _text(plan.pick.customer_id),
                 [_text(own) for own in plan.pick.rejected]]
                for plan in self.fields
            ],
            "moves": dict(self.moves),
            "conflicts": [_told_of_conflict(conflict) for conflict in self.conflicts],
            "consents": [[*plan[:3], _text(plan.customer_id)] for plan in self.consents],
        }  # fmt: skip


def _told_of_conflict(conflict: Conflict) -> list[Any]:
    return [conflict.kind, conflict.table, [_text(own) for own in conflict.customer_ids], list(conflict.keys)]


def _text(customer_id: UUID) -> str:
    return to_text(Prefix.CUSTOMER, customer_id)
