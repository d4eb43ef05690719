"""What sheets show of rows as the driver of an engine gives them: texts and numbers, opened and masked.

A file has millions of values and most customers have few of them: nothing is converted that nobody is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

from custhub.crypto.cipher import Dek, FieldCipher
from custhub.crypto.columns import Sealed
from custhub.crypto.errors import IntegrityError
from custhub.features.customers.queries.sheets import PART_COLUMNS, RECORD_COLUMNS
from custhub.features.customers.schemas.views import TEXTS, masked_email
from custhub.features.customers.service.cells import instant
from custhub.features.phones.rules import MaskStyle, mask
from custhub.features.phones.vault import open_e164_at, opened_texts, shown_texts
from custhub.kit.db import EngineName, Row, from_micros
from custhub.kit.ids import Prefix, from_bytes, text_of_int
from custhub.security.fields import FieldPolicy

RECORD_AT: Final = {name: i for i, name in enumerate(RECORD_COLUMNS)}
#: Where the columns of a part stand; whose it is stands first.
PART_AT: Final = {kind: {name: i for i, name in enumerate(names, 1)} for kind, names in PART_COLUMNS.items()}
_ID, _SPANS = RECORD_AT["id"], RECORD_AT["spans"]
_VERSION, _WRAPPED = len(RECORD_COLUMNS), len(RECORD_COLUMNS) + 1
_PHONE, _EMAIL = PART_AT["phones"], PART_AT["emails"]
_NUMBER, _LABEL, _KIND = _PHONE["e164"], _PHONE["label"], _PHONE["kind"]
_SHARED, _EXPIRES = _PHONE["shared"], _PHONE["expires_at"]
_VIRTUAL: Final = "virtual"
_CUSTOMER: Final = Prefix.CUSTOMER.value
#: Kind of parts -> its texts in which numbers are recognised, and the other columns that are shown as they are.
_TEXTS_OF: Final = {"contacts": ("name", "job_title", "department"), "addresses": ("street",)}
_SHOWN_OF: Final = {
    kind: [(name, at) for name, at in PART_AT[kind].items() if name not in ("id", "is_primary", "spans")]
    for kind in _TEXTS_OF
}
_MICROS: Final = 1_000_000


class Driver(NamedTuple):
    """What the values of a driver are."""

    uuid: Callable[[Any], UUID]
    #: An id as bytes, and as a number.
    key: Callable[[Any], bytes]
    number: Callable[[Any], int]
    instant: Callable[[Any], str]


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return from_micros(seconds * _MICROS).isoformat()[: -len("+00:00")]


def _instant_of_micros(value: int) -> str:
    seconds, rest = divmod(value, _MICROS)
    return f"{_second(seconds)}.{rest:06d}Z" if rest else f"{_second(seconds)}Z"


def _same(value: Any) -> Any:
    return value


DRIVERS: Final[Mapping[EngineName, Driver]] = {
    "sqlite": Driver(from_bytes, _same, int.from_bytes, _instant_of_micros),
    "postgresql": Driver(_same, attrgetter("bytes"), attrgetter("int"), instant),
}


class PartReader:
    """Reads records and parts for one caller, one page after the other."""

    def __init__(self, cipher: FieldCipher, policy: FieldPolicy, engine: EngineName, *, unmasked: bool) -> None:
        self.driver = DRIVERS[engine]
        self._cipher = cipher
        self._policy = policy
        self._style = MaskStyle(policy.phone_mask)
        self._unmasked = unmasked
        self._hides_emails = "emails" in policy.masked
        self._masked_texts = policy.masked.intersection(TEXTS)
        self._wrapped: bytes | None = None
        self._held: Dek | None = None

    def dek(self, record: Row) -> Dek | None:
        """The data key of a customer; None where there is none that opens. The last one is kept."""
        wrapped = record[_WRAPPED]
        if wrapped is not self._wrapped:
            self._wrapped, self._held = wrapped, self._opened(record)
        return self._held

    def _opened(self, record: Row) -> Dek | None:
        wrapped = record[_WRAPPED]
        if wrapped is None:
            return None
        try:
            return self._cipher.unwrap_once(self.driver.key(record[_ID]), record[_VERSION], wrapped)
        except IntegrityError:
            return None

    @property
    def shows_texts_as_they_are(self) -> bool:
        """Whether a customer's texts without numbers are shown as they are stored."""
        return not self._masked_texts

    def texts(self, record: Row) -> Mapping[str, str | None]:
        """The texts of a customer."""
        texts: dict[str, str | None] = {name: record[RECORD_AT[name]] for name in TEXTS}
        if record[_SPANS] is not None:
            texts = self._readable(record, "customers", record[_ID], record[_SPANS], texts)
        for name in self._masked_texts:
            texts[name] = f"{text[0]}***" if (text := texts[name]) else None
        return texts

    def part(self, kind: str, record: Row, part: Row) -> dict[str, Any]:
        """The members of a part of this customer, as texts."""
        if kind == "phones":
            kept, expires_at = part[_KIND], part[_EXPIRES]
            return {
                "number": self._number(record, part),
                "label": part[_LABEL],
                "kind": kept if kept == _VIRTUAL else None,
                "shared": "true" if part[_SHARED] else "false",
                "expires_at": None if expires_at is None else self.driver.instant(expires_at),
            }
        if kind == "emails":
            email = part[_EMAIL["email"]]
            return {"email": masked_email(email) if self._hides_emails else email, "label": part[_EMAIL["label"]]}
        at = PART_AT[kind]
        values = {name: part[place] for name, place in _SHOWN_OF[kind]}
        spans = part[at["spans"]]
        if spans is not None:
            texts = {name: values[name] for name in _TEXTS_OF[kind]}
            values |= self._readable(record, f"customer_{kind}", part[at["id"]], spans, texts)
        if values.get("person_id") is not None:
            values["person_id"] = text_of_int(_CUSTOMER, self.driver.number(values["person_id"]))
        return values

    def _readable(
        self, record: Row, table: str, row_id: Any, spans: bytes, texts: dict[str, str | None]
    ) -> dict[str, str | None]:
        dek, of, sealed = self.dek(record), self.driver.uuid(row_id), Sealed(spans)
        if self._unmasked and dek is not None:
            with suppress(IntegrityError):
                return opened_texts(dek, table, of, sealed, texts)
        return shown_texts(dek, table, of, sealed, texts, self._style)

    def _number(self, record: Row, part: Row) -> str | None:
        dek = self.dek(record)
        if dek is None:
            return None
        try:
            number = open_e164_at(dek, self.driver.key(part[1]), part[_NUMBER])
        except IntegrityError:
            return None
        return number if self._unmasked else mask(number, self._style)


def grouped(parts: Sequence[Row]) -> dict[Any, list[Row]]:
    """Parts by whose they are."""
    found: dict[Any, list[Row]] = {}
    for part in parts:
        held = found.get(part[0])
        if held is None:
            found[part[0]] = [part]
        else:
            held.append(part)
    return found
