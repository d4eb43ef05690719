"""Customers as a scan reads them, with nothing wrong unless a test says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from custhub.features.quality.rules import (
    Measure,
    Problem,
    Seen,
    SeenAddress,
    SeenConsent,
    SeenCustomer,
    SeenEmail,
    SeenPhone,
    VerificationPolicy,
    problems_of,
)
from custhub.kit.ids import new_id

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
OWN = UUID(int=1)
NUMBER = "+8613812345678"


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def phone(number: str = NUMBER, **members: Any) -> tuple[SeenPhone, str]:
    """A mobile number that nobody has tried yet."""
    given: dict[str, Any] = {
        "id": new_id(), "customer_id": OWN, "kind": "mobile", "country": "CN", "is_primary": True, "status": "unknown",
        "verified_at": None, "checked_at": None, "expires_at": None, "suppressed_by": None, "e164": None,
        "index_kid": 1, "exact_index": number.encode()[-8:], "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    return SeenPhone(**(given | members)), number


def email(text: str) -> SeenEmail:
    return SeenEmail(new_id(), OWN, text, text.casefold())


def address(country: str = "CN", **members: Any) -> SeenAddress:
    given: dict[str, Any] = dict.fromkeys(("province", "city", "district", "street", "postcode", "spans"))
    given |= {"id": new_id(), "customer_id": OWN, "country": country, "updated_at": NOW}
    return SeenAddress(**(given | members))


def consent(captured_at: datetime, status: str = "granted") -> SeenConsent:
    return SeenConsent(OWN, "newsletter", "email", status, captured_at)


def seen(
    *,
    name: str = "Jane Doe",
    phones: tuple[tuple[SeenPhone, str | None], ...] | None = None,
    emails: tuple[SeenEmail, ...] = (),
    addresses: tuple[SeenAddress, ...] = (),
    consents: tuple[SeenConsent, ...] = (),
    holds_claims: bool = False,
    **members: Any,
) -> Seen:
    """A person with one number; a number of None does not open."""
    given: dict[str, Any] = dict.fromkeys(SeenCustomer._fields)
    given |= {
        "id": OWN, "kind": "person", "display_name": name, "birthday_leap_month": False, "gender": "unknown",
        "stage": "lead", "source": "api", "created_at": NOW,
    }  # fmt: skip
    held = (phone(),) if phones is None else phones
    numbers = {row.id: number for row, number in held if number is not None}
    rows = tuple(row for row, _ in held)
    customer = SeenCustomer(**(given | members))
    return Seen(customer, name, rows, numbers, emails, addresses, consents, False, holds_claims)


def measure(**members: Any) -> Measure:
    """Nobody is verified, nothing is required, every entry is known."""
    given: dict[str, Any] = {
        "now": NOW, "country": "CN", "policy": VerificationPolicy(), "required": (), "is_entry": lambda *_: True,
    }  # fmt: skip
    return Measure(**(given | members))


def problems(found: Seen, **members: Any) -> dict[str, Problem]:
    """What is wrong, by reason."""
    return {problem.reason: problem for problem in problems_of(found, measure(**members))}
