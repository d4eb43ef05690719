"""Exports for a purpose: who is left out, and what is told of it (S-82)."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, Self

#: Channel -> the kind of parts that somebody is reached by there; others need nothing that could be suppressed.
REACHED_BY: Final = {"email": "emails", "sms": "phones", "phone": "phones", "whatsapp": "phones"}
#: Who has this role alone exports for a purpose, or not at all.
CONSENT_BOUND: Final = "marketing"


class Purpose(NamedTuple):
    """What the file is for."""

    name: str
    channel: str

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Self | None:
        """That of a stored selection."""
        kept = stored.get("for")
        return None if kept is None else cls(kept["purpose"], kept["channel"])


class LeftOut(NamedTuple):
    """Customers of the selection that are not in the file: without consent, or with it but not to be contacted."""

    without_consent: int
    not_contactable: int


def left_out_of(stored: dict[str, Any]) -> LeftOut | None:
    """What was counted when the file was begun."""
    kept = stored.get("left_out")
    return None if kept is None else LeftOut(kept["without_consent"], kept["not_contactable"])
