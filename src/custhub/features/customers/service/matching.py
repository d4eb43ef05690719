"""Find the customer that a record is about, by external id, phone number or e-mail address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple
from uuid import UUID

from custhub.features.customers.errors import ExternalIdTaken, MatchAmbiguous, MatchKeyMissing
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.claims import held_keys, held_numbers
from custhub.features.customers.queries.matching import claims_among, customers_of_mailboxes, records_among
from custhub.features.customers.rules import MatchKind, parse_email
from custhub.features.customers.schemas.bodies import CustomerCreate
from custhub.features.customers.service.context import CustomerContext
from custhub.features.phones.rules import PhoneNumber
from custhub.features.phones.service import shared_of
from custhub.kit.ids import Prefix, to_text


class MatchKeys(NamedTuple):
    """What a record can be found by."""

    external_ids: frozenset[tuple[str, str]]
    #: Exact indexes of numbers that are one customer's own, under every live key.
    numbers: frozenset[bytes]
    mailboxes: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.external_ids or self.numbers or self.mailboxes)


class Match(NamedTuple):
    """The customer, None where there is none; `claims` are who was created for the keys that need a claim."""

    record: CustomerRecord | None
    claims: Mapping[bytes, UUID | None]


class CustomerMatcher:
    """Matches records of one caller. Who is out of reach is no match, as if absent."""

    def __init__(self, context: CustomerContext) -> None:
        self._context = context

    def keys(self, body: CustomerCreate, numbers: Sequence[PhoneNumber], kinds: Set[MatchKind]) -> MatchKeys:
        """The keys of these kinds. Raises MatchKeyMissing when there is none, ExternalIdTaken for one named twice."""
        context = self._context
        exact: set[bytes] = set()
        if MatchKind.PHONE in kinds:
            for number, phone in zip(numbers, body.phones, strict=True):
                if not shared_of(number, phone):
                    key = number.equivalence_key
                    exact |= {context.keys.indexes.exact(key, kid) for kid in context.keys.claim_kids}
        if len({(key.source, key.id) for key in body.external_ids}) < len(body.external_ids):
            raise ExternalIdTaken  # by itself, as a create that names one twice
        ids = ((key.source, key.id) for key in body.external_ids) if MatchKind.EXTERNAL_ID in kinds else ()
        mailboxes = (parse_email(mail.email).folded for mail in body.emails) if MatchKind.EMAIL in kinds else ()
        found = MatchKeys(frozenset(ids), frozenset(exact), frozenset(mailboxes))
        if not found:
            raise MatchKeyMissing
        return found

    async def find(self, keys: MatchKeys) -> Match:
        """The one customer with any of these keys.

        Raises MatchAmbiguous for several, PhoneTaken and ExternalIdTaken when a key is that of somebody out of reach.
        """
        context, uow = self._context, self._context.uow
        mailboxes = sorted(keys.mailboxes)
        # Claims first: of a rival who stores claim and customer in between, the customer is seen.
        claims = await self._claims(mailboxes)
        by_mail = await customers_of_mailboxes(uow, context.who.reach, mailboxes) if mailboxes else []
        by_id = await held_keys(uow, keys.external_ids) if keys.external_ids else {}
        by_number = await held_numbers(uow, sorted(keys.numbers)) if keys.numbers else []
        holders = {*by_id.values(), *(number.customer_id for number in by_number), *by_mail}
        records = await records_among(uow, context.who.reach, holders, locking=uow.locking) if holders else {}
        hidden = [number.exact_index for number in by_number if number.customer_id not in records]
        if hidden:
            raise await context.explain_taken(hidden)
        if any(holder not in records for holder in by_id.values()):
            raise ExternalIdTaken
        if len(records) > 1:
            raise MatchAmbiguous(members={"existing_ids": [to_text(Prefix.CUSTOMER, known) for known in records]})
        record = next(iter(records.values()), None)
        known = {mail.folded for mail in record.emails} if record is not None else set()
        return Match(record, {claim: holder for mail, (claim, holder) in claims.items() if mail not in known})

    async def _claims(self, mailboxes: Sequence[str]) -> Mapping[str, tuple[bytes, UUID | None]]:
        # Numbers and external ids are unique by themselves; addresses are not: a claim keeps two creates apart.
        fingerprint = self._context.keys.cursors.fingerprint
        claims = {mail: fingerprint(b"match\0email\0" + mail.encode()) for mail in mailboxes}
        held = await claims_among(self._context.uow, list(claims.values())) if claims else {}
        return {mail: (claim, held.get(claim)) for mail, claim in claims.items()}
