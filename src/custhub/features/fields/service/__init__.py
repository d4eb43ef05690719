"""Use cases of vocabularies and field definitions, and the catalogue of them that others ask."""
