"""Rules of self-service: what customers may correct themselves, and what proves a number or an address."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from custhub.features.messages.rules import Category, Channel, MessageKind
from custhub.features.phones.rules import PhoneKind, PhoneNumber

CUSTOM: Final = "custom_fields."
PHONES, EMAILS, ADDRESSES = "phones", "emails", "addresses"
#: Members of a customer that a link may be for; custom fields are named `custom_fields.<key>`.
OFFERED: Final = (
    "display_name", "family_name", "given_name", "company_name", "tax_id", "gender", "birthday", PHONES, EMAILS,
    ADDRESSES, "language", "time_zone", "preferred_channel",
)  # fmt: skip
#: What changes only once it is proven, and how the code gets there.
PROVEN_BY: Final = {PHONES: Channel.SMS, EMAILS: Channel.EMAIL}

CODE_LIFETIME: Final = timedelta(minutes=10)
#: Wrong codes for one number or address, whichever of its codes they were for.
MOST_ATTEMPTS: Final = 5
#: Codes for one number or address, the first among them, and the least time between two.
MOST_SENT: Final = 3
RESEND_AFTER: Final = timedelta(seconds=60)
PROOF_LIFETIME: Final = timedelta(minutes=30)

_TEXTS: Final = Path(__file__).parent / "texts"
LINK_KIND: Final = MessageKind(
    "self_service_link", Category.TRANSACTIONAL, frozenset(Channel), duplicate_ok=True, texts=_TEXTS
)
REMINDER_KIND: Final = MessageKind(
    "self_service_reminder", Category.TRANSACTIONAL, frozenset(Channel), duplicate_ok=True, texts=_TEXTS
)
CODE_KIND: Final = MessageKind(
    "self_service_code", Category.TRANSACTIONAL, frozenset(Channel), duplicate_ok=True, texts=_TEXTS
)
NOTICE_KIND: Final = MessageKind(
    "self_service_notice", Category.TRANSACTIONAL, frozenset(Channel), duplicate_ok=True, texts=_TEXTS
)
KINDS: Final = (LINK_KIND, REMINDER_KIND, CODE_KIND, NOTICE_KIND)

_TEXTED: Final = {PhoneKind.MOBILE, PhoneKind.FIXED_OR_MOBILE, PhoneKind.VOIP, PhoneKind.OTHER}


class LinkState(StrEnum):
    """Where a link stands; that it has expired follows from its time."""

    OPEN = "open"
    USED = "used"
    REVOKED = "revoked"
    EXPIRED = "expired"


class ChangeState(StrEnum):
    """Where a new number or address stands. `review`: somebody of the business has to look."""

    PENDING = "pending"
    PROVEN = "proven"
    FAILED = "failed"
    REVIEW = "review"


def state_of(state: str, expires_at: datetime, now: datetime) -> LinkState:
    """Where a link stands now."""
    return LinkState.EXPIRED if state == LinkState.OPEN and expires_at <= now else LinkState(state)


def takes_texts(number: PhoneNumber) -> bool:
    """Whether a text message may reach it."""
    return number.kind in _TEXTED and number.extension is None


def new_code() -> str:
    """Six digits."""
    return f"{secrets.randbelow(1_000_000):06d}"
