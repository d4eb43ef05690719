"""The one list of scopes."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """A right a token may carry, `noun:verb`."""

    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_CREATE = "customers:create"
    CUSTOMERS_WRITE = "customers:write"
    CUSTOMERS_ARCHIVE = "customers:archive"
    CUSTOMERS_INTAKE = "customers:intake"
    PHONES_LOOKUP = "phones:lookup"
    PHONES_REVEAL = "phones:reveal"
    TAGS_WRITE = "tags:write"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    INTERACTIONS_READ = "interactions:read"
    INTERACTIONS_WRITE = "interactions:write"
    FOLLOWUPS_READ = "followups:read"
    FOLLOWUPS_WRITE = "followups:write"
    FEEDBACK_READ = "feedback:read"
    FEEDBACK_WRITE = "feedback:write"
    SURVEYS_MANAGE = "surveys:manage"
    COMPLAINTS_READ = "complaints:read"
    COMPLAINTS_WRITE = "complaints:write"
    SEGMENTS_READ = "segments:read"
    SEGMENTS_WRITE = "segments:write"
    TIERS_MANAGE = "tiers:manage"
    MERGES_READ = "merges:read"
    MERGES_EXECUTE = "merges:execute"
    MERGES_MANAGE = "merges:manage"
    CONSENTS_READ = "consents:read"
    CONSENTS_WRITE = "consents:write"
    SUPPRESSIONS_MANAGE = "suppressions:manage"
    IMPORTS_RUN = "imports:run"
    EXPORTS_RUN = "exports:run"
    EXPORTS_PII = "exports:pii"
    QUALITY_READ = "quality:read"
    QUALITY_WRITE = "quality:write"
    FIELDS_MANAGE = "fields:manage"
    PRIVACY_MANAGE = "privacy:manage"
    RETENTION_MANAGE = "retention:manage"
    AUDIT_READ = "audit:read"
    EVENTS_READ = "events:read"
    WEBHOOKS_MANAGE = "webhooks:manage"
    JOBS_MANAGE = "jobs:manage"
    USERS_MANAGE = "users:manage"
    CLIENTS_MANAGE = "clients:manage"
    KEYS_MANAGE = "keys:manage"
    BACKUPS_RUN = "backups:run"
    OPS_READ = "ops:read"


DESCRIPTIONS: dict[Scope, str] = {
    Scope.CUSTOMERS_READ: "Read customers and their parts",
    Scope.CUSTOMERS_CREATE: "Create customers",
    Scope.CUSTOMERS_WRITE: "Change customers and their parts",
    Scope.CUSTOMERS_ARCHIVE: "Archive and restore customers",
    Scope.CUSTOMERS_INTAKE: "Send in customers from forms and devices, without reading any",
    Scope.PHONES_LOOKUP: "Find a customer by phone number or its last four digits",
    Scope.PHONES_REVEAL: "See a phone number in full, with a reason",
    Scope.TAGS_WRITE: "Add and remove tags",
    Scope.ORDERS_READ: "Read orders",
    Scope.ORDERS_WRITE: "Record orders and refunds",
    Scope.INTERACTIONS_READ: "Read interactions",
    Scope.INTERACTIONS_WRITE: "Log interactions",
    Scope.FOLLOWUPS_READ: "Read follow-ups",
    Scope.FOLLOWUPS_WRITE: "Plan and complete follow-ups",
    Scope.FEEDBACK_READ: "Read feedback",
    Scope.FEEDBACK_WRITE: "Record feedback",
    Scope.SURVEYS_MANAGE: "Define and send surveys",
    Scope.COMPLAINTS_READ: "Read complaints",
    Scope.COMPLAINTS_WRITE: "Work on complaints",
    Scope.SEGMENTS_READ: "Read segments and their members",
    Scope.SEGMENTS_WRITE: "Define segments",
    Scope.TIERS_MANAGE: "Define the tier scheme",
    Scope.MERGES_READ: "Read duplicates and merges",
    Scope.MERGES_EXECUTE: "Merge customers and undo merges",
    Scope.MERGES_MANAGE: "Set from which score duplicates are shown and joined, and whether by themselves",
    Scope.CONSENTS_READ: "Read consents",
    Scope.CONSENTS_WRITE: "Record consents",
    Scope.SUPPRESSIONS_MANAGE: "Manage the suppression list",
    Scope.IMPORTS_RUN: "Run imports",
    Scope.EXPORTS_RUN: "Run exports with masked numbers",
    Scope.EXPORTS_PII: "Run exports with full numbers",
    Scope.QUALITY_READ: "Read quality findings",
    Scope.QUALITY_WRITE: "Decide on quality findings",
    Scope.FIELDS_MANAGE: "Define custom fields and vocabularies",
    Scope.PRIVACY_MANAGE: "Handle privacy requests",
    Scope.RETENTION_MANAGE: "Define retention policies",
    Scope.AUDIT_READ: "Read and verify the audit log",
    Scope.EVENTS_READ: "Read the event feed",
    Scope.WEBHOOKS_MANAGE: "Manage webhook endpoints",
    Scope.JOBS_MANAGE: "See and cancel all jobs",
    Scope.USERS_MANAGE: "Manage users, teams and roles",
    Scope.CLIENTS_MANAGE: "Manage partner clients",
    Scope.KEYS_MANAGE: "Rotate and retire keys",
    Scope.BACKUPS_RUN: "Run and verify backups",
    Scope.OPS_READ: "Read health details and metrics",
}

ALL: frozenset[str] = frozenset(scope.value for scope in Scope)
READ_ONLY: frozenset[str] = frozenset(scope for scope in ALL if scope.endswith(":read"))
