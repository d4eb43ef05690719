"""Pure rules of messages: states, kinds and texts, addresses, what replies mean. No database, no network."""

from custhub.features.messages.rules.addresses import Recipient
from custhub.features.messages.rules.callbacks import STATE_OF, ReportStatus, is_from_provider
from custhub.features.messages.rules.kinds import Category, Content, Language, MessageKind, language_of
from custhub.features.messages.rules.notices import NOTICES, TEST, WEBHOOK_DISABLED, WEBHOOK_FAILING
from custhub.features.messages.rules.outcomes import Ending, Outcome, Stage, http_outcome, smtp_outcome
from custhub.features.messages.rules.retries import backoff
from custhub.features.messages.rules.states import ENDS, TRANSITIONS, Channel, MessageState

__all__ = [
    "ENDS",
    "NOTICES",
    "STATE_OF",
    "TEST",
    "TRANSITIONS",
    "WEBHOOK_DISABLED",
    "WEBHOOK_FAILING",
    "Category",
    "Channel",
    "Content",
    "Ending",
    "Language",
    "MessageKind",
    "MessageState",
    "Outcome",
    "Recipient",
    "ReportStatus",
    "Stage",
    "backoff",
    "http_outcome",
    "is_from_provider",
    "language_of",
    "smtp_outcome",
]
