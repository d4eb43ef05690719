"""The values of an upsert held against those of the customer: which of them stand, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.rules import ConflictRule, writes
from custhub.features.customers.rules.provenance import Origin, is_empty
from custhub.features.customers.schemas.bodies import BirthdayInput
from custhub.features.customers.schemas.upsert import UpsertRequest
from custhub.features.customers.service.arbitration import FieldArbiter
from custhub.features.customers.service.building import birthday_of, tax_id_of
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.custom import PREFIX
from custhub.features.customers.service.saying import MachineSayings, PersonSayings, Sayings
from custhub.features.customers.service.standards import RefusedChange
from custhub.features.customers.service.values import REFERENCES, value_of
from custhub.kit.ids import to_text
from custhub.security.fields import Field


class Touch(NamedTuple):
    """Marks what came in by intake: the customer's source is that of the first touch.

    The name of an unnamed one is for a new customer only.
    """

    is_unnamed: bool


class ClaimedValues:
    """What one call says of one customer. A person's word stands; of machines the arbiter decides, field by field."""

    def __init__(
        self, context: CustomerContext, record: CustomerRecord, body: UpsertRequest, touch: Touch | None = None
    ) -> None:
        row, now = record.row, context.uow.now
        source = body.customer.source if Field.SOURCE in body.customer.model_fields_set else row.source
        self._context = context
        self._record = record
        self._body = body
        self._dek = context.dek(record)
        self._touch = touch
        self._arbiter = FieldArbiter(context.standards, row, source, body.occurred_at, now)
        self._is_older = body.occurred_at is not None and body.occurred_at < row.updated_at
        #: What is said of parts beside the parts themselves.
        self.sayings: Sayings = (
            PersonSayings(is_older=self._is_older)
            if context.is_person
            else MachineSayings(row, source, now if body.occurred_at is None else min(body.occurred_at, now), now)
        )

    def standing(self, names: Collection[str]) -> dict[str, Any]:
        """Of these members those to be written, as a PATCH has them."""
        customer, kept = self._body.customer, dict[str, Any]()
        for name in sorted(names):
            value = getattr(customer, name)
            if name == Field.CUSTOM_FIELDS:
                custom = {key: one for key, one in value.items() if one is not None and self._stands(PREFIX + key, one)}
                if custom:
                    kept[name] = custom
            elif self._stands(name, self._told(name, value)):
                kept[name] = value
        if self._touch is not None and kept.keys() & {Field.FAMILY_NAME, Field.GIVEN_NAME}:
            # An intake says all names outright: the display name does not follow the others.
            display = Field.DISPLAY_NAME.value
            kept.setdefault(display, value_of(self._dek, self._record.row, display))
        return kept

    @property
    def refused(self) -> Sequence[RefusedChange]:
        """What a machine said and does not stand."""
        return self._arbiter.refused

    @property
    def are_renewed(self) -> bool:
        """Whether a machine said again what stands, and when: it is believed from then on."""
        return bool(self._arbiter.origins or self.sayings.origins) and self._body.occurred_at is not None

    def origins(self, keys: Iterable[str], parts: Iterable[str]) -> dict[str, Origin | None]:
        """Where values and parts come from now."""
        if self._context.is_person:
            return dict.fromkeys((*keys, *parts), self._context.origin())
        if Field.SOURCE.value in self._arbiter.origins:
            self._arbiter.pin()
        return {**self._arbiter.origins, **self.sayings.origins}

    def _stands(self, key: str, value: Any) -> bool:
        rule = self._body.on_conflict.of(key.partition(".")[0])
        standing = value_of(self._dek, self._record.row, key)
        if self._touch is not None and key == Field.SOURCE:
            return self._arbiter.is_earlier(key, standing, value)
        empty = is_empty(key, standing)
        if rule is not ConflictRule.REPLACE or self._context.is_person:
            older = self._is_older and self._context.is_person
            if not writes(rule, is_empty=empty, is_older=older):
                return False
        return self._context.is_person or self._arbiter.allows(key, standing, value)

    def _told(self, name: str, value: Any) -> Any:  # any JSON value
        """A member as the API has it, in standard form."""
        if isinstance(value, BirthdayInput):
            text, calendar, leap = birthday_of(value, self._context.uow.now.date())
            return {"date": text, "calendar": calendar, "leap_month": leap}
        if name == Field.NEEDS:
            return sorted(set(value))
        if name == Field.TAX_ID:
            addresses = self._record.addresses
            return tax_id_of(value, addresses[0].country if addresses else self._context.country)
        return to_text(REFERENCES[name], value) if isinstance(value, UUID) else value
