"""Which way a message may go (M-1)."""

from __future__ import annotations

from custhub.features.messages.rules import ENDS, TRANSITIONS, MessageState
from custhub.features.messages.rules.callbacks import STATE_OF


def test_m1_bounced_failed_and_delivered_are_final() -> None:
    for state in (MessageState.BOUNCED, MessageState.FAILED, MessageState.DELIVERED):
        assert not [pair for pair in TRANSITIONS if pair[0] is state]


def test_m1_nothing_is_sent_but_out_of_the_queue_and_what_was_sent_never_returns_to_it() -> None:
    assert {source for source, target in TRANSITIONS if target is MessageState.SENDING} == {MessageState.QUEUED}
    assert {source for source, target in TRANSITIONS if target is MessageState.QUEUED} == {MessageState.SENDING}
    assert not [pair for pair in TRANSITIONS if pair[0] in ENDS and pair[1] not in ENDS]


def test_m4_reports_lead_to_ends() -> None:
    assert set(STATE_OF.values()) <= ENDS
