"""Numbers, mailboxes, birthdays, ids and companies as matching sees them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from custhub.features.customers.errors import BirthdayInvalid
from custhub.features.customers.rules.birthdays import parse_birthday
from custhub.features.customers.rules.legal_forms import core_length
from custhub.features.customers.rules.text import clean
from custhub.features.customers.rules.units import units_of
from custhub.features.matching.rules.edits import is_one_edit, is_slip
from custhub.features.matching.rules.levels import Level
from custhub.features.matching.rules.names import PersonName
from custhub.features.phones.errors import PhoneInvalid
from custhub.features.phones.rules import PhoneKind, PhoneNumber
from custhub.kit.mailboxes import EmailInvalid, parse_email

_MASKED_NUMBER = re.compile(r"(?:\+?86)?(1[0-9]{2})[*xX×]{4}([0-9]{4})")
_SEPARATORS = re.compile(r"[\s()-]+")
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_FILLER_ID = re.compile(r"(.)\1+|0?123456789?[0-9]*|9876543210?")
_TRAILING_DIGITS = re.compile(r"[0-9]+$")
_LETTERS = re.compile(r"[^a-z]+")
#: Days that machines write where nobody said one.
_FILLERS = frozenset(((1969, 12, 31), (1899, 12, 30), (1899, 12, 31)))
_OLDEST_YEAR = 1901
_LEAST_MISSPELT = 4
#: Mailboxes of a company or a machine, not of a person.
_ROLE_WORDS = (
    "info sales support service contact office admin hello mail noreply no-reply test example hr jobs "
    "billing kefu webmaster postmaster enquiries marketing team"
)
_ROLES = frozenset(_ROLE_WORDS.split())
_MOBILE = frozenset((PhoneKind.MOBILE,))


@dataclass(frozen=True, slots=True)
class Number:
    """One number: `value` in E.164, or `138****5678` where `is_masked`."""

    value: str
    is_mobile: bool
    is_masked: bool = False


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One folded address in its two halves."""

    local: str
    domain: str


Day = tuple[int, int, int]


def read_number(text: str, country: str) -> Number | None:
    """The number in a text as typed; None for what is none, for privacy numbers of platforms and for fillers."""
    masked = _MASKED_NUMBER.fullmatch(_SEPARATORS.sub("", text))
    if masked:
        return Number(f"{masked[1]}****{masked[2]}", is_mobile=True, is_masked=True)
    try:
        number = PhoneNumber.parse(text, country)
    except PhoneInvalid:
        return None
    if number.kind is PhoneKind.VIRTUAL or len(set(number.national[-8:])) == 1:
        return None
    return Number(number.equivalence_key, number.kind in _MOBILE)


def read_mailbox(text: str) -> Mailbox | None:
    """The mailbox in a text as typed; None for what is none and for those of offices and machines."""
    try:
        local, _, domain = parse_email(text).folded.rpartition("@")
    except EmailInvalid:
        return None
    return None if local in _ROLES or domain.startswith("example.") else Mailbox(local, domain)


def read_day(text: str, today: date) -> Day | None:
    """A date of birth as typed; None without a year, and for the days that machines write where nobody said one."""
    try:
        born = parse_birthday(text, today=today).born_on
    except BirthdayInvalid:
        return None
    return None if born is None else real_day((born.year, born.month, born.day))


def real_day(day: Day) -> Day | None:
    """The day, unless it is a filler: 1 January, the epoch as another zone sees it, a year nobody living is from."""
    return None if day[1:] == (1, 1) or day in _FILLERS or day[0] < _OLDEST_YEAR else day


def read_id(text: str) -> str:
    """A personal id without what stands between its characters; empty for fillers."""
    plain = _NOT_ALPHANUMERIC.sub("", clean(text)).upper()
    return "" if len(plain) < 4 or _FILLER_ID.fullmatch(plain) else plain


def read_company(text: str) -> str:
    """The core of a company's name: folded, simplified, without legal form."""
    units = units_of(clean(text))
    return "".join(unit.key if unit.sign == "." else unit.sign for unit in units[: core_length(units)])


