"""Contacts: the people at an organisation."""

from __future__ import annotations

from uuid import UUID

from custhub.features.customers.errors import ContactNotAllowed, ContactNotFound, PersonUnknown
from custhub.features.customers.models import ContactRow
from custhub.features.customers.queries import CustomerRecord, is_reachable
from custhub.features.customers.queries.merged import survivors_of
from custhub.features.customers.rules import CustomerKind
from custhub.features.customers.schemas.bodies import ContactCreate, ContactPatch
from custhub.features.customers.service.keeping import PartKeeper
from custhub.features.customers.service.parts import CONTACT_TEXTS
from custhub.features.phones.vault import returned_texts
from custhub.http.issues import issue
from custhub.kit.ids import Prefix
from custhub.security.fields import Field


class CustomerContacts(PartKeeper[ContactRow, ContactCreate, ContactPatch]):
    """Use cases of the contacts of one organisation."""

    field = Field.CONTACTS
    noun = "contact"
    limit = 200
    prefix = Prefix.CONTACT
    missing = ContactNotFound
    told = ("name", "job_title", "department", "email", "person_id", "is_primary")

    async def _built(self, record: CustomerRecord, body: ContactCreate) -> ContactRow:
        if record.row.kind != CustomerKind.ORGANISATION:
            raise ContactNotAllowed
        if body.person_id is not None:
            body = body.model_copy(update={"person_id": await self._person(body.person_id)})
        return self._context.part_builder(record).contact(body, is_primary=False)

    async def _patched(self, record: CustomerRecord, row: ContactRow, body: ContactPatch) -> ContactRow:
        sent = {name: getattr(body, name) for name in body.model_fields_set if name != "is_primary"}
        if sent.get("person_id") not in (None, row.person_id):
            sent["person_id"] = await self._person(sent["person_id"])
        stored = {name: getattr(row, name) for name in CONTACT_TEXTS}
        texts = {name: text for name, text in sent.items() if name in CONTACT_TEXTS}
        context, dek = self._context, self._context.dek(record)
        sent |= returned_texts(dek, "customer_contacts", row.id, row.spans, stored, texts, context.mask_style)
        return context.builder_of(record.row.id, dek).renamed(row, sent)

    async def _person(self, person_id: UUID) -> UUID:
        """Who this is now. S-64: an id in a body is checked for reach."""
        now = (await survivors_of(self._uow, [person_id])).get(person_id)
        if now is None or not await is_reachable(self._uow, self._who.reach, now):
            raise PersonUnknown(issues=[issue("#/person_id", PersonUnknown.code)])
        return now
