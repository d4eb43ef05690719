"""Find customers by number or by its last four digits, under quota and audit (S-14, S-24)."""

from __future__ import annotations

from custhub.crypto.errors import IntegrityError
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.lookup import by_last4, by_number
from custhub.features.customers.service.context import CustomerContext
from custhub.features.phones.errors import PhoneInvalid
from custhub.features.phones.rules import PhoneNumber, last4_of
from custhub.features.phones.service import PhoneQuotas
from custhub.features.phones.vault import open_number
from custhub.http.issues import issue
from custhub.kit.ids import Prefix, to_text
from custhub.kit.paging import Page
from custhub.kit.uow import Note


class CustomerLookup:
    """The two lookups. Unknown and unreachable numbers give the same empty page."""

    def __init__(self, context: CustomerContext, quotas: PhoneQuotas) -> None:
        self._context = context
        self._quotas = quotas

    async def by_number(self, text: str, country: str | None) -> Page[CustomerRecord]:
        """Customers with this number, in any spelling. Raises PhoneInvalid."""
        context = self._context
        try:
            number = PhoneNumber.parse(text, country or context.country)
        except PhoneInvalid as error:
            raise PhoneInvalid(error.reason, issues=[issue("#/phone", error.code)]) from None
        indexes, kids = context.keys.indexes, context.keys.claim_kids
        exact = [indexes.exact(number.equivalence_key, kid) for kid in kids]
        bucket = indexes.last4(number.last4, kids[0])
        async with self._quotas.one("lookup", exact[0], bucket):
            records = await by_number(context.uow, context.who.reach, exact)
            self._audit("number", records)
        return Page(records)

    async def by_last4(self, digits: str, after: list[str] | None, limit: int) -> Page[CustomerRecord]:
        """Customers with a number that ends so. A page may be short: strangers of the bucket are dropped."""
        context = self._context
        indexes = context.keys.indexes
        buckets = [indexes.last4(digits, kid) for kid in context.keys.claim_kids]
        async with self._quotas.one("lookup"):
            found = await by_last4(context.uow, context.who.reach, buckets, after, limit + 1)
            records = [record for record in found[:limit] if self._ends_with(record, digits)]
            self._audit("last4", records)
        return Page(records, (found[limit - 1].row.id.hex,) if len(found) > limit else None)

    def _ends_with(self, record: CustomerRecord, digits: str) -> bool:
        dek = self._context.readable_dek(record)
        if dek is None:
            return False
        for phone in record.phones:
            try:
                if last4_of(open_number(dek, phone).partition(";")[0]) == digits:
                    return True
            except IntegrityError:
                continue
        return False

    def _audit(self, kind: str, records: list[CustomerRecord]) -> None:
        found = records[0].row.id if len(records) == 1 else None
        names = [to_text(Prefix.CUSTOMER, record.row.id) for record in records[:20]]
        outcome = "found" if records else "not_found"
        self._context.uow.audit(Note("phone.looked_up", "customer", found, found, names, reason=kind, outcome=outcome))
