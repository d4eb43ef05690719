"""Who of a batch gets which numbers and external ids: as if its items came one after the other.

Each key is somebody's already, or goes to the first item that asks and is not refused for another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from custhub.features.customers.errors import ExternalIdTaken
from custhub.features.customers.models import ExternalIdRow
from custhub.features.customers.queries.claims import held_keys, held_numbers, reachable_among
from custhub.features.customers.service.building import NewCustomer
from custhub.features.customers.service.context import CustomerContext, named
from custhub.features.phones.errors import PhoneTaken
from custhub.features.phones.rules import PhoneStatus, holds_claim
from custhub.features.phones.service import ClaimRow, PhoneService, claim_numbers, release_numbers
from custhub.kit.errors import HubError
from custhub.kit.query import Reader
from custhub.security.reach import Reach


class NumberKey(NamedTuple):
    """What makes a number one customer's own."""

    kid: int
    exact_index: bytes


class SourceKey(NamedTuple):
    """What makes an external id one customer's own."""

    source: str
    external_id: str


Key = NumberKey | SourceKey
Claim = ClaimRow | ExternalIdRow


class Holder(NamedTuple):
    """Who would have the keys: enough to know who may be told of it."""

    id: UUID
    owner_id: UUID | None
    team_id: UUID | None
    source: str


class Candidate(NamedTuple):
    """One item of a batch with every key it asks for; None when it names an external id twice."""

    place: int
    holder: Holder
    claims: Mapping[Key, Claim] | None


class Verdict(NamedTuple):
    """Who may be stored, and why others may not, by place."""

    accepted: Sequence[Candidate]
    refused: Mapping[int, HubError]


def candidate(context: CustomerContext, place: int, new: NewCustomer) -> Candidate:
    """An item with the keys it asks for."""
    row = new.record.row
    claims = claims_of(context.phones, new)
    return of_claims(place, Holder(row.id, row.owner_id, row.team_id, row.source), claims, new.record.external_ids)


def claims_of(phones: PhoneService, new: NewCustomer) -> list[ClaimRow]:
    """The claims of the numbers of a new customer that must be its own."""
    return [
        claim
        for row, number in zip(new.record.phones, new.numbers, strict=True)
        if holds_claim(PhoneStatus(row.status), row.shared)
        for claim in phones.claims_of(row, number)
    ]


def of_claims(
    place: int, holder: Holder, numbers: Sequence[ClaimRow], external_ids: Sequence[ExternalIdRow]
) -> Candidate:
    """An item that asks for these."""
    keys: dict[Key, Claim] = {NumberKey(claim.kid, claim.exact_index): claim for claim in numbers}
    keys |= {SourceKey(row.source, row.external_id): row for row in external_ids}
    return Candidate(place, holder, keys if len(keys) == len(numbers) + len(external_ids) else None)


class Claims:
    """Claims the keys of a batch for its items."""

    def __init__(self, context: CustomerContext, candidates: Sequence[Candidate]) -> None:
        self._context = context
        self._candidates = candidates
        self._taken: dict[Key, HubError] = {}

    async def look_up(self) -> Verdict:
        """Refuse what is somebody's already. A number of somebody out of reach counts as looked up (S-14)."""
        context = self._context
        keys = [key for item in self._candidates for key in item.claims or ()]
        buckets = await self._explain(keys, context.uow.database)
        if buckets:
            answers = await context.quotas.many("lookup", list(buckets.items()))
            refusals = {index: refusal for index, refusal in zip(buckets, answers, strict=True) if refusal is not None}
            numbers = (key for key in keys if isinstance(key, NumberKey) and key.exact_index in refusals)
            self._taken.update({key: refusals[key.exact_index] for key in numbers})
        return self._decide()

    async def claim(self) -> Verdict:
        """Store the keys of all who may be stored, in the explicit transaction of the unit of work.

        A key that a rival took meanwhile refuses its item, which gives its other keys back, to be claimed anew.
        """
        context, held = self._context, dict[Key, Claim]()
        while True:
            verdict = self._decide()
            wanted = {key: claim for item in verdict.accepted for key, claim in (item.claims or {}).items()}
            self._release(claim for key, claim in held.items() if wanted.get(key) is not claim)
            missing = [claim for key, claim in wanted.items() if held.get(key) is not claim]
            free = await self._store(missing)
            lost = [key for key, claim in wanted.items() if key not in free and held.get(key) is not claim]
            if not lost:
                return verdict
            held = {key: claim for key, claim in wanted.items() if key not in lost}
            for index, bucket in (await self._explain(lost, context.uow)).items():
                context.quotas.record("lookup", index, bucket)
            self._taken.update({key: _refusal(key) for key in lost if key not in self._taken})

    async def _store(self, claims: Sequence[Claim]) -> set[Key]:
        # External ids before numbers: the order in which a single create takes them on PostgreSQL.
        context = self._context
        ids = (claim for claim in claims if isinstance(claim, ExternalIdRow))
        found = await context.customers.claim_external_ids(ids)
        numbers = await claim_numbers(context.uow, (claim for claim in claims if isinstance(claim, ClaimRow)))
        return {*(NumberKey(*key) for key in numbers), *(SourceKey(*key) for key in found)}

    def _release(self, claims: Iterable[Claim]) -> None:
        for claim in claims:
            if isinstance(claim, ClaimRow):
                release_numbers(self._context.uow, [claim])
            else:
                self._context.customers.remove_part(claim)

    async def _explain(self, keys: Sequence[Key], reader: Reader) -> dict[bytes, int]:
        """Note who holds these keys; the indexes and buckets of numbers whose holder is out of reach."""
        numbers = await held_numbers(reader, [key.exact_index for key in keys if isinstance(key, NumberKey)])
        ids = await held_keys(reader, ((key.source, key.external_id) for key in keys if isinstance(key, SourceKey)))
        by_index = {number.exact_index: number for number in numbers}
        holders = {number.customer_id for number in numbers} | set(ids.values())
        known = await reachable_among(reader, self._context.who.reach, holders) if holders else frozenset()
        for key in keys:
            if isinstance(key, SourceKey):
                holder = ids.get((key.source, key.external_id))
            else:
                holder = by_index[key.exact_index].customer_id if key.exact_index in by_index else None
            if holder is not None:
                self._taken[key] = _refusal(key, holder if holder in known else None)
        return {index: number.last4_index for index, number in by_index.items() if number.customer_id not in known}

    def _decide(self) -> Verdict:
        owners: dict[Key, Candidate] = {}
        accepted: list[Candidate] = []
        refused: dict[int, HubError] = {}
        for item in self._candidates:
            error = self._objection(item, owners)
            if error is not None:
                refused[item.place] = error
                continue
            accepted.append(item)
            owners.update(dict.fromkeys(item.claims or (), item))
        return Verdict(accepted, refused)

    def _objection(self, item: Candidate, owners: Mapping[Key, Candidate]) -> HubError | None:
        if item.claims is None:
            return ExternalIdTaken()  # by itself, as a single create that names one twice
        for key in item.claims:
            if key in self._taken:
                return self._taken[key]
            if key in owners:
                return _refusal(key, _visible(owners[key].holder, self._context.who.reach))
        return None


def _refusal(key: Key, holder: UUID | None = None) -> HubError:
    members = named(holder)
    return PhoneTaken(members=members) if isinstance(key, NumberKey) else ExternalIdTaken(members=members)


def _visible(holder: Holder, reach: Reach) -> UUID | None:
    return holder.id if reach.covers(holder.owner_id, holder.team_id, holder.source) else None
