"""Field policy: which fields of a customer a role may see or change (S-61).

One table, role x field x access. It drives what an answer shows, what PATCH and batch accept, what may be
filtered or sorted by. Several roles of one user give the most open access of each field.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Literal

PhoneMask = Literal["mask", "last4", "none"]
_MASK_ORDER: tuple[PhoneMask, ...] = ("none", "last4", "mask")


class Access(IntEnum):
    """How far a field is open."""

    HIDDEN = 0
    MASKED = 1
    READ = 2
    WRITE = 3


class Field(StrEnum):
    """Fields of a customer's body a policy can name; parts count as one field."""

    KIND = "kind"
    DISPLAY_NAME = "display_name"
    GIVEN_NAME = "given_name"
    FAMILY_NAME = "family_name"
    COMPANY_NAME = "company_name"
    TAX_ID = "tax_id"
    BIRTHDAY = "birthday"
    GENDER = "gender"
    LANGUAGE = "language"
    TIME_ZONE = "time_zone"
    PREFERRED_CHANNEL = "preferred_channel"
    STAGE = "stage"
    CATEGORY = "category"
    NEEDS = "needs"
    SOURCE = "source"
    OWNER = "owner_id"
    TEAM = "team_id"
    NOTE = "note"
    PHONES = "phones"
    EMAILS = "emails"
    ADDRESSES = "addresses"
    CONTACTS = "contacts"
    EXTERNAL_IDS = "external_ids"
    TAGS = "tags"
    CUSTOM_FIELDS = "custom_fields"


@dataclass(frozen=True, slots=True)
class FieldPolicy:
    """Access of one caller to every field, and how it sees phone numbers."""

    access: Mapping[str, Access]
    phone_mask: PhoneMask
    digest: str
    hidden: frozenset[str]
    masked: frozenset[str]
    writable: frozenset[str]

    @property
    def is_open(self) -> bool:
        """Nothing is hidden or masked: views need no filtering."""
        return not self.hidden and not self.masked

    def may_read(self, field: str) -> bool:
        """Whether the value itself is shown."""
        return self.access[field] >= Access.READ


_interned: dict[tuple[tuple[int, ...], PhoneMask], FieldPolicy] = {}


def policy(access: Mapping[str, Access], phone_mask: PhoneMask) -> FieldPolicy:
    """The policy with these accesses; equal policies are one object. Unnamed fields are hidden."""
    levels = {field.value: Access(access.get(field.value, Access.HIDDEN)) for field in Field}
    key = (tuple(levels.values()), phone_mask)
    known = _interned.get(key)
    if known is None:
        text = ",".join(f"{field}={level.value}" for field, level in levels.items()) + f";{phone_mask}"
        known = _interned[key] = FieldPolicy(
            access=levels,
            phone_mask=phone_mask,
            digest=hashlib.sha256(text.encode()).hexdigest()[:8],
            hidden=frozenset(f for f, level in levels.items() if level is Access.HIDDEN),
            masked=frozenset(f for f, level in levels.items() if level is Access.MASKED),
            writable=frozenset(f for f, level in levels.items() if level is Access.WRITE),
        )
    return known


def united(policies: Iterable[FieldPolicy]) -> FieldPolicy:
    """The most open access of each field among several roles; nothing at all for none."""
    known = list(policies)
    access = {field.value: max((p.access[field.value] for p in known), default=Access.HIDDEN) for field in Field}
    mask = max((p.phone_mask for p in known), default=_MASK_ORDER[0], key=_MASK_ORDER.index)
    return policy(access, mask)


def everything(level: Access) -> dict[str, Access]:
    """The same access to every field."""
    return {field.value: level for field in Field}
