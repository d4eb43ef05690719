"""Bodies and query parameters of the audit log."""
