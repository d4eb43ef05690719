"""Use cases of the audit log: write, seal, sign, verify, cut, show."""

from custhub.features.audit.service.details import open_details
from custhub.features.audit.service.log import AuditLog
from custhub.features.audit.service.record import ENTRIES, AuditWriter, DenialLog, EntrySeries
from custhub.features.audit.service.verify import AuditVerifier

__all__ = ["ENTRIES", "AuditLog", "AuditVerifier", "AuditWriter", "DenialLog", "EntrySeries", "open_details"]
