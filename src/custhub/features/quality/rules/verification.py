"""When a customer's number is to be verified again, and how much its data is doubted until then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from custhub.features.phones.rules import PhoneStatus, VerificationResult
from custhub.features.quality.rules.seen import Seen, SeenPhone

_USABLE: Final = (PhoneStatus.ACTIVE, PhoneStatus.UNKNOWN)
#: Days until the next attempt after the first, second and every later one that came to nothing.
_PAUSES: Final = (1, 3, 7, 14)
_REFUSED_DAYS: Final = 30
_MOST: Final = 100


class Interval(StrEnum):
    """How often."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"
    NEVER = "never"

    @property
    def days(self) -> int | None:
        """Its length; None for never."""
        return _DAYS[self]


_DAYS: Final[Mapping[Interval, int | None]] = {
    Interval.MONTHLY: 30,
    Interval.QUARTERLY: 91,
    Interval.YEARLY: 365,
    Interval.NEVER: None,
}


@dataclass(frozen=True, slots=True)
class VerificationPolicy:
    """How often customers are verified, and which fields they have to have, by stage."""

    default: Interval = Interval.NEVER
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def interval(self, stage: str) -> Interval:
        """That of a stage."""
        return self.intervals.get(stage, self.default)


class Due(NamedTuple):
    """A customer whose number is due: which one, since when, and how sure the hub is of it, 0 to 100."""

    phone_id: UUID
    due_at: datetime
    certainty: int
    verified_at: datetime | None


def usable_phones(seen: Seen, now: datetime) -> list[SeenPhone]:
    """Numbers that somebody may call, the primary one first."""
    found = [
        phone
        for phone in seen.phones
        if phone.status in _USABLE
        and phone.suppressed_by is None
        and (phone.expires_at is None or phone.expires_at > now)
    ]
    return sorted(found, key=lambda phone: (not phone.is_primary, phone.id.hex))


def due_of(seen: Seen, policy: VerificationPolicy, now: datetime) -> Due | None:
    """Whether a customer is to be verified by now; None for those who are not, or have no number to call."""
    days = policy.interval(seen.row.stage).days
    phones = usable_phones(seen, now) if days is not None else []
    if days is None or not phones:
        return None
    verified = max((phone.verified_at for phone in phones if phone.verified_at is not None), default=None)
    due_at = (verified or seen.row.created_at) + timedelta(days=days)
    if due_at > now:
        return None
    return Due(phones[0].id, due_at, _MOST - _doubt(phones[0], verified, (now - due_at).days, days), verified)


def _doubt(phone: SeenPhone, verified: datetime | None, overdue: int, days: int) -> int:
    """Never proven, long overdue, tried in vain: each makes the number more doubtful."""
    doubt = 50 if verified is None else 20
    doubt += min(30, overdue * 10 // days)
    if phone.status == PhoneStatus.UNKNOWN:
        doubt += 10
    if phone.checked_at is not None and (verified is None or phone.checked_at > verified):
        doubt += 10
    return min(doubt, _MOST)


def next_attempt(result: VerificationResult, attempts: int, now: datetime) -> datetime | None:
    """When to try again after this result and `attempts` before it; None: the matter is settled for now."""
    if result.confirms or result.status_after(PhoneStatus.UNKNOWN) is not PhoneStatus.UNKNOWN:
        return None
    if result is VerificationResult.REFUSED:
        return now + timedelta(days=_REFUSED_DAYS)
    return now + timedelta(days=_PAUSES[min(attempts, len(_PAUSES) - 1)])
