"""What each of the customers of a merge has in each field, in a form in which two values can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.rules import CustomerKind
from custhub.features.customers.rules.provenance import SELF_SERVICE, Origin, is_empty
from custhub.features.customers.schemas.views import TEXTS
from custhub.features.customers.service.absorbing import texts_of
from custhub.features.customers.service.context import CustomerContext, provenance_of
from custhub.features.customers.service.custom import PREFIX, opened
from custhub.features.merges.rules import Candidate, birthday_worth, name_worth, text_worth
from custhub.security.fields import Field

#: Fields of the row that a plan decides about, in the order in which it tells of them.
FIELDS: Final = (
    Field.DISPLAY_NAME, Field.FAMILY_NAME, Field.GIVEN_NAME, Field.COMPANY_NAME, Field.TAX_ID, Field.BIRTHDAY,
    Field.GENDER, Field.LANGUAGE, Field.TIME_ZONE, Field.PREFERRED_CHANNEL, Field.STAGE, Field.CATEGORY, Field.OWNER,
    Field.TEAM, Field.NOTE, Field.NEEDS, Field.SOURCE,
)  # fmt: skip
#: Field -> the one whose customer gives it too, unless the caller chooses: halves of two names make no name.
TOGETHER: Final[Mapping[str, str]] = {
    Field.FAMILY_NAME: Field.DISPLAY_NAME,
    Field.GIVEN_NAME: Field.DISPLAY_NAME,
    Field.TEAM: Field.OWNER,
}
#: Of all customers together.
UNITED: Final = frozenset({Field.NEEDS.value})
#: Of the survivor whatever the others have: by it partners reach their rows.
SURVIVORS: Final = frozenset({Field.SOURCE.value})
_BIRTHDAY: Final = ("birthday", "birthday_calendar", "birthday_leap_month")


class MemberValues:
    """The values of one customer. Raises IntegrityError where its key is gone or a sealed value does not open."""

    def __init__(self, context: CustomerContext, record: CustomerRecord, *, is_survivor: bool) -> None:
        self.record = record
        self.id: UUID = record.row.id
        self._context = context
        self._is_survivor = is_survivor
        self.provenance = provenance_of(record.row)

    @cached_property
    def dek(self) -> Dek:
        """The data key."""
        return self._context.dek(self.record)

    @cached_property
    def texts(self) -> Mapping[str, str | None]:
        """The texts with their numbers in full."""
        return texts_of(self.dek, self.record.row)

    @cached_property
    def custom(self) -> Mapping[str, Any]:
        """Custom fields by key, sensitive ones in full."""
        row = self.record.row
        return {**(row.custom or {}), **opened(self.dek, row)} if row.custom else {}

    def columns(self, field: str) -> dict[str, Any]:
        """The columns of the row that this field is, but for texts and custom fields."""
        names = _BIRTHDAY if field == Field.BIRTHDAY else (field,)
        return {name: getattr(self.record.row, name) for name in names}

    def value(self, field: str) -> Any:
        """A value that equals another one of the same meaning; None where there is none."""
        if field.startswith(PREFIX):
            return self.custom.get(field.removeprefix(PREFIX))
        if field in TEXTS:
            return self.texts[field] or None
        if field == Field.BIRTHDAY:
            known = tuple(self.columns(field).values())
            return None if known[0] is None else known
        value = getattr(self.record.row, field)
        return None if is_empty(field, value) else value

    def candidate(self, field: str, now: datetime) -> Candidate:
        """What a plan weighs."""
        value, origin = self.value(field), self.provenance.of(field)
        substance, completeness = (1, 0) if value is None else self._worth(field, value)
        return Candidate(
            customer_id=self.id,
            value=value,
            is_confirmed=origin.is_confirmed(now),
            is_verified=origin.source == SELF_SERVICE,
            substance=substance,
            priority=self._context.standards.priority_of(origin.source),
            completeness=completeness,
            at=origin.at,
            is_survivor=self._is_survivor,
        )

    def origin(self, field: str) -> Origin:
        """Where a value comes from."""
        return self.provenance.of(field)

    def filled(self) -> int:
        """How many fields and parts it has."""
        record = self.record
        parts = sum(len(part) for part in record[3:])
        return parts + sum(self.value(field) is not None for field in FIELDS) + len(self.custom)

    def confirmed(self, now: datetime) -> int:
        """How many of its fields a person stands for."""
        keys: Iterator[str] = iter(self.record.row.provenance or ())
        return sum(self.provenance.of(key).is_confirmed(now) for key in keys)

    def _worth(self, field: str, value: Any) -> tuple[int, int]:
        if field == Field.BIRTHDAY:
            return birthday_worth(value[0])
        if field == Field.DISPLAY_NAME and self.record.row.kind == CustomerKind.PERSON:
            return name_worth(value)
        return text_worth(value) if field in TEXTS else (1, 0)
