"""Make the plan of a merge. Nothing is stored, and the same data give the same plan in whichever order they come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final
from uuid import UUID

from custhub.features.consents.queries import states_of
from custhub.features.consents.rules import strictness
from custhub.features.customers.errors import CustomerArchived, CustomerErased
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.merged import survivors_of
from custhub.features.customers.service.absorbing import reachable_records
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.custom import PREFIX
from custhub.features.matching.service.cannot_links import forbidden_among
from custhub.features.merges.errors import MergeChoiceInvalid, MergeCustomerUnknown, MergeKindsDiffer, MergeTooFew
from custhub.features.merges.queries import Held, holdings
from custhub.features.merges.rules import Candidate, Pick, SurvivorRule, pick
from custhub.features.merges.service.plans import Conflict, ConsentPlan, FieldPlan, Plan
from custhub.features.merges.service.values import FIELDS, SURVIVORS, TOGETHER, UNITED, MemberValues
from custhub.http.issues import issue
from custhub.kit.ids import Prefix, to_text
from custhub.security.fields import Field

_TAGS: Final = "customer_tags"


class Planner:
    """Plans merges as one caller may."""

    def __init__(self, context: CustomerContext) -> None:
        self._context = context
        self._uow = context.uow

    async def plan(
        self,
        ids: Sequence[UUID],
        survivor_id: UUID | None = None,
        choices: Mapping[str, UUID] | None = None,
        *,
        lock: bool = False,
    ) -> Plan:
        """The plan for these customers; locked ones nobody changes until the unit of work ends.

        Ids that were merged before count as what they became. Raises MergeCustomerUnknown, MergeTooFew,
        MergeKindsDiffer, MergeChoiceInvalid, CustomerArchived, CustomerErased, FieldNotWritable.
        """
        uow, context = self._uow, self._context
        if lock:
            await uow.flush()
        named = [*ids, *(() if survivor_id is None else (survivor_id,)), *(choices or {}).values()]
        now_of = await survivors_of(uow, named)
        records = await reachable_records(context, sorted(set(now_of.values())), lock=lock)
        # Who was merged while this waited for its turn is found where it went.
        if lock and any(record.row.merged_into is not None for record in records.values()):
            now_of = await survivors_of(uow, named)
            records = await reachable_records(context, sorted(set(now_of.values())), lock=lock)
        self._check(ids, now_of, records)
        survivor = None if survivor_id is None else now_of.get(survivor_id)
        members = sorted({now_of[own] for own in ids})
        if survivor_id is not None and survivor not in members:
            raise MergeCustomerUnknown(issues=[issue("#/survivor_id", MergeCustomerUnknown.code)])
        values = [MemberValues(context, records[own], is_survivor=own == survivor) for own in members]
        if survivor is None:
            survivor = self._best(values).id
            values = [MemberValues(context, records[own], is_survivor=own == survivor) for own in members]
        values.sort(key=lambda member: (member.id != survivor, member.id))
        resolved = self._choices(choices or {}, now_of, members)
        return await self._made(values, resolved)

    @staticmethod
    def _check(ids: Sequence[UUID], now_of: Mapping[UUID, UUID], records: Mapping[UUID, CustomerRecord]) -> None:
        unknown = [place for place, own in enumerate(ids) if now_of.get(own) not in records]
        if unknown:
            code = MergeCustomerUnknown.code
            raise MergeCustomerUnknown(issues=[issue(f"#/customer_ids/{place}", code) for place in unknown])
        rows = [records[own].row for own in sorted({now_of[own] for own in ids})]
        for row in rows:
            if row.erased_at is not None:
                raise CustomerErased
            if row.archived_at is not None:
                raise CustomerArchived(members={"existing_id": to_text(Prefix.CUSTOMER, row.id)})
        if len(rows) < 2:  # two make a merge
            raise MergeTooFew(issues=[issue("#/customer_ids", MergeTooFew.code)])
        if len({row.kind for row in rows}) > 1:
            raise MergeKindsDiffer

    def _best(self, values: Sequence[MemberValues]) -> MemberValues:
        """Who survives where nobody says: most confirmed, most complete, oldest."""
        now = self._uow.now
        return max(
            values,
            key=lambda one: (one.confirmed(now), one.filled(), -one.record.row.created_at.timestamp(), -one.id.int),
        )

    def _choices(
        self, choices: Mapping[str, UUID], now_of: Mapping[UUID, UUID], members: Sequence[UUID]
    ) -> dict[str, UUID]:
        who, access = self._context.who, self._context.access
        found: dict[str, UUID] = {}
        for place, (field, own) in enumerate(choices.items()):
            key = field.removeprefix(PREFIX)
            is_custom = key != field
            if field not in (FIELDS if not is_custom else [field]) or field in UNITED or field in SURVIVORS:
                raise MergeChoiceInvalid(issues=[issue(f"#/choices/{place}/field", MergeChoiceInvalid.code)])
            if is_custom and key not in access.readable:
                raise MergeChoiceInvalid(issues=[issue(f"#/choices/{place}/field", MergeChoiceInvalid.code)])
            if now_of.get(own) not in members:
                raise MergeChoiceInvalid(issues=[issue(f"#/choices/{place}/customer_id", MergeChoiceInvalid.code)])
            found[field] = now_of[own]
        who.require_writable({Field.CUSTOM_FIELDS.value if f.startswith(PREFIX) else f for f in found})
        refused = {f for f in found if f.startswith(PREFIX) and f.removeprefix(PREFIX) not in access.writable}
        who.require_writable(refused)
        return found

    async def _made(self, members: Sequence[MemberValues], choices: Mapping[str, UUID]) -> Plan:
        uow, ids = self._uow, [member.id for member in members]
        held = await holdings(uow, ids)
        absorbed = set(ids[1:])
        moving = {name: [row for row in rows if row.customer_id in absorbed] for name, rows in held.items()}
        conflicts = [*_same(members), *await self._forbidden(ids)]
        moving[_TAGS] = list(_new_tags(ids, held[_TAGS]))
        fields = list(self._fields(members, choices))
        consents = await self._consents(ids)
        basis = {name: [[row.customer_id.hex, row.key] for row in rows] for name, rows in held.items()}
        return Plan(
            members=members,
            choices=choices,
            fields=fields,
            moves={name: len(rows) for name, rows in moving.items()},
            conflicts=conflicts,
            consents=consents,
            basis=basis,
            keyed=self._context.keys.cursors.fingerprint,
        )

    def _fields(self, members: Sequence[MemberValues], choices: Mapping[str, UUID]) -> Iterator[FieldPlan]:
        now, picks = self._uow.now, dict[str, Pick]()
        customs = sorted({key for member in members for key in member.custom})
        for field in chain(FIELDS, (PREFIX + key for key in customs)):
            name = str(field)
            candidates = [member.candidate(name, now) for member in members]
            leader = TOGETHER.get(name)
            if name in UNITED:
                picks[name] = _united(candidates)
            elif name in SURVIVORS:
                picks[name] = _survivors(candidates, SurvivorRule.SURVIVOR)
            elif leader is not None and name not in choices:
                picks[name] = _follows(candidates, picks[leader])
            else:
                picks[name] = pick(candidates, choices.get(name))
            yield FieldPlan(name, picks[name])

    async def _consents(self, ids: Sequence[UUID]) -> list[ConsentPlan]:
        """The strictest of each; of equally strict ones that of who comes first."""
        place = {own: i for i, own in enumerate(ids)}
        found: dict[tuple[str, str], ConsentPlan] = {}
        for state in sorted(await states_of(self._uow, ids), key=lambda state: place[state.customer_id]):
            key = (state.purpose, state.channel)
            known = found.get(key)
            if known is None or strictness(state.status) > strictness(known.status):
                found[key] = ConsentPlan(*key, state.status, state.customer_id)
        return [found[key] for key in sorted(found)]

    async def _forbidden(self, ids: Sequence[UUID]) -> list[Conflict]:
        pairs = sorted(await forbidden_among(self._uow, ids))
        return [Conflict("not_the_same", "cannot_links", pair) for pair in pairs]


def _follows(candidates: Sequence[Candidate], leader: Pick) -> Pick:
    """The value of whoever gives the field that this one belongs to."""
    value = next((one.value for one in candidates if one.customer_id == leader.customer_id), None)
    rejected = tuple(one.customer_id for one in candidates if one.value is not None and one.value != value)
    return Pick(leader.customer_id, SurvivorRule.TOGETHER, rejected)


def _survivors(candidates: Sequence[Candidate], rule: SurvivorRule) -> Pick:
    own = candidates[0]
    return Pick(own.customer_id, rule, tuple(one.customer_id for one in candidates[1:] if one.value != own.value))


def _united(candidates: Sequence[Candidate]) -> Pick:
    own = candidates[0]
    if all(one.value is None for one in candidates):
        return Pick(None, SurvivorRule.NONE)
    return Pick(own.customer_id, SurvivorRule.UNITED)


def _new_tags(ids: Sequence[UUID], held: Sequence[Held]) -> Iterator[Held]:
    """Of a tag that several have one comes along, and none where the survivor has it."""
    place, seen = {own: i for i, own in enumerate(ids)}, set[str]()
    for row in sorted(held, key=lambda row: place[row.customer_id]):
        if row.key not in seen and place[row.customer_id]:
            yield row
        seen.add(row.key)


def _same(members: Sequence[MemberValues]) -> Iterator[Conflict]:
    """Rows of several that say the same."""
    kinds: tuple[tuple[str, str, Any, Any], ...] = (
        ("same_number", "customer_phones", lambda r: r.phones, lambda p: (p.index_kid, bytes(p.exact_index))),
        ("same_email", "customer_emails", lambda r: r.emails, lambda e: e.folded),
        ("same_external_id", "customer_external_ids", lambda r: r.external_ids, lambda k: (k.source, k.external_id)),
        ("same_tag", _TAGS, lambda r: r.tags, lambda t: t.tag_key),
    )
    for kind, table, parts, identity in kinds:
        found: dict[Any, list[tuple[UUID, Any]]] = defaultdict(list)
        for member in members:
            for part in parts(member.record):
                found[identity(part)].append((member.id, part))
        for same in found.values():
            if len({own for own, _ in same}) > 1:
                keys = (same[0][1].tag_key,) if table == _TAGS else tuple(part.id.hex for _, part in same)
                yield Conflict(kind, table, tuple(dict.fromkeys(own for own, _ in same)), keys)