def compare_numbers(left: tuple[Number, ...], right: tuple[Number, ...]) -> tuple[Level, str]:
    """How the numbers of two people stand to each other, and the number that says so."""
    values = {number.value: number for number in right}
    common = [number for number in left if number.value in values and not number.is_masked]
    for number in common:
        if number.is_mobile:
            return Level.SAME_MOBILE, number.value
    if common:
        return Level.IN_COMMON, common[0].value
    for one in left:
        for other in right:
            if one.is_masked or other.is_masked:
                if masked_form(one) == masked_form(other):
                    return Level.COMPATIBLE, other.value
            elif one.is_mobile and other.is_mobile and is_one_edit(one.value, other.value):
                return Level.TYPO, other.value
    return Level.DIFFERENT, ""


def masked_form(number: Number) -> str:
    """First three and last four digits of a Chinese mobile number."""
    if number.is_masked:
        return number.value
    value = number.value.removeprefix("+86")
    return f"{value[:3]}****{value[-4:]}"


def compare_mailboxes(
    left: tuple[Mailbox, ...], right: tuple[Mailbox, ...], names: tuple[PersonName | None, PersonName | None]
) -> tuple[Level, str]:
    """How the mailboxes of two people stand to each other, and the one that says so."""
    for mailbox in left:
        if mailbox in right:
            return Level.SAME, f"{mailbox.local}@{mailbox.domain}"
    best = (Level.DIFFERENT, "")
    for one in left:
        for other in right:
            if one.domain == other.domain and _is_misspelt(one.local, other.local):
                return Level.TYPO, ""
            if one.local == other.local:
                spelled = any(name is not None and is_spelled_from(one.local, name) for name in names)
                best = (Level.LOCAL_PART_OF_NAME if spelled else Level.SAME_LOCAL_PART, one.local)
    return best


def _is_misspelt(local: str, other: str) -> bool:
    """Whether a local part is the other with a slip: user1981 and user1982 are two people."""
    if len(local) <= _LEAST_MISSPELT or not is_slip(local, other):
        return False
    return local.isdigit() or _TRAILING_DIGITS.sub("", local) != _TRAILING_DIGITS.sub("", other)


def is_spelled_from(local: str, name: PersonName) -> bool:
    """Whether a local part says no more than the name: zhangsan, san.zhang, zhangs, zs, with a few digits."""
    letters = _LETTERS.sub("", local)
    if not letters or len(local) - len(letters) > 4:
        return False
    halves = [*name.readings]
    if name.words:
        halves.append((name.words[-1], "".join(name.words[:-1])))
    return any(letters in _spellings(family, given) for family, given in halves)


def _spellings(family: str, given: str) -> frozenset[str]:
    if not family or not given:
        return frozenset((family, given))
    return frozenset(
        (family, given, family + given, given + family, family + given[0], given[0] + family, given + family[0],
         family[0] + given, family[0] + given[0], given[0] + family[0])
    )  # fmt: skip


def compare_days(left: Day, right: Day) -> Level:
    """How two dates of birth stand to each other."""
    if left == right:
        return Level.SAME
    if left[0] == right[0] and left[1:] == right[:0:-1]:
        return Level.ONE_EDIT
    if is_one_edit("{:04d}{:02d}{:02d}".format(*left), "{:04d}{:02d}{:02d}".format(*right)):
        return Level.ONE_EDIT
    return Level.YEAR_ONLY if left[0] == right[0] else Level.DIFFERENT


def compare_ids(left: str, right: str) -> Level:
    """How two personal ids of one kind stand to each other."""
    if left == right:
        return Level.SAME
    return Level.ONE_EDIT if is_one_edit(left, right) else Level.DIFFERENT


def compare_companies(left: str, right: str) -> Level:
    """How two cores of company names stand to each other."""
    if left == right:
        return Level.SAME
    shorter, longer = sorted((left, right), key=len)
    near = len(shorter) >= 2 and longer.startswith(shorter)
    return Level.PREFIX if near or is_slip(left, right) else Level.DIFFERENT
