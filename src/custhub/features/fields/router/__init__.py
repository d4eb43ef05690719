"""Routes of vocabularies and field definitions."""

from custhub.features.fields.router import definitions, vocabularies

ROUTERS = (definitions.router, vocabularies.router)
TAGS = [
    {"name": "field-definitions", "description": "Custom fields: what a business adds to the members of a customer."},
    {"name": "vocabularies", "description": "Lists of values with names in two languages, and their history."},
]
