"""Is somebody there already? Asked of a draft and of a customer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from custhub.features.customers.schemas.bodies import CustomerCreate
from custhub.features.customers.service.building import CustomerBuilder, NewCustomer
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.upserting import sent_fields
from custhub.features.matching.rules.levels import Field as Compared
from custhub.features.matching.service.candidates import Candidate, CandidateSearch, Sought
from custhub.features.matching.service.explaining import explanation, outlined
from custhub.features.matching.service.showing import seen
from custhub.features.phones.rules import PhoneNumber
from custhub.kit.ids import Prefix, to_text
from custhub.kit.uow import Note
from custhub.security.principal import FieldNotWritable, InsufficientScope
from custhub.security.scopes import Scope

#: A draft without a name is compared by the rest.
_NOBODY: Final = "-"


class DuplicateChecks:
    """What one caller is told of candidates, in one unit of work."""

    def __init__(self, context: CustomerContext, search: CandidateSearch) -> None:
        self._context = context
        self._search = search

    async def of_draft(self, body: CustomerCreate, at: str = "#/customer") -> list[dict[str, Any]]:
        """Candidates for somebody who is not stored, explained; `at` is where the draft stands in the body.

        Raises the rule that a value breaks; as a lookup of its numbers InsufficientScope, LookupQuotaExceeded,
        MaskProbing; FieldNotWritable for what the caller does not see in full: it would be told by the score.
        """
        context, names = self._context, (body.display_name, body.family_name, body.given_name, body.company_name)
        numbers = [context.phones.read(phone, f"{at}/phones/{i}/number") for i, phone in enumerate(body.phones)]
        self._check_allowed(body)
        named = body if any(names) else body.model_copy(update={"display_name": _NOBODY})
        new = CustomerBuilder(context).build(named)
        if context.uow.is_open:
            await self._admit(numbers)
            found = await self._found(new)
        else:
            # The disk takes a while to keep that numbers were looked up; nothing is told before it did.
            admitted = asyncio.ensure_future(self._admit(numbers))
            try:
                await asyncio.sleep(0)
                found = await self._found(new)
            finally:
                await admitted
        if numbers:
            self._note(found)
        return self._explained(*found)

    async def of_customer(self, customer_id: UUID) -> list[dict[str, Any]]:
        """Candidates for a stored one, or who it became, explained. Raises CustomerNotFound, CustomerErased."""
        record = await self._context.customers.current(customer_id)
        sought = Sought(self._search.person(record), record.row.kind, record.row.id)
        return self._explained(sought, await self._search.find(self._context, sought))

    def _check_allowed(self, body: CustomerCreate) -> None:
        """Whether the caller may compare such a body (S-14, S-61)."""
        who = self._context.who
        unseen = sorted(sent_fields(body) & (who.policy.hidden | who.policy.masked))
        if unseen:
            raise FieldNotWritable(unseen)
        if body.phones and Scope.PHONES_LOOKUP not in who.scopes:
            raise InsufficientScope(Scope.PHONES_LOOKUP)

    async def _admit(self, numbers: Sequence[PhoneNumber]) -> None:
        """Count the numbers of a draft as lookups. Raises LookupQuotaExceeded, MaskProbing."""
        context = self._context
        if not numbers:
            return
        indexes, kid = context.keys.indexes, context.keys.claim_kids[0]
        uses = [(indexes.exact(n.equivalence_key, kid), indexes.last4(n.last4, kid)) for n in numbers]
        for refusal in await context.quotas.many("lookup", uses):
            if refusal is not None:
                raise refusal

    async def _found(self, new: NewCustomer) -> tuple[Sought, list[Candidate]]:
        record = new.record
        dek = self._context.dek(record)
        person = self._search.reader.person(record, dek, [number.canonical for number in new.numbers])
        sought = Sought(person, record.row.kind, None)
        return sought, await self._search.find(self._context, sought)

    def _explained(self, sought: Sought, found: Sequence[Candidate]) -> list[dict[str, Any]]:
        context = self._context
        views = []
        for one in found:
            said = explanation(one.score, one.decision, one.weights, sought.person, one.person)
            for evidence in said["fields"]:
                field = Compared(evidence["field"])
                evidence["left"] = seen(context, field, sought.person)
                evidence["right"] = seen(context, field, one.person)
            views.append({"customer_id": to_text(Prefix.CUSTOMER, one.record.row.id), "explanation": said})
        return views

    def _note(self, told: tuple[Sought, Sequence[Candidate]]) -> None:
        """A lookup of numbers leaves its entry (S-24)."""
        ids = [one.record.row.id for one in told[1]]
        one = ids[0] if len(ids) == 1 else None
        names = [to_text(Prefix.CUSTOMER, own) for own in ids]
        outcome = "found" if ids else "not_found"
        self._context.uow.audit(Note("phone.looked_up", "customer", one, one, names, reason="check", outcome=outcome))


class CandidatesOfNew:
    """Implements `NewCandidates` of customers: a check of the draft, with all that it asks of the caller."""

    def __init__(self, search: CandidateSearch) -> None:
        self._search = search

    async def of_new(self, context: CustomerContext, body: CustomerCreate) -> list[dict[str, Any]]:
        """Candidates without any value: the answer may be stored for a replay, where no erasure of theirs finds it."""
        for scope in (Scope.MERGES_READ, Scope.CUSTOMERS_READ):
            if scope not in context.who.scopes:
                raise InsufficientScope(scope)
        found = await DuplicateChecks(context, self._search).of_draft(body, "#")
        return [{"customer_id": one["customer_id"], **outlined(one["explanation"])} for one in found]
