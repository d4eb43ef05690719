"""Imports: files of customers, mapped, previewed, run as jobs, taken back as a whole."""
