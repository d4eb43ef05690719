"""Use cases of duplicates."""
