"""Vocabularies and custom fields: what a business adds to the members of a customer."""
