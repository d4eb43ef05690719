"""The table that filters of needs and custom fields ask."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, String, Table

from custhub.kit.db import Id, metadata
from custhub.kit.query import REACH

# Only what is declared filterable, and never a sensitive value.
customer_field_values = Table(
    "customer_field_values",
    metadata,
    Column("customer_id", Id, ForeignKey("customers.id"), primary_key=True),
    Column("field", String(60), primary_key=True),
    Column("value", String(200), primary_key=True),
    info={REACH: "customer_id"},
)
Index(
    "ix_customer_field_values_value",
    customer_field_values.c.field,
    customer_field_values.c.value,
    customer_field_values.c.customer_id,
)


class FieldValueRow(NamedTuple):
    """A row of customer_field_values: one value of one field (`needs`, `custom_fields.size`), as filters compare it."""

    customer_id: UUID
    field: str
    value: str
