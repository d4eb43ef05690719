"""Status, verification results, claims, reasons."""

import pytest

from custhub.features.phones.rules import PhoneStatus, RevealReason, VerificationResult, holds_claim


@pytest.mark.parametrize(
    ("result", "status", "confirms"),
    [
        (VerificationResult.REACHED_OWNER, PhoneStatus.ACTIVE, True),
        (VerificationResult.CODE_CONFIRMED, PhoneStatus.ACTIVE, True),
        (VerificationResult.WRONG_PERSON, PhoneStatus.CHANGED, False),
        (VerificationResult.NO_SUCH_NUMBER, PhoneStatus.DEAD, False),
    ],
)
@pytest.mark.parametrize("current", PhoneStatus)
def test_a_result_that_proves_something_sets_the_status(
    result: VerificationResult, status: PhoneStatus, confirms: bool, current: PhoneStatus
) -> None:
    assert result.status_after(current) is status
    assert result.confirms is confirms


@pytest.mark.parametrize(
    "result", [VerificationResult.SUSPENDED, VerificationResult.UNREACHABLE, VerificationResult.NO_ANSWER]
)
@pytest.mark.parametrize("current", PhoneStatus)
def test_a_result_that_proves_nothing_leaves_the_status(result: VerificationResult, current: PhoneStatus) -> None:
    assert result.status_after(current) is current
    assert not result.confirms


@pytest.mark.parametrize(
    ("status", "holds"),
    [
        (PhoneStatus.ACTIVE, True),
        (PhoneStatus.UNKNOWN, True),
        (PhoneStatus.CHANGED, False),
        (PhoneStatus.DEAD, False),
    ],
)
def test_s13_active_and_unknown_numbers_hold_their_claim_unless_shared(status: PhoneStatus, holds: bool) -> None:
    assert holds_claim(status, shared=False) is holds
    assert holds_claim(status, shared=True) is False


def test_s22_reveal_reasons_are_the_closed_list() -> None:
    assert list(RevealReason) == [
        "call_back",
        "delivery",
        "complaint",
        "identity_check",
        "data_subject_request",
        "fraud_check",
        "legal_duty",
    ]
