"""Use cases of customers, one file each."""
