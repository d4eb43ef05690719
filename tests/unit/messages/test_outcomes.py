"""What replies mean (M-2, M-3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.features.messages.rules import Ending, Stage, http_outcome, smtp_outcome


@given(st.sampled_from(Stage), st.integers(400, 499), st.text(max_size=20))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_m3_4xx_is_always_tried_again(stage: Stage, code: int, text: str) -> None:
    assert smtp_outcome(stage, code, text).ending is Ending.RETRY


@given(st.sampled_from([Stage.SENDER, Stage.RECIPIENT, Stage.DATA]), st.integers(500, 599), st.text(max_size=20))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_m3_5xx_is_permanent_but_for_a_full_mailbox_and_missing_access(stage: Stage, code: int, text: str) -> None:
    outcome = smtp_outcome(stage, code, text)
    assert outcome.status == code
    if outcome.ending is Ending.RETRY:
        assert outcome.error in ("mailbox_full", "provider_refused_session")
    else:
        assert outcome.ending in (Ending.BOUNCED, Ending.REJECTED)


@pytest.mark.parametrize(
    ("stage", "code", "text", "ending"),
    [
        (Stage.RECIPIENT, 550, "5.1.1 unknown", Ending.BOUNCED),
        (Stage.RECIPIENT, 550, "User unknown", Ending.BOUNCED),
        (Stage.RECIPIENT, 550, "5.2.1 disabled", Ending.BOUNCED),
        (Stage.RECIPIENT, 550, "5.7.1 your address has a bad name", Ending.REJECTED),
        (Stage.RECIPIENT, 552, "5.2.2 over quota", Ending.RETRY),
        (Stage.RECIPIENT, 552, "over quota", Ending.RETRY),
        (Stage.RECIPIENT, 530, "5.7.0 log in first", Ending.RETRY),
        (Stage.SENDER, 550, "5.1.8 who are you", Ending.REJECTED),
        (Stage.SESSION, 554, "5.7.1 go away", Ending.RETRY),
        (Stage.DATA, 550, "5.1.1 unknown after all", Ending.BOUNCED),
        (Stage.DATA, 550, "no such user", Ending.BOUNCED),
        (Stage.DATA, 552, "5.3.4 too big", Ending.REJECTED),
        (Stage.DATA, 554, "spam", Ending.REJECTED),
    ],
)
def test_m3_who_is_to_blame(stage: Stage, code: int, text: str, ending: Ending) -> None:
    assert smtp_outcome(stage, code, text).ending is ending


@pytest.mark.parametrize(
    ("status", "answer", "ending"),
    [
        (200, {"id": "x"}, Ending.ACCEPTED),
        (202, None, Ending.ACCEPTED),
        (200, ["x"], Ending.ACCEPTED),
        (429, None, Ending.RETRY),
        (503, {}, Ending.RETRY),
        (403, {}, Ending.RETRY),
        (500, {}, Ending.IN_DOUBT),
        (504, None, Ending.IN_DOUBT),
        (422, {"error": "unsubscribed"}, Ending.BOUNCED),
        (422, {"error": "too_long"}, Ending.REJECTED),
        (404, None, Ending.REJECTED),
        (302, None, Ending.REJECTED),
    ],
)
def test_m3_answers_over_http(status: int, answer: object, ending: Ending) -> None:
    assert http_outcome(status, answer, None).ending is ending


def test_ids_of_providers_are_kept_short_and_pauses_are_kept() -> None:
    assert http_outcome(200, {"id": "x" * 300}, None).provider_id == "x" * 200
    assert http_outcome(200, {"id": 17}, None).provider_id == "17"
    assert http_outcome(200, {"id": ""}, None).provider_id is None
    assert http_outcome(200, {"id": {}}, None).provider_id is None
    assert http_outcome(429, None, timedelta(seconds=9)).retry_after == timedelta(seconds=9)
