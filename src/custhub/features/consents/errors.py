"""Expected failures of the consent ledger."""

from __future__ import annotations

from custhub.kit.errors import Conflict, NotFound, RuleBroken, Text


class ConsentNotFound(NotFound):
    """There is no such entry of the consent ledger, or its customer is out of your reach."""

    code = "consent_not_found"
    title = "Consent not found"
    zh = Text("同意记录不存在", "没有这条同意记录，或其客户不在您的可见范围内。")


class ConsentCustomerUnknown(Conflict):
    """There is no such customer within your reach."""

    code = "consent_customer_unknown"
    title = "Unknown customer"
    zh = Text("客户不存在", "在您的可见范围内没有该客户。")


class ConsentNotYet(RuleBroken):
    """`captured_at` lies in the future: nobody has said it yet."""

    code = "consent_not_yet"
    title = "Not captured yet"
    zh = Text("同意时间无效", "`captured_at` 晚于当前时间。")


class GuardianRequired(RuleBroken):
    """The person is under 14: a guardian has to agree, and `guardian` says who (PIPL 31)."""

    code = "guardian_required"
    title = "Guardian required"
    zh = Text("需要监护人同意", "该客户未满十四周岁，须由监护人同意，并在 `guardian` 中注明。")
