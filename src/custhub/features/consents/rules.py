"""What a consent is about, and which of two counts."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

#: PIPL 31: below this age somebody else agrees.
GUARDED_YEARS: Final = 14


class ConsentStatus(StrEnum):
    """What was said."""

    GRANTED = "granted"
    WITHDRAWN = "withdrawn"
    DENIED = "denied"
    EXPIRED = "expired"


class ConsentChannel(StrEnum):
    """By what the person is contacted, or what the data is used in."""

    EMAIL = "email"
    SMS = "sms"
    PHONE = "phone"
    WECHAT = "wechat"
    WHATSAPP = "whatsapp"
    MAIL = "mail"
    APP = "app"
    WEB = "web"


class LegalBasis(StrEnum):
    """On what ground data is processed (GDPR 6, PIPL 13)."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTEREST = "vital_interest"
    PUBLIC_INTEREST = "public_interest"
    LEGITIMATE_INTEREST = "legitimate_interest"


class ConsentMethod(StrEnum):
    """How it was said."""

    WEB_FORM = "web_form"
    DEVICE = "device"
    PAPER = "paper"
    CALL = "call"
    IN_PERSON = "in_person"
    MESSAGE = "message"
    DOUBLE_OPT_IN = "double_opt_in"
    IMPORT = "import"
    OTHER = "other"


#: The stricter first: of two of one moment it counts, and so it does in a merge.
_STRICTNESS: Final = (ConsentStatus.DENIED, ConsentStatus.WITHDRAWN, ConsentStatus.EXPIRED, ConsentStatus.GRANTED)


def strictness(status: str) -> int:
    """The higher the stricter."""
    return len(_STRICTNESS) - _STRICTNESS.index(ConsentStatus(status))


def supersedes(status: str, captured_at: datetime, standing: str, standing_at: datetime) -> bool:
    """Whether what was said then counts more than what stands: it is later, or as late and stricter."""
    return (captured_at, strictness(status)) > (standing_at, strictness(standing))


def is_child(birthday: str | None, calendar: str | None, at: date) -> bool:
    """Whether somebody born then is under 14; False where the year is not known, or the calendar is lunar."""
    if birthday is None or birthday.startswith("--") or calendar != "solar":
        return False
    year, month, day = map(int, birthday.split("-"))
    return (at.year - year, at.month, at.day) < (GUARDED_YEARS, month, day)
