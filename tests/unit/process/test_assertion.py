"""R-4: a command is believed when the keyring signed it, for a minute, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from custhub.crypto.keyring import Keyring, Purpose
from custhub.kit.clock import ManualClock
from custhub.operator.assertion import SECONDS, AssertionChecker, request

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
KEYRING = Keyring.generate()
ARGUMENTS = {"role": None, "scopes": ["all"], "ttl_seconds": 60}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def checker(clock: ManualClock) -> AssertionChecker:
    return AssertionChecker(clock)


def test_r4_an_assertion_is_accepted_once(clock: ManualClock, checker: AssertionChecker) -> None:
    line = request(KEYRING, clock, "token.issue", ARGUMENTS)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert checker.accept(KEYRING, line) == ("token.issue", ARGUMENTS)
    assert checker.accept(KEYRING, line) is None


@pytest.mark.parametrize(
    ("later", "accepted"), [(0, True), (SECONDS, True), (SECONDS + 1, False), (-SECONDS - 1, False)]
)
def test_r4_an_assertion_lives_for_a_minute(later: int, accepted: bool) -> None:
    line = request(KEYRING, ManualClock(START), "token.issue", ARGUMENTS)
    checker = AssertionChecker(ManualClock(START + timedelta(seconds=later)))
    assert (checker.accept(KEYRING, line) is not None) == accepted


def test_r4_a_used_one_is_remembered_as_long_as_it_lives(clock: ManualClock, checker: AssertionChecker) -> None:
    line = request(KEYRING, clock, "token.issue", ARGUMENTS)
    checker.accept(KEYRING, line)
    clock.advance(SECONDS)
    for _ in range(3):
        assert checker.accept(KEYRING, request(KEYRING, clock, "token.issue", ARGUMENTS)) is not None
    assert checker.accept(KEYRING, line) is None


def test_r4_another_keyring_is_refused(clock: ManualClock, checker: AssertionChecker) -> None:
    assert checker.accept(KEYRING, request(Keyring.generate(), clock, "token.issue", ARGUMENTS)) is None


def test_r4_an_older_key_of_the_same_keyring_is_accepted(clock: ManualClock, checker: AssertionChecker) -> None:
    line = request(KEYRING, clock, "token.issue", ARGUMENTS)
    assert checker.accept(KEYRING.with_new(Purpose.JWT), line) is not None


@pytest.mark.parametrize(
    "change",
    [
        {"command": "users.add"},
        {"arguments": {**ARGUMENTS, "ttl_seconds": 3600}},
        {"issued_at": int(START.timestamp()) + 1},
        {"nonce": "0" * 32},
        {"kid": 2},
        {"kid": "1"},
        {"signature": "00" * 64},
        {"signature": "zz"},
        {"signature": None},
        {"more": 1},
    ],
)
def test_r4_nothing_of_it_can_be_changed(clock: ManualClock, checker: AssertionChecker, change: dict[str, Any]) -> None:
    asked = orjson.loads(request(KEYRING, clock, "token.issue", ARGUMENTS))
    assert checker.accept(KEYRING, orjson.dumps({**asked, **change})) is None


@pytest.mark.parametrize(
    "line", [b"", b"\n", b"{}\n", b"[]", b"null", b'{"signature": "00"}', b"\xff\xfe", b"GET / HTTP/1.1"]
)
def test_r4_anything_else_is_refused(checker: AssertionChecker, line: bytes) -> None:
    assert checker.accept(KEYRING, line) is None
