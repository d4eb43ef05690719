"""Read statements over customers."""

from custhub.features.customers.models import AddressRow, CustomerRow, EmailRow
from custhub.features.customers.queries.records import (
    BY_ID,
    LOCKED,
    RECORD,
    CustomerRecord,
    compared_records,
    is_reachable,
    make_record,
)

__all__ = [
    "BY_ID",
    "LOCKED",
    "RECORD",
    "AddressRow",
    "CustomerRecord",
    "CustomerRow",
    "EmailRow",
    "compared_records",
    "is_reachable",
    "make_record",
]
