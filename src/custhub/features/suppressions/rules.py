"""Why a number or mailbox is suppressed, and why it is not any more."""

from __future__ import annotations

from enum import StrEnum


class SuppressionKind(StrEnum):
    """What the list forbids."""

    #: The person was erased: the number or address is not stored again.
    ERASED = "erased"
    #: It may be stored; nobody contacts it.
    DO_NOT_CONTACT = "do_not_contact"
    #: The person complained about being contacted; as `do_not_contact`.
    COMPLAINT = "complaint"


class SuppressedPoint(StrEnum):
    """What is suppressed."""

    PHONE = "phone"
    EMAIL = "email"


class SuppressionReason(StrEnum):
    """Why an entry was made. A code, not a text: it stands in the audit log for good."""

    PERSON_ASKED = "person_asked"
    COMPLAINT = "complaint"
    ERASURE = "erasure"
    LEGAL_ORDER = "legal_order"
    WRONG_PERSON = "wrong_person"
    OTHER = "other"


class LiftReason(StrEnum):
    """Why an entry was lifted."""

    FRESH_CONSENT = "fresh_consent"
    MISTAKE = "mistake"
    NEW_HOLDER = "new_holder"
    OTHER = "other"
