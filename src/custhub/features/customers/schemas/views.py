"""Views: the body of a customer from its record, through the caller's field policy."""

from __future__ import annotations

from typing import Any

from custhub.crypto.cipher import Dek
from custhub.features.customers.models import AddressRow, ContactRow, CustomerRow, EmailRow, ExternalIdRow, TagRow
from custhub.features.customers.queries import CustomerRecord
from custhub.features.fields.rules import Access
from custhub.features.phones.rules import MaskStyle
from custhub.features.phones.schemas import phone_view
from custhub.features.phones.vault import shown_texts
from custhub.kit.ids import Prefix, text_or_none, to_text
from custhub.security.fields import Field, FieldPolicy
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

TEXTS = ("display_name", "given_name", "family_name", "company_name", "note")
"""Texts of a customer in which numbers are recognised."""

_LISTS = {Field.NEEDS, Field.PHONES, Field.EMAILS, Field.ADDRESSES, Field.CONTACTS, Field.EXTERNAL_IDS, Field.TAGS}


def customer_view(
    record: CustomerRecord,
    dek: Dek | None,
    policy: FieldPolicy,
    access: Access,
    *,
    can: dict[str, Any] | None = None,
    provenance: list[dict[str, Any]] | None = None,
    completeness: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The body of a customer. Hidden fields are null or empty; masked ones show their first character."""
    row = record.row
    style = MaskStyle(policy.phone_mask)
    texts = _texts(row, dek, style) if row.spans is not None else None
    view: dict[str, Any] = {
        "id": to_text(Prefix.CUSTOMER, row.id),
        "object": "customer",
        "kind": row.kind,
        "display_name": row.display_name,
        "given_name": row.given_name,
        "family_name": row.family_name,
        "company_name": row.company_name,
        "tax_id": row.tax_id,
        "birthday": None
        if row.birthday is None
        else {"date": row.birthday, "calendar": row.birthday_calendar, "leap_month": row.birthday_leap_month},
        "gender": row.gender,
        "language": row.language,
        "time_zone": row.time_zone,
        "preferred_channel": row.preferred_channel,
        "stage": row.stage,
        "category": row.category,
        "needs": row.needs or [],
        "source": row.source,
        "owner_id": text_or_none(Prefix.USER, row.owner_id),
        "team_id": text_or_none(Prefix.TEAM, row.team_id),
        "note": row.note,
        "phones": [phone_view(phone, dek, style) for phone in record.phones],
        "emails": [email_view(email) for email in record.emails],
        "addresses": [address_view(address, dek, style) for address in record.addresses],
        "contacts": [contact_view(contact, dek, style) for contact in record.contacts],
        "external_ids": [external_id_view(key) for key in record.external_ids],
        "tags": [tag_view(tag) for tag in record.tags],
        "custom_fields": access.shown(row.custom),
        "can": can,
        "provenance": provenance,
        "completeness": completeness,
        "merged_into": None if row.merged_into is None else to_text(Prefix.CUSTOMER, row.merged_into),
        "archived_at": row.archived_at,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }
    if texts is not None:
        view.update(texts)
    return view if policy.is_open else _restricted(view, policy)


def _restricted(view: dict[str, Any], policy: FieldPolicy) -> dict[str, Any]:
    for name in policy.hidden:
        view[name] = [] if name in _LISTS else None
    for name in policy.masked:
        value = view[name]
        if name == Field.EMAILS:
            view[name] = [item | {"email": masked_email(item["email"])} for item in value]
        elif name == Field.PHONES:
            continue  # always masked
        elif name in _LISTS:
            view[name] = []
        else:
            view[name] = f"{value[0]}***" if name in TEXTS and value else None
    return view


def masked_email(address: str) -> str:
    """The address with the first character of its local part."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"


def _texts(row: CustomerRow, dek: Dek | None, style: MaskStyle) -> dict[str, Any]:
    return shown_texts(dek, "customers", row.id, row.spans, {name: getattr(row, name) for name in TEXTS}, style)


def email_view(row: EmailRow) -> dict[str, Any]:
    """The body of an e-mail address."""
    return {
        "id": to_text(Prefix.EMAIL, row.id),
        "object": "email",
        "label": row.label,
        "email": row.email,
        "is_primary": row.is_primary,
        "verified_at": row.verified_at,
        "contactable": row.suppressed_by is None,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }


def address_view(row: AddressRow, dek: Dek | None, style: MaskStyle) -> dict[str, Any]:
    """The body of an address."""
    street = shown_texts(dek, "customer_addresses", row.id, row.spans, {"street": row.street}, style)["street"]
    return {
        "id": to_text(Prefix.ADDRESS, row.id),
        "object": "address",
        "label": row.label,
        "is_primary": row.is_primary,
        "country": row.country,
        "province": row.province,
        "city": row.city,
        "district": row.district,
        "division_code": row.division_code,
        "street": street,
        "postcode": row.postcode,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }


def contact_view(row: ContactRow, dek: Dek | None, style: MaskStyle) -> dict[str, Any]:
    """The body of a contact."""
    texts: dict[str, str | None] = {"name": row.name, "job_title": row.job_title, "department": row.department}
    texts = shown_texts(dek, "customer_contacts", row.id, row.spans, texts, style)
    return {
        "id": to_text(Prefix.CONTACT, row.id),
        "object": "contact",
        "person_id": text_or_none(Prefix.CUSTOMER, row.person_id),
        **texts,
        "email": row.email,
        "is_primary": row.is_primary,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }


def external_id_view(row: ExternalIdRow) -> dict[str, Any]:
    """The body of an external id."""
    return {
        "id": to_text(Prefix.EXTERNAL_ID, row.id),
        "object": "external_id",
        "source": row.source,
        "external_id": row.external_id,
        "created_at": row.created_at,
    }


def tag_view(row: TagRow) -> dict[str, Any]:
    """The body of a tag."""
    return {"tag": row.tag, "added_by": row.added_by, "added_at": row.added_at}


def can_view(record: CustomerRecord, who: Principal) -> dict[str, Any]:
    """What this caller may do with this customer, for front ends that hide buttons."""
    live = record.row.archived_at is None
    writes = Scope.CUSTOMERS_WRITE in who.scopes
    archives = Scope.CUSTOMERS_ARCHIVE in who.scopes
    return {
        "update": live and writes,
        "archive": live and archives,
        "restore": not live and archives,
        "reveal_phones": Scope.PHONES_REVEAL in who.scopes and who.policy.may_read(Field.PHONES),
        "tag": live and Scope.TAGS_WRITE in who.scopes and Field.TAGS in who.policy.writable,
        "fields": sorted(who.policy.writable) if live and writes else [],
    }


def etag_of(revision: int, digest: str) -> str:
    """Strong entity tag: the revision, and what else shaped the body (CONTRACT C6)."""
    return f'"{revision}-{digest}"'
