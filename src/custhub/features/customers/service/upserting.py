"""Create a customer or update the one that is there already, found by its keys.

Equal ones at the same moment give one customer: of those that create, all but one lose a unique key - the claim of a
number, an external id, or the claim of a match key - and run again, and find it.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import NamedTuple
from uuid import UUID

from custhub.features.customers.errors import MatchNotFound
from custhub.features.customers.models import EXTERNAL_ID
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.repository import lost_race
from custhub.features.customers.rules import MatchKind, parse_email, writes
from custhub.features.customers.schemas.bodies import CustomerCreate
from custhub.features.customers.schemas.upsert import UpsertRequest, UpsertResult
from custhub.features.customers.service.claimed import ClaimedValues, Touch
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.joining import PartJoiner
from custhub.features.customers.service.matching import CustomerMatcher, Match
from custhub.features.customers.service.profile import CustomerService
from custhub.features.customers.service.standards import RefusedChange
from custhub.features.phones.rules import PhoneNumber
from custhub.features.phones.service import CLAIM
from custhub.features.suppressions.service import screen
from custhub.kit.writes import LostRace
from custhub.security.fields import Field
from custhub.security.principal import FieldNotWritable

#: Fields that are lists of parts.
PARTS = frozenset(
    field.value
    for field in (Field.PHONES, Field.EMAILS, Field.ADDRESSES, Field.CONTACTS, Field.EXTERNAL_IDS, Field.TAGS)
)


class Outcome(NamedTuple):
    """What became of one record, and its customer as it is now; `before` is None for a new one.

    `refused` did not stand, and `findings` are the review items that were opened for it.
    """

    result: UpsertResult
    record: CustomerRecord
    before: CustomerRecord | None = None
    refused: Sequence[RefusedChange] = ()
    findings: Sequence[UUID] = ()


class CustomerUpsert:
    """Upserts of one caller in one unit of work.

    Several may share it: `UnitOfWork.flush` between two that could be about one customer, so that the second finds
    what the first wrote.
    """

    def __init__(self, context: CustomerContext) -> None:
        self._context = context
        self._service = CustomerService(context)
        self._matcher = CustomerMatcher(context)

    async def apply(self, body: UpsertRequest, touch: Touch | None = None, *, may_create: bool = True) -> Outcome:
        """Create or update, or update alone. Pointers of refusals begin at the customer.

        Raises FieldNotWritable, MatchKeyMissing, MatchAmbiguous, MatchNotFound, and what a create or a change of the
        customer does; PhoneTaken and ExternalIdTaken by others show at commit, LostRace when a rival was faster.
        """
        context, customer, kinds = self._context, body.customer, frozenset(body.match_on)
        sent = sent_fields(body.customer)
        if touch is not None and touch.is_unnamed:
            sent.discard(Field.DISPLAY_NAME.value)
        policy = context.who.policy
        # Whoever does not see a field learns nothing of it by sending values.
        unseen = sorted(sent & (policy.hidden | policy.masked))
        if unseen:
            raise FieldNotWritable(unseen)
        numbers = [context.phones.read(phone, f"#/phones/{i}/number") for i, phone in enumerate(customer.phones)]
        match = await self._matcher.find(self._matcher.keys(customer, numbers, kinds))
        if match.record is None:
            if not may_create:
                raise MatchNotFound
            outcome = Outcome(
                "created",
                await self._service.create(customer, body.occurred_at, touch is not None and touch.is_unnamed),
            )
        else:
            claims = ClaimedValues(context, match.record, body, touch)
            outcome = await self._update(match.record, body, sent, numbers, claims)
        self._claim(outcome, match, kinds)
        return outcome

    def _claim(self, outcome: Outcome, match: Match, kinds: frozenset[MatchKind]) -> None:
        if outcome.result != "unchanged":
            for key, holder in match.claims.items():
                self._context.customers.claim_match(key, outcome.record.row.id, holder)
        self.heed_rivals(kinds)

    def heed_rivals(self, kinds: Set[MatchKind] = frozenset(MatchKind)) -> None:
        """Run again when a key that was nobody's when it was looked up is somebody's at commit: who is found then."""
        if MatchKind.PHONE in kinds:
            self._context.uow.on_violation(CLAIM, lost_race)
        if MatchKind.EXTERNAL_ID in kinds:
            self._context.uow.on_violation(EXTERNAL_ID, lost_race)

    async def _update(
        self,
        record: CustomerRecord,
        body: UpsertRequest,
        sent: set[str],
        numbers: Sequence[PhoneNumber],
        claims: ClaimedValues,
    ) -> Outcome:
        context, customer, rules = self._context, body.customer, body.on_conflict
        if record.row.archived_at is not None:
            raise LostRace  # since it was found
        customer = await self._service.check(customer)
        change = self._service.planned(record, claims.standing(sent - PARTS))
        mailboxes = [parse_email(email.email).folded for email in customer.emails]
        found = await screen(context.uow, context.keys, numbers, mailboxes)
        joiner = PartJoiner(context, record, found, claims.sayings)
        for field in Field:
            # Parts that are older than others are parts all the same.
            if field in sent & PARTS and writes(
                rules.of(field), is_empty=not getattr(record, field.value), is_older=False
            ):
                joiner.join(field, customer, numbers)
        fields = sorted({*change.details, *joiner.fields})
        context.who.require_writable(set(fields))
        found_wanting = claims.refused, await context.review(record, claims.refused)
        origins = claims.origins(change.keys, joiner.parts)
        if not fields:
            new = context.revise(record, sorted(origins), None, origins) if claims.are_renewed else record
            return Outcome("unchanged", new, record, *found_wanting)
        if change.details:
            context.note(record, sorted(change.details), change.details)
        self._service.refind(record.row, change)
        new = context.revise(joiner.record, fields, change.values, origins)
        context.found_again(record, new)
        context.met_again(record, new)
        return Outcome("updated", new, record, *found_wanting)


def sent_fields(customer: CustomerCreate) -> set[str]:
    """The fields that say something: null, an empty list and no fields stand for nothing, and the kind stays."""
    given = {name: getattr(customer, name) for name in customer.model_fields_set - {Field.KIND.value}}
    return {name for name, value in given.items() if value is not None and value not in ([], {})}
