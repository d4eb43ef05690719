"""E-mail addresses of a customer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from custhub.features.customers.errors import EmailNotFound
from custhub.features.customers.models import EmailRow
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.rules import parse_email
from custhub.features.customers.schemas.bodies import EmailCreate, EmailPatch
from custhub.features.customers.service.keeping import PartKeeper
from custhub.features.suppressions.service import screen
from custhub.kit.ids import Prefix
from custhub.security.fields import Field


class CustomerEmails(PartKeeper[EmailRow, EmailCreate, EmailPatch]):
    """Use cases of the e-mail addresses of one customer."""

    field = Field.EMAILS
    noun = "email"
    limit = 50
    prefix = Prefix.EMAIL
    missing = EmailNotFound
    told = ("email", "label", "is_primary")

    async def _built(self, record: CustomerRecord, body: EmailCreate) -> EmailRow:
        row = self._context.part_builder(record).email(body, is_primary=False)
        found = await screen(self._uow, self._context.keys, (), [row.folded])
        return row._replace(suppressed_by=found.mailbox(row.folded, "#/email"))

    async def replace(
        self, customer_id: UUID, email_id: UUID, address: str, verified_at: datetime | None = None
    ) -> tuple[CustomerRecord, EmailRow]:
        """Put an address right that was misspelt; `verified_at` is when this one was proven. Raises Suppressed."""
        record = await self._opened(customer_id)
        row, parsed = self.of(record, email_id), parse_email(address)
        found = await screen(self._uow, self._context.keys, (), [parsed.folded])
        new = row._replace(
            email=parsed.address,
            folded=parsed.folded,
            verified_at=verified_at,
            suppressed_by=found.mailbox(parsed.folded, "#/email"),
        )
        parts = [new if known.id == email_id else known for known in self.rows(record)]
        return self._store(record, parts, "changed", email_id, primary=None)

    async def _patched(self, record: CustomerRecord, row: EmailRow, body: EmailPatch) -> EmailRow:
        return row._replace(label=body.label) if "label" in body.model_fields_set else row
