"""Exports: a selection of customers as a file, masked unless somebody may see more."""
