"""Bulk actions: one change to many customers, as a job, with undo."""
