"""Bodies of vocabularies and field definitions."""
