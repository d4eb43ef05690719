"""Findings about parts - a number, an address, a tag - that were sent and not written: adding them after all."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from custhub.features.customers.errors import (
    AddressNotFound,
    ContactNotFound,
    EmailNotFound,
    ExternalIdNotFound,
    TagNotFound,
)
from custhub.features.customers.schemas.bodies import AddressCreate, ContactCreate, EmailCreate, ExternalIdCreate
from custhub.features.customers.service.addresses import CustomerAddresses
from custhub.features.customers.service.contacts import CustomerContacts
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.emails import CustomerEmails
from custhub.features.customers.service.external_ids import CustomerExternalIds
from custhub.features.customers.service.phones import CustomerPhones
from custhub.features.customers.service.tags import CustomerTags
from custhub.features.phones.errors import PhoneNotFound
from custhub.features.phones.schemas import PhoneCreate
from custhub.features.quality.errors import FindingByHand, FindingOutdated
from custhub.security.fields import Field

_PARTS: Final = {
    field.value
    for field in (Field.PHONES, Field.EMAILS, Field.ADDRESSES, Field.CONTACTS, Field.EXTERNAL_IDS, Field.TAGS)
}
_MISSING: Final = (PhoneNotFound, EmailNotFound, AddressNotFound, ContactNotFound, ExternalIdNotFound, TagNotFound)
#: What nobody writes by accepting it.
_BY_HAND: Final = {"kind", "consents"}


def is_by_hand(field: str) -> bool:
    """Whether nobody writes this by accepting it."""
    return field.partition(".")[0] in _BY_HAND


def kind_of(field: str) -> str | None:
    """The kind of part that a finding is about (`phones.<tag>`), None for a member. Raises FindingByHand."""
    name = field.partition(".")[0]
    if name in _BY_HAND:
        raise FindingByHand
    return name if name in _PARTS else None


async def add_part(context: CustomerContext, customer_id: UUID, kind: str, claimed: Any) -> str:
    """Add what was sent; by what it is removed again. Raises what adding it by hand does, and FindingOutdated."""
    try:
        if kind == Field.TAGS:
            return (await CustomerTags(context).add(customer_id, str(claimed))).tag
        if kind == Field.EXTERNAL_IDS:
            key = ExternalIdCreate.model_validate(claimed)
            return str((await CustomerExternalIds(context).add(customer_id, key)).id)
        if kind == Field.PHONES:
            phone = PhoneCreate.model_validate(claimed)
            return str((await CustomerPhones(context, context.quotas).add(customer_id, phone))[1].id)
        if kind == Field.EMAILS:
            return str((await CustomerEmails(context).add(customer_id, EmailCreate.model_validate(claimed)))[1].id)
        if kind == Field.ADDRESSES:
            address = AddressCreate.model_validate(claimed)
            return str((await CustomerAddresses(context).add(customer_id, address))[1].id)
        contact = ContactCreate.model_validate(claimed)
        return str((await CustomerContacts(context).add(customer_id, contact))[1].id)
    except ValidationError:
        raise FindingOutdated from None


async def remove_part(context: CustomerContext, customer_id: UUID, kind: str, added: str) -> None:
    """Take away again what `add_part` added. Raises FindingOutdated where it is gone."""
    try:
        if kind == Field.TAGS:
            await CustomerTags(context).remove(customer_id, added)
        elif kind == Field.EXTERNAL_IDS:
            await CustomerExternalIds(context).remove(customer_id, UUID(added))
        elif kind == Field.PHONES:
            await CustomerPhones(context, context.quotas).remove(customer_id, UUID(added), None)
        elif kind == Field.EMAILS:
            await CustomerEmails(context).remove(customer_id, UUID(added), None)
        elif kind == Field.ADDRESSES:
            await CustomerAddresses(context).remove(customer_id, UUID(added), None)
        else:
            await CustomerContacts(context).remove(customer_id, UUID(added), None)
    except _MISSING:
        raise FindingOutdated from None
