"""Expected failures of the audit log."""

from __future__ import annotations

from custhub.kit.errors import Corrupt, NotFound, Text


class AuditEntryNotFound(NotFound):
    """There is no such audit entry, or it is in an archive by now."""

    code = "audit_entry_not_found"
    title = "Audit entry not found"
    zh = Text("审计记录不存在", "没有这条审计记录，或它已转入归档。")


class AuditBroken(Corrupt):
    """The audit log does not verify. Nothing is cut from it before that is explained."""

    code = "audit_broken"
    title = "Audit log broken"
    zh = Text("审计日志校验失败", "审计日志未通过校验，在查明原因之前不会截取任何记录。")
