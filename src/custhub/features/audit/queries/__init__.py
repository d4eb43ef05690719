"""Read statements over the audit log."""

from custhub.features.audit.queries.listing import AuditFilters, entry_of, page_of_entries, page_of_history

__all__ = ["AuditFilters", "entry_of", "page_of_entries", "page_of_history"]
