"""Tables of customers and their parts."""

from custhub.features.customers.models.matching import (
    MATCH_CLAIM,
    MatchClaimRow,
    match_claims,
)
from custhub.features.customers.models.parts import (
    EXTERNAL_ID,
    AddressRow,
    ContactRow,
    EmailRow,
    ExternalIdRow,
    ExternalSourceRow,
    TagRow,
    TokenRow,
    customer_addresses,
    customer_contacts,
    customer_emails,
    customer_external_ids,
    customer_tags,
    external_sources,
    search_tokens,
)
from custhub.features.customers.models.records import (
    CustomerRow,
    customers,
)
from custhub.features.customers.models.values import FieldValueRow, customer_field_values

__all__ = [
    "EXTERNAL_ID",
    "MATCH_CLAIM",
    "AddressRow",
    "ContactRow",
    "CustomerRow",
    "EmailRow",
    "ExternalIdRow",
    "ExternalSourceRow",
    "FieldValueRow",
    "MatchClaimRow",
    "TagRow",
    "TokenRow",
    "customer_addresses",
    "customer_contacts",
    "customer_emails",
    "customer_external_ids",
    "customer_field_values",
    "customer_tags",
    "customers",
    "external_sources",
    "match_claims",
    "search_tokens",
]
