"""Postal addresses of a customer."""

from __future__ import annotations

from typing import Any

from custhub.features.customers.errors import AddressNotFound
from custhub.features.customers.models import AddressRow
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.schemas.bodies import AddressCreate, AddressFields, AddressPatch
from custhub.features.customers.service.keeping import PartKeeper
from custhub.features.phones.vault import opened_texts, returned_texts
from custhub.kit.ids import Prefix
from custhub.security.fields import Field

_PLACE = ("province", "city", "district", "division_code", "street", "postcode")
_NAMES = {"province", "city", "district"}


class CustomerAddresses(PartKeeper[AddressRow, AddressCreate, AddressPatch]):
    """Use cases of the postal addresses of one customer."""

    field = Field.ADDRESSES
    noun = "address"
    limit = 50
    prefix = Prefix.ADDRESS
    missing = AddressNotFound
    told = ("label", "is_primary", "country", *_PLACE)

    async def _built(self, record: CustomerRecord, body: AddressCreate) -> AddressRow:
        return self._context.part_builder(record).address(body, "#", is_primary=False)

    async def _patched(self, record: CustomerRecord, row: AddressRow, body: AddressPatch) -> AddressRow:
        sent = {name: getattr(body, name) for name in body.model_fields_set if name != "is_primary"}
        if "label" in sent:
            row = row._replace(label=sent.pop("label"))
        if not sent:
            return row
        context, dek, place = self._context, self._context.dek(record), ("customer_addresses", row.id, row.spans)
        stored = {"street": row.street}
        street = opened_texts(dek, *place, stored)["street"]
        texts: dict[str, str | None] = {name: sent[name] for name in ("street", "full_text") if name in sent}
        sent |= returned_texts(dek, *place, stored, texts, context.mask_style)
        now = {name: getattr(row, name) for name in _PLACE} | {"street": street}
        merged = _merged(row.country, now, sent)
        return context.builder_of(record.row.id, dek).moved(row, street, AddressFields.model_construct(**merged), "#")


def _merged(country: str, now: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """The parts to bring into standard form: stored ones under sent ones, derived ones left out."""
    if sent.get("full_text"):
        now = {}
    elif "division_code" in sent and not sent.keys() & _NAMES:
        # The code says them all.
        now = {name: value for name, value in now.items() if name not in _NAMES}
    elif sent.keys() & _NAMES or sent.get("country", country) != country:
        now = now | {"division_code": None}
    return {"country": country, **now, **sent}
