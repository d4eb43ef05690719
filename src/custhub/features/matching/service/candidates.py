"""Who may be the same person as somebody: asked while a call is on the line (MATCHING 2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from custhub.crypto.live import LiveKeys
from custhub.features.customers.queries import CustomerRecord, compared_records
from custhub.features.customers.queries.sources import IdentitySources
from custhub.features.customers.rules import CustomerKind
from custhub.features.customers.service.context import CustomerContext
from custhub.features.matching.queries import holders_by_key
from custhub.features.matching.rules.blocking import HOT
from custhub.features.matching.rules.keys import blocks_of
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.rules.scoring import Decision, Score
from custhub.features.matching.rules.weights import Weights
from custhub.features.matching.service.cannot_links import forbidden_to
from custhub.features.matching.service.counting import OnlineScorers
from custhub.features.matching.service.reading import CustomerReader, data_key, is_matched

#: Key of the search among the parts of the hub.
CANDIDATES: Final = "matching.candidates"
#: Of those that share keys the ones that share most are compared; of those the best ones are shown.
MOST_COMPARED: Final = 50
MOST_SHOWN: Final = 5


class Candidate(NamedTuple):
    """Somebody who may be the same, and why."""

    record: CustomerRecord
    person: Person
    score: Score
    decision: Decision
    weights: Weights


class Sought(NamedTuple):
    """For whom candidates are sought: its id when it is stored."""

    person: Person
    kind: str
    stored_id: UUID | None


class CandidateSearch:
    """Finds candidates among customers that a caller may reach."""

    def __init__(self, keys: LiveKeys, personal: IdentitySources, scorers: OnlineScorers) -> None:
        self._keys = keys
        self._personal = personal
        self._scorers = scorers

    @property
    def reader(self) -> CustomerReader:
        """Reads customers as people."""
        return CustomerReader(self._personal.value)

    def person(self, record: CustomerRecord) -> Person:
        """A stored customer as a person."""
        return self.reader.person(record, data_key(self._keys.cipher, record))

    async def find(self, context: CustomerContext, sought: Sought) -> list[Candidate]:
        """The best ones, whatever is not worth a look left out; those told apart are none."""
        ids = await self._meeting(context, sought)
        if not ids:
            return []
        if sought.stored_id is not None:
            apart = await forbidden_to(context.uow, sought.stored_id)
            ids = [customer_id for customer_id in ids if customer_id not in apart]
        found = await compared_records(context.uow, context.who.reach, ids)
        records = {record.row.id: record for record in found if is_matched(record) and record.row.kind == sought.kind}
        is_draft = sought.stored_id is None
        hopeful = await self._scorers.hopeful(context.uow, sought.kind, with_draft=is_draft)
        people = {
            own: person
            for own, person in ((own, self.person(record)) for own, record in records.items())
            if hopeful.decide(hopeful.score(sought.person, person)) is not Decision.IGNORE
        }
        if not people:
            return []
        scorer = await self._scorers.among(
            context.uow,
            [sought.person, *people.values()],
            sought.kind,
            hopeful,
            sought.person if is_draft else None,
        )
        candidates = []
        for own, person in people.items():
            score = scorer.score(sought.person, person)
            decision = scorer.decide(score)
            if decision is not Decision.IGNORE:
                candidates.append(Candidate(records[own], person, score, decision, scorer.weights))
        candidates.sort(key=lambda candidate: (-candidate.score.total, candidate.record.row.id))
        return candidates[:MOST_SHOWN]

    async def _meeting(self, context: CustomerContext, sought: Sought) -> Sequence[UUID]:
        """Who shares most keys with it; keys that too many hold are passed over."""
        keys, is_organisation = self._keys, sought.kind == CustomerKind.ORGANISATION
        blocks = blocks_of(sought.person, is_organisation=is_organisation)
        shared: Counter[UUID] = Counter()
        for _, holders in await holders_by_key(context.uow, keys.indexes.match(blocks, keys.index_kid)):
            # A draft would be one holder more.
            if len(holders) + (sought.stored_id is None) <= HOT:
                shared.update(holders)
        if sought.stored_id is not None:
            shared.pop(sought.stored_id, None)
        return [own for own, _ in sorted(shared.items(), key=lambda item: (-item[1], item[0]))[:MOST_COMPARED]]
