"""Loads and saves customers inside a unit of work."""

from custhub.features.customers.repository.merged import absorb_customers, hold_customer, part_customers
from custhub.features.customers.repository.records import (
    BLANK,
    BLANK_ALL,
    DROP_PARTS,
    EMAILS,
    EXTERNAL_IDS,
    CustomerRepository,
    Part,
    change_tokens,
    lost_race,
    rows_of,
)
from custhub.features.customers.repository.sources import SourceRepository

__all__ = [
    "BLANK",
    "BLANK_ALL",
    "DROP_PARTS",
    "EMAILS",
    "EXTERNAL_IDS",
    "CustomerRepository",
    "Part",
    "SourceRepository",
    "absorb_customers",
    "change_tokens",
    "hold_customer",
    "lost_race",
    "part_customers",
    "rows_of",
]
