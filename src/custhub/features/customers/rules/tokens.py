"""What search finds a customer by: a few tokens, one for each place in a name where somebody may begin to look.

A token of a name reads, from one unit of it: where it belongs, the unit's reading, the initials of what follows, those
readings, and the ideographs; then what stands before the unit. 张三丰 from its second unit is
`nsan f! feng!三丰! zhang!张`. So the beginning of a token answers a query by reading, by initials and by a mix of both,
and tokens in order of their bytes are in order of the names. E-mail addresses, their domains, external ids and tax ids
are tokens in lower case. What is sealed is in none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from custhub.features.customers.errors import NameInvalid
from custhub.features.customers.rules.kinds import CustomerKind
from custhub.features.customers.rules.legal_forms import core_length, starts_of
from custhub.features.customers.rules.names import compose_name
from custhub.features.customers.rules.simplified import simplified
from custhub.features.customers.rules.text import HAN
from custhub.features.customers.rules.units import Unit, units_of
from custhub.features.phones.rules import blank_placeholders

MAX_TOKEN: Final = 200
#: Units of a name that tokens begin at, and that follow in one.
_MOST_STARTS: Final = 12
MOST_REST: Final = 8
_ALL_HAN: Final = re.compile(f"[{HAN}]+")
#: Ideographs without those that have another standard form.
_COMMON: Final = re.compile("[\u4e00-\u9fff]{1,200}")


class Letter(StrEnum):
    """The first letter of a token: where it belongs. Small ones are of places inside."""

    NAME = "N"
    NAME_INNER = "n"
    FULL_NAME = "F"
    FULL_NAME_INNER = "f"
    COMPANY = "C"
    COMPANY_INNER = "c"
    EMAIL = "E"
    EMAIL_DOMAIN = "e"
    EXTERNAL_ID = "X"
    TAX_ID = "T"


class Entry(NamedTuple):
    """A token, and where it comes from: the `part`-th e-mail or id, or the unit `at` of a name."""

    token: str
    letter: Letter
    part: int = 0
    at: int = 0


class Named(Protocol):
    """The columns of a customer that tokens are made of."""

    @property
    def kind(self) -> str:
        """Person or organisation."""

    @property
    def display_name(self) -> str:
        """The name shown."""

    @property
    def given_name(self) -> str | None:
        """One half."""

    @property
    def family_name(self) -> str | None:
        """The other one."""

    @property
    def company_name(self) -> str | None:
        """Where a person works."""

    @property
    def tax_id(self) -> str | None:
        """Of an organisation."""

    @property
    def name_key(self) -> str:
        """The readings of the display name."""


class Mailbox(Protocol):
    """The column of an e-mail address."""

    @property
    def email(self) -> str:
        """The address."""


class PartnerKey(Protocol):
    """The column of an external id."""

    @property
    def external_id(self) -> str:
        """The id."""


def tokens_of(row: Named, emails: Iterable[Mailbox], external_ids: Iterable[PartnerKey]) -> list[str]:
    """The tokens of a customer, each once, in order."""
    return sorted({entry.token for entry in entries_of(row, emails, external_ids)})


def entries_of(row: Named, emails: Iterable[Mailbox], external_ids: Iterable[PartnerKey]) -> Iterator[Entry]:
    """The tokens of a customer with their places; of equal ones the first counts."""
    is_person = row.kind == CustomerKind.PERSON
    name = blank_placeholders(row.display_name)
    units = _units_of_row(row) if is_person and name is row.display_name else units_of(name, person=is_person)
    yield from (_of_person if is_person else _of_company)(Letter.NAME, Letter.NAME_INNER, units)
    if not is_composed(row) and (full := full_name(row)) and full != name:
        known = {unit.key for unit in units}
        parts = units_of(full, person=is_person)
        if any(unit.key not in known for unit in parts):
            yield from _of_person(Letter.FULL_NAME, Letter.FULL_NAME_INNER, parts)
    if row.company_name and row.company_name != name:
        company = units_of(blank_placeholders(row.company_name))
        yield from _of_company(Letter.COMPANY, Letter.COMPANY_INNER, company)
    if row.tax_id:
        yield Entry(f"{Letter.TAX_ID}{row.tax_id.lower()}"[:MAX_TOKEN], Letter.TAX_ID)
    for part, mailbox in enumerate(emails):
        address = mailbox.email.lower()
        yield Entry(f"E{address}"[:MAX_TOKEN], Letter.EMAIL, part)
        yield Entry(f"e{address.rpartition('@')[2]}"[:MAX_TOKEN], Letter.EMAIL_DOMAIN, part)
    for part, key in enumerate(external_ids):
        yield Entry(f"X{key.external_id.lower()}"[:MAX_TOKEN], Letter.EXTERNAL_ID, part)


def is_composed(row: Named) -> bool:
    """Whether there are no halves, or both are Chinese and make the display name, as most do: the full name is that."""
    family, given, name = row.family_name or "", row.given_name or "", row.display_name
    return not (family or given) or (family + given == name and _COMMON.fullmatch(name) is not None)


def full_name(row: Named) -> str:
    """Family and given name together; empty without any."""
    try:
        return compose_name(blank_placeholders(row.family_name or ""), blank_placeholders(row.given_name or ""))
    except NameInvalid:
        return ""


def _units_of_row(row: Named) -> list[Unit]:
    # Most names are Chinese throughout, and their readings are stored already.
    name, readings = row.display_name, row.name_key.split(" ")
    if _ALL_HAN.fullmatch(name) and len(readings) == len(name):
        signs = simplified(name)
        return [Unit(key, sign, at, at + 1) for at, (key, sign) in enumerate(zip(readings, signs, strict=True))]
    return units_of(name, person=True)


def _of_person(first: Letter, inner: Letter, units: Sequence[Unit]) -> Iterator[Entry]:
    keys, signs = [unit.key for unit in units], "".join(unit.sign for unit in units)
    for at in range(min(len(keys), _MOST_STARTS)):
        letter = inner if at else first
        yield Entry(_token(letter._value_, keys, signs, at, len(keys)), letter, 0, at)


def _of_company(first: Letter, inner: Letter, units: Sequence[Unit]) -> Iterator[Entry]:
    keys, signs = [unit.key for unit in units], "".join(unit.sign for unit in units)
    core = core_length(units)
    starts = starts_of(units, 0, core)[:_MOST_STARTS] + starts_of(units, core, len(units))[:2]
    for at in starts:
        letter = inner if at else first
        yield Entry(_token(letter._value_, keys, signs, at, core if at < core else len(keys)), letter, 0, at)


def _token(letter: str, keys: Sequence[str], signs: str, at: int, end: int) -> str:
    rest = keys[at + 1 : min(end, at + 1 + MOST_REST)]
    initials = "".join([key[0] for key in rest])
    token = f"{letter}{keys[at]} {initials}!{_spelled(rest)}!{signs[at : at + 1 + len(rest)]}"
    if at:
        token += f"!{_spelled(keys[max(0, at - MOST_REST) : at])}!{signs[max(0, at - MOST_REST) : at]}"
    return token[:MAX_TOKEN]


def _spelled(keys: Sequence[str]) -> str:
    return "".join([f" {key}" for key in keys])
