"""The closed vocabularies of a phone number, and what they decide."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class PhoneKind(StrEnum):
    """What a number is, in the words of its numbering plan.

    `virtual` is a platform's privacy number (隐私号). Numbering plans do not know it: the caller declares it.
    """

    MOBILE = "mobile"
    FIXED = "fixed"
    FIXED_OR_MOBILE = "fixed_or_mobile"
    TOLL_FREE = "toll_free"
    PREMIUM = "premium"
    SHARED_COST = "shared_cost"
    VOIP = "voip"
    VIRTUAL = "virtual"
    OTHER = "other"


class PhoneStatus(StrEnum):
    """Whether a number still reaches its customer. `changed`: it is somebody else's now."""

    ACTIVE = "active"
    CHANGED = "changed"
    DEAD = "dead"
    UNKNOWN = "unknown"


class RevealReason(StrEnum):
    """Why a number is opened (S-22)."""

    CALL_BACK = "call_back"
    DELIVERY = "delivery"
    COMPLAINT = "complaint"
    IDENTITY_CHECK = "identity_check"
    DATA_SUBJECT_REQUEST = "data_subject_request"
    FRAUD_CHECK = "fraud_check"
    LEGAL_DUTY = "legal_duty"


class VerificationResult(StrEnum):
    """What an attempt to reach the customer at a number showed.

    `suspended` is a line cut off for now (停机), `no_such_number` one that does not exist (空号), `number_changed` one
    that its customer has given up, `refused` somebody who was reached and would not say.
    """

    REACHED_OWNER = "reached_owner"
    CODE_CONFIRMED = "code_confirmed"
    WRONG_PERSON = "wrong_person"
    NUMBER_CHANGED = "number_changed"
    NO_SUCH_NUMBER = "no_such_number"
    SUSPENDED = "suspended"
    UNREACHABLE = "unreachable"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"

    @property
    def confirms(self) -> bool:
        """Whether it proves that the number is the customer's, so that `verified_at` is set."""
        return _PROVEN_STATUS.get(self) is PhoneStatus.ACTIVE

    def status_after(self, current: PhoneStatus) -> PhoneStatus:
        """The status of a number that had `current`. A result that proves nothing leaves it."""
        return _PROVEN_STATUS.get(self, current)


_PROVEN_STATUS: Final = {
    VerificationResult.REACHED_OWNER: PhoneStatus.ACTIVE,
    VerificationResult.CODE_CONFIRMED: PhoneStatus.ACTIVE,
    VerificationResult.WRONG_PERSON: PhoneStatus.CHANGED,
    VerificationResult.NUMBER_CHANGED: PhoneStatus.CHANGED,
    VerificationResult.NO_SUCH_NUMBER: PhoneStatus.DEAD,
}


def holds_claim(status: PhoneStatus, shared: bool) -> bool:
    """Whether the number of a live customer keeps others from having it (S-13)."""
    return not shared and status in (PhoneStatus.ACTIVE, PhoneStatus.UNKNOWN)
