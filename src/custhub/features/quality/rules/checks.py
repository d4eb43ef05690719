"""What a scan holds a customer against. Pure: the same customer at the same time has the same problems."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from custhub.features.customers.rules import CustomerKind
from custhub.features.customers.rules.provenance import is_empty
from custhub.features.phones.errors import PhoneInvalid
from custhub.features.phones.rules import PhoneNumber, PhoneStatus, find_numbers
from custhub.features.quality.rules.kinds import FindingKind, Fix, Severity
from custhub.features.quality.rules.names import (
    has_number,
    is_company,
    is_placeholder,
    without_number,
    without_title,
)
from custhub.features.quality.rules.seen import Seen, SeenAddress, SeenPhone
from custhub.features.quality.rules.verification import VerificationPolicy, due_of, usable_phones
from custhub.kit.ids import Prefix, to_text
from custhub.kit.mailboxes import corrected_email

_DEAD_FOR: Final = timedelta(days=90)
_UNREACHED_FOR: Final = timedelta(days=180)
_OLD_ADDRESS: Final = timedelta(days=3 * 365)
_OLD_CONSENT: Final = timedelta(days=2 * 365)
_OLDEST: Final = 120
_GRANTED: Final = "granted"
_WORLD: Final = "001"


#: What two addresses are the same by.
PLACE: Final = ("country", "province", "city", "district", "street", "postcode")


class Problem(NamedTuple):
    """Something wrong: `value` is what was looked at, a rejected finding stays closed as long as it is the same."""

    kind: FindingKind
    reason: str
    field: str
    severity: Severity
    value: Any
    part: str = ""
    fix: Fix | None = None
    proposed: Any = None


class Measure(NamedTuple):
    """What customers are held against; `is_entry` knows vocabularies, `required` are keys of custom fields."""

    now: datetime
    country: str
    policy: VerificationPolicy
    required: tuple[str, ...]
    is_entry: Callable[[str, str], bool]


def problems_of(seen: Seen, measure: Measure) -> list[Problem]:
    """What is wrong, one problem of each kind for each field and part: the first one counts."""
    if seen.row.archived_at is not None:
        found: Iterator[Problem] = _of_archived(seen)
    else:
        found = _of_live(seen, measure)
    first: dict[tuple[str, str, str], Problem] = {}
    for problem in found:
        first.setdefault((problem.kind, problem.field, problem.part), problem)
    return list(first.values())


def _of_archived(seen: Seen) -> Iterator[Problem]:
    if seen.holds_claims:
        yield Problem(FindingKind.CONTRADICTORY, "archived_with_claims", "phones", Severity.HIGH, True)


def _of_live(seen: Seen, measure: Measure) -> Iterator[Problem]:
    for phone in seen.phones:
        yield from _of_phone(seen, phone, measure)
    yield from _missing(seen, measure)
    yield from _outdated(seen, measure)
    if seen.row.kind == CustomerKind.PERSON:
        yield from _of_name(seen.name, seen.row.company_name, measure.country)
    elif is_placeholder(seen.name):
        yield _of_display_name("placeholder_name", seen.name)
    yield from _of_birthday(seen, measure.now.date())
    yield from _of_emails(seen)
    yield from _doubled(seen)
    yield from _of_entries(seen, measure)
    yield from _of_region(seen)


def _of_phone(seen: Seen, phone: SeenPhone, measure: Measure) -> Iterator[Problem]:
    part, number = to_text(Prefix.PHONE, phone.id), seen.numbers.get(phone.id)
    value = {"number": number, "status": phone.status}
    if number is None:
        return
    if phone.status in (PhoneStatus.DEAD, PhoneStatus.CHANGED):
        if (phone.checked_at or phone.updated_at) <= measure.now - _DEAD_FOR:
            yield Problem(FindingKind.DEAD_PHONE, phone.status, "phones", Severity.MEDIUM, value, part, Fix.REMOVE)
        return
    reason = None
    if phone.expires_at is not None and phone.expires_at <= measure.now:
        reason = "expired"
    elif not _is_valid(number, phone.country):
        reason = "not_valid"
    if reason is not None:
        proposed = value | {"status": PhoneStatus.DEAD.value}
        yield Problem(FindingKind.INVALID_PHONE, reason, "phones", Severity.HIGH, value, part, Fix.SET_STATUS, proposed)
    elif (
        phone.verified_at is None
        and phone.checked_at is not None
        and phone.status == PhoneStatus.UNKNOWN
        and phone.created_at <= measure.now - _UNREACHED_FOR
    ):
        yield Problem(FindingKind.DEAD_PHONE, "never_reached", "phones", Severity.MEDIUM, value, part)


def _is_valid(number: str, country: str) -> bool:
    try:
        PhoneNumber.parse(number, country)
    except PhoneInvalid:
        return False
    return True


def _missing(seen: Seen, measure: Measure) -> Iterator[Problem]:
    row = seen.row
    if not seen.emails and not usable_phones(seen, measure.now):
        yield Problem(FindingKind.MISSING, "unreachable", "phones", Severity.HIGH, None)
    for name in measure.policy.required.get(row.stage, ()):
        if not _has(seen, name):
            yield Problem(FindingKind.MISSING, "required_by_stage", name, Severity.MEDIUM, row.stage)
    for key in measure.required:
        if key not in (row.custom or {}):
            yield Problem(FindingKind.MISSING, "required_by_definition", f"custom_fields.{key}", Severity.MEDIUM, None)


def _has(seen: Seen, name: str) -> bool:
    if name in ("phones", "emails", "addresses"):
        return bool(getattr(seen, name))
    if name == "contacts":
        return seen.has_contacts
    if name.startswith("custom_fields."):
        return name.partition(".")[2] in (seen.row.custom or {})
    return not is_empty(name, getattr(seen.row, name))


def _outdated(seen: Seen, measure: Measure) -> Iterator[Problem]:
    due = due_of(seen, measure.policy, measure.now)
    if due is not None:
        value = {"verified_at": None if due.verified_at is None else due.verified_at.isoformat()}
        yield Problem(FindingKind.OUTDATED, "not_verified", "phones", Severity.MEDIUM, value)
    for address in seen.addresses:
        if address.updated_at <= measure.now - _OLD_ADDRESS:
            part, value = to_text(Prefix.ADDRESS, address.id), {"updated_at": address.updated_at.isoformat()}
            yield Problem(FindingKind.OUTDATED, "old_address", "addresses", Severity.LOW, value, part)
    for consent in seen.consents:
        if consent.status == _GRANTED and consent.captured_at <= measure.now - _OLD_CONSENT:
            part, value = f"{consent.purpose}:{consent.channel}", {"captured_at": consent.captured_at.isoformat()}
            yield Problem(FindingKind.OUTDATED, "old_consent", "consents", Severity.LOW, value, part)


def _of_name(name: str, company: str | None, country: str) -> Iterator[Problem]:
    if is_placeholder(name):
        yield _of_display_name("placeholder_name", name)
        return
    spans = find_numbers(name, country)
    if spans or has_number(name):
        better = without_number(name, [(span.start, span.end) for span in spans])
        yield _of_display_name("number_in_name", name, better)
    elif (better := without_title(name)) is not None:
        yield _of_display_name("title_in_name", name, better)
    if company is None and is_company(name):
        yield Problem(
            FindingKind.CONTRADICTORY, "company_as_person", "company_name", Severity.LOW, None, "", Fix.SET_FIELD, name
        )


def _of_display_name(reason: str, name: str, better: str | None = None) -> Problem:
    fix = None if better is None else Fix.SET_FIELD
    severity = Severity.LOW if reason == "title_in_name" else Severity.MEDIUM
    return Problem(FindingKind.CONTRADICTORY, reason, "display_name", severity, name, "", fix, better)


def _of_birthday(seen: Seen, today: date) -> Iterator[Problem]:
    text = seen.row.birthday
    if text is None or text.startswith("--"):
        return
    row = seen.row
    value = {"date": text, "calendar": row.birthday_calendar, "leap_month": row.birthday_leap_month}
    year = int(text[:4])
    if year < today.year - _OLDEST:
        yield Problem(FindingKind.CONTRADICTORY, "birthday_too_old", "birthday", Severity.LOW, value, "", Fix.SET_FIELD)
    elif text > today.isoformat():
        yield Problem(FindingKind.CONTRADICTORY, "birthday_in_future", "birthday", Severity.MEDIUM, value)


def _of_emails(seen: Seen) -> Iterator[Problem]:
    held = {email.email for email in seen.emails}
    for email in seen.emails:
        right = corrected_email(email.email)
        if right is not None:
            fix, proposed = (Fix.REMOVE, None) if right in held else (Fix.REPLACE, right)
            part = to_text(Prefix.EMAIL, email.id)
            yield Problem(
                FindingKind.CONTRADICTORY, "email_typo", "emails", Severity.HIGH, email.email, part, fix, proposed
            )


def _doubled(seen: Seen) -> Iterator[Problem]:
    numbers = [(f"{phone.index_kid}:{phone.exact_index.hex()}", phone) for phone in seen.phones]
    for _, phone in _again(numbers):
        value = {"number": seen.numbers.get(phone.id), "status": phone.status}
        yield _double("phones", to_text(Prefix.PHONE, phone.id), value)
    # A misspelt one goes, or is put right, for that.
    spelled = [email for email in seen.emails if corrected_email(email.email) is None]
    for _, email in _again([(email.folded, email) for email in spelled]):
        yield _double("emails", to_text(Prefix.EMAIL, email.id), email.email)
    places = [(repr(_place(address)), address) for address in seen.addresses if address.spans is None]
    for _, address in _again(places):
        yield _double("addresses", to_text(Prefix.ADDRESS, address.id), _place(address))


def _place(address: SeenAddress) -> list[str | None]:
    return [getattr(address, name) for name in PLACE]


def _again(parts: list[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Those that were there before, the oldest of each stays; the primary one counts as the oldest."""
    if len(parts) < 2:
        return
    known: set[str] = set()
    for key, part in sorted(parts, key=lambda pair: (not getattr(pair[1], "is_primary", False), pair[1].id.hex)):
        if key in known:
            yield key, part
        known.add(key)


def _double(field: str, part: str, value: Any) -> Problem:
    return Problem(FindingKind.CONTRADICTORY, "duplicate", field, Severity.LOW, value, part, Fix.REMOVE)


def _of_entries(seen: Seen, measure: Measure) -> Iterator[Problem]:
    row, is_entry = seen.row, measure.is_entry
    for name, value in (("stage", row.stage), ("category", row.category)):
        if value is not None and not is_entry(name, value):
            yield Problem(FindingKind.CONTRADICTORY, "unknown_entry", name, Severity.LOW, value)
    gone = [need for need in row.needs or () if not is_entry("need", need)]
    if gone:
        yield Problem(FindingKind.CONTRADICTORY, "unknown_entry", "needs", Severity.LOW, gone)


def _of_region(seen: Seen) -> Iterator[Problem]:
    phones = {phone.country for phone in seen.phones} - {_WORLD}
    places = {address.country for address in seen.addresses}
    if phones and places and phones.isdisjoint(places):
        value = {"phones": sorted(phones), "addresses": sorted(places)}
        yield Problem(FindingKind.CONTRADICTORY, "country_mismatch", "addresses", Severity.LOW, value)
