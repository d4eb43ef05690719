"""Whom an intake is about, and which of its keys are somebody else's."""

from __future__ import annotations

from typing import Any

from custhub.features.customers.queries.claims import held_keys, held_numbers, reachable_among
from custhub.features.customers.queries.matching import customers_of_mailboxes
from custhub.features.customers.schemas.bodies import CustomerCreate
from custhub.features.customers.service.context import CustomerContext
from custhub.features.intake.rules import Hold, Holders, Target, target_of
from custhub.features.intake.service.holding import Held, held_part
from custhub.features.intake.service.reading import Heard
from custhub.features.phones.rules import PhoneNumber
from custhub.features.phones.service import shared_of
from custhub.security.reach import Reach, ReachKind


class Targets:
    """Looks for customers as the hub does: all of them."""

    def __init__(self, context: CustomerContext) -> None:
        self._context = context
        self._uow = context.uow

    def has_keys(self, heard: Heard) -> bool:
        """Whether anybody could be found by what was sent."""
        return bool(heard.customer.external_ids or heard.mailboxes or self._own_numbers(heard))

    async def holders(self, heard: Heard) -> Holders:
        """Who has the keys that were sent."""
        uow, ids = self._uow, heard.customer.external_ids
        by_id = await held_keys(uow, [(key.source, key.id) for key in ids]) if ids else {}
        indexes = sorted({index for number in self._own_numbers(heard) for index in self._indexes(number)})
        by_number = await held_numbers(uow, indexes) if indexes else []
        mailboxes = sorted(set(heard.mailboxes))
        by_mail = await customers_of_mailboxes(uow, self._context.who.reach, mailboxes) if mailboxes else []
        numbers = {bytes(held.exact_index): held.customer_id for held in by_number}
        return Holders(by_id, numbers, frozenset(by_mail))

    async def of(self, holders: Holders, reach: Reach) -> Target | None:
        """Whom it is about. Of somebody out of the caller's reach nothing may be written."""
        target = target_of(holders)
        if target is None or target.hold is not None or reach.kind is ReachKind.ALL:
            return target
        known = await reachable_among(self._uow, reach, [target.customer_id])
        return target if known else target._replace(hold=Hold.OUT_OF_REACH)

    def without_foreign(self, heard: Heard, holders: Holders, target: Target) -> tuple[CustomerCreate, list[Held]]:
        """What may be written of a customer: keys that are somebody else's wait as findings."""
        customer, held, kept = heard.customer, list[Held](), dict[str, Any]()
        own = target.customer_id
        taken = [holders.external_ids.get((key.source, key.id), own) != own for key in customer.external_ids]
        if any(taken):
            pairs = list(zip(customer.external_ids, taken, strict=True))
            kept["external_ids"] = [key for key, is_taken in pairs if not is_taken]
            held += [
                held_part(self._context, "external_ids", key, Hold.EXTERNAL_ID_TAKEN)
                for key, is_taken in pairs
                if is_taken
            ]
        phones, free = list(zip(customer.phones, heard.numbers, strict=True)), []
        for phone, number in phones:
            holder = own
            if not shared_of(number, phone):
                holder = next((holders.numbers[i] for i in self._indexes(number) if i in holders.numbers), own)
            if holder == own:
                free.append(phone)
            else:
                held.append(held_part(self._context, "phones", phone, Hold.PHONE_TAKEN))
        if len(free) < len(phones):
            kept["phones"] = free
        return (customer.model_copy(update=kept) if kept else customer), held

    def _own_numbers(self, heard: Heard) -> list[PhoneNumber]:
        pairs = zip(heard.numbers, heard.customer.phones, strict=True)
        return [number for number, phone in pairs if not shared_of(number, phone)]

    def _indexes(self, number: PhoneNumber) -> list[bytes]:
        keys = self._context.keys
        return [keys.indexes.exact(number.equivalence_key, kid) for kid in keys.claim_kids]
