"""What was sent and is not written: it becomes findings, for somebody to decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel

from custhub.crypto.cipher import Dek
from custhub.features.consents.schemas import ConsentInput
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.rules import parse_email, tag_key
from custhub.features.customers.schemas.bodies import BirthdayInput, CustomerCreate
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.standards import RefusedChange
from custhub.features.customers.service.upserting import PARTS, sent_fields
from custhub.features.customers.service.values import REFERENCES, value_of
from custhub.features.intake.service.reading import Heard
from custhub.http.json_body import canonical
from custhub.kit.ids import to_text
from custhub.security.fields import Field

_CUSTOM = "custom_fields"


class Held(NamedTuple):
    """Something that was sent, by member; parts carry a tag of their value: each is a finding of its own."""

    field: str
    reason: str
    standing: Any
    claimed: Any

    def refused(self, heard: Heard) -> RefusedChange:
        """The same as said by an item."""
        return RefusedChange(self.field, self.reason, heard.item.source, heard.occurred_at, self.standing, self.claimed)


def held_part(context: CustomerContext, field: str, part: BaseModel | str, reason: str) -> Held:
    """A part that was sent."""
    claimed = part if isinstance(part, str) else part.model_dump(mode="json", exclude_unset=True)
    if isinstance(claimed, dict) and field == Field.PHONES:
        claimed["country"] = claimed.get("country") or context.country  # as it was read
    tag = context.keys.cursors.fingerprint(b"held\0" + canonical([field, claimed]))[:6].hex()
    return Held(f"{field}.{tag}", reason, None, claimed)


def held_kind(heard: Heard, record: CustomerRecord) -> list[Held]:
    """Another kind of customer than it is: a kind never changes by itself."""
    sent, stands = heard.item.customer, record.row.kind
    if "kind" not in sent.model_fields_set or sent.kind == stands:
        return []
    return [Held("kind", "kind_differs", str(stands), str(sent.kind))]


def held_consent(consent: ConsentInput, reason: str) -> Held:
    """An entry that cannot be recorded as it was sent."""
    return Held(
        f"consents.{consent.purpose[:24]}:{consent.channel}", reason, None,
        consent.model_dump(mode="json", exclude_unset=True),
    )  # fmt: skip


def held_fields(
    context: CustomerContext, dek: Dek, record: CustomerRecord, heard: Heard, customer: CustomerCreate, reason: str
) -> Iterator[Held]:
    """The members that differ from what stands."""
    for name in sorted(heard.fields & sent_fields(customer) - PARTS):
        value = getattr(customer, name)
        told = (
            {f"{_CUSTOM}.{key}": one for key, one in value.items()} if name == _CUSTOM else {name: _told(name, value)}
        )
        for key, claimed in told.items():
            standing = value_of(dek, record.row, key)
            if claimed is not None and claimed != standing:
                yield Held(key, reason, standing, claimed)


def held_parts(
    context: CustomerContext, dek: Dek, record: CustomerRecord, heard: Heard, customer: CustomerCreate, reason: str
) -> Iterator[Held]:
    """The parts that the customer does not have, as far as that shows by their keys."""
    mailboxes = {mail.folded for mail in record.emails}
    ids = {(key.source, key.external_id) for key in record.external_ids}
    tags = {tag.tag_key for tag in record.tags}
    numbers = {(bytes(phone.exact_index), phone.index_kid) for phone in record.phones}
    exact = context.keys.indexes.exact
    known: dict[str, Callable[[Any], bool]] = {
        "emails": lambda mail: parse_email(mail.email).folded in mailboxes,
        "external_ids": lambda key: (key.source, key.id) in ids,
        "tags": lambda tag: tag_key(tag) in tags,
    }
    by_phone = dict(zip(map(id, heard.customer.phones), heard.numbers, strict=True))
    for field in sorted(heard.fields & PARTS):
        for part in getattr(customer, field):
            if field == "phones":
                key = by_phone[id(part)].equivalence_key
                if any((exact(key, kid), kid) in numbers for kid in {kid for _, kid in numbers}):
                    continue
            elif field in known and known[field](part):
                continue
            yield held_part(context, field, part, reason)


def _told(name: str, value: Any) -> Any:  # any JSON value
    if isinstance(value, BirthdayInput):
        return value.model_dump(mode="json")
    if isinstance(value, UUID):
        return to_text(REFERENCES[name], value)
    return sorted(set(value)) if name == "needs" else value
