"""When a message is tried again."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.features.messages.rules import backoff


@given(st.integers(0, 10_000), st.integers(0, 10_000_000))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_pauses_are_bounded_and_what_is_asked_for_is_a_floor(attempts: int, asked: int) -> None:
    pause = backoff(attempts, timedelta(seconds=asked))
    assert timedelta(seconds=24) <= pause
    assert pause >= min(timedelta(seconds=asked), timedelta(hours=24))
    assert pause <= max(timedelta(hours=4) * 1.2, timedelta(seconds=min(asked, 86_400)))


def test_pauses_grow() -> None:
    assert backoff(1) < timedelta(seconds=37)
    assert backoff(5) > timedelta(minutes=6)
    assert backoff(30) > timedelta(hours=3)
