"""Bodies of duplicates."""
