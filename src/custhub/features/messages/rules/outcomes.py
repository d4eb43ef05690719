"""What the answer of a mail server or a provider means for a message (M-2, M-3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final


class Ending(StrEnum):
    """How an attempt ended."""

    #: The provider has it.
    ACCEPTED = "accepted"
    #: It has not, and may take it later.
    RETRY = "retry"
    #: It never will, because of the recipient: nobody shall write there again.
    BOUNCED = "bounced"
    #: It never will, for another reason.
    REJECTED = "rejected"
    #: Nobody can tell.
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one attempt. `error` is a code of ours, `status` the reply of the provider."""

    ending: Ending
    error: str | None = None
    status: int | None = None
    provider_id: str | None = None
    retry_after: timedelta | None = None


_ENHANCED: Final = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})(?:\s|$)")
#: Replies to the sender's own access: somebody must repair the settings, the recipient is not to blame.
_ACCESS: Final = frozenset((530, 534, 535, 538))
_BAD_MAILBOX: Final = frozenset((550, 551, 553))


class Stage(StrEnum):
    """What a mail server was asked when it answered."""

    SESSION = "session"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"


def smtp_outcome(stage: Stage, code: int, text: str) -> Outcome:
    """What a reply other than success means. Every one of them says that the server did not take the message.

    A 5xx to the recipient is permanent and suppresses it, but for a full mailbox (552, x.2.2), which is tried again,
    and for policy (x.7.x: relaying, reputation), which is the sender's matter. After the data only what speaks of the
    mailbox counts against it. A 5xx to the session or the login is a matter of settings: tried again.
    """
    found = _ENHANCED.match(text)
    subject, detail = (int(found[2]), int(found[3])) if found else (None, None)
    if code < 500 or stage is Stage.SESSION or code in _ACCESS:
        error = "provider_refused_session" if stage is Stage.SESSION or code in _ACCESS else "provider_busy"
        return Outcome(Ending.RETRY, error, code)
    if stage is Stage.SENDER:
        return Outcome(Ending.REJECTED, "sender_refused", code)
    is_full = (subject, detail) == (2, 2) or (code == 552 and subject is None and stage is Stage.RECIPIENT)
    if is_full:
        return Outcome(Ending.RETRY, "mailbox_full", code)
    if subject == 7:
        return Outcome(Ending.REJECTED, "refused_by_policy", code)
    if stage is Stage.RECIPIENT or subject == 1 or (subject is None and code in _BAD_MAILBOX):
        return Outcome(Ending.BOUNCED, "recipient_refused", code)
    return Outcome(Ending.REJECTED, "content_refused", code)


#: Codes by which a provider says that the recipient is to blame.
_RECIPIENT_CODES: Final = frozenset(("invalid_recipient", "unknown_recipient", "unsubscribed", "blocked_recipient"))
_TEMPORARY: Final = frozenset((408, 423, 425, 429, 503))


def http_outcome(status: int, answer: object, retry_after: timedelta | None) -> Outcome:
    """What a provider's answer means. `answer` is its JSON: `{"id": ...}` or `{"error": code}`; None for none.

    429 and 503 say "not now", 401 and 403 that the settings are wrong: all tried again. Another 5xx comes from
    somewhere behind the provider's door: it may have been taken.
    """
    members = answer if isinstance(answer, dict) else {}
    if 200 <= status < 300:
        given = members.get("id")
        provider_id = str(given)[:200] if isinstance(given, str | int) and str(given) else None
        return Outcome(Ending.ACCEPTED, None, status, provider_id)
    if status in _TEMPORARY:
        return Outcome(Ending.RETRY, "provider_busy", status, retry_after=retry_after)
    if status >= 500:
        return Outcome(Ending.IN_DOUBT, "provider_failed", status)
    if status in (401, 403, 407):
        return Outcome(Ending.RETRY, "provider_refused_session", status)
    if members.get("error") in _RECIPIENT_CODES:
        return Outcome(Ending.BOUNCED, "recipient_refused", status)
    return Outcome(Ending.REJECTED, "content_refused", status)
