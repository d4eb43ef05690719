"""Schedule, signatures, health and selection without a database (W-1, W-2, W-4, W-5, W-6, E-8)."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import standardwebhooks
from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.features.webhooks.rules import (
    ATTEMPTS,
    Health,
    Selection,
    is_covered,
    key_of,
    new_secret,
    next_delay,
    retry_after_seconds,
    signature,
)
from custhub.features.webhooks.rules.health import DISABLE_FAILURES, PROBING_AFTER
from custhub.features.webhooks.rules.schedule import DELAYS, LONGEST_WAIT
from custhub.features.webhooks.service.slots import Slots

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
ID = UUID(int=7)


def test_w4_ten_attempts_within_about_75_hours() -> None:
    assert ATTEMPTS == 10
    assert DELAYS == (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
    assert 75 <= sum(DELAYS) / 3_600 <= 76


@given(tries=st.integers(1, 9), chance=st.floats(0, 1), asked=st.none() | st.floats(0, 10**9))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_w4_delay_is_the_schedule_within_a_fifth_or_what_was_asked_for(
    tries: int, chance: float, asked: float | None
) -> None:
    delay = next_delay(tries, asked, lambda: chance)
    assert delay is not None
    base = DELAYS[tries - 1]
    assert delay >= 0.8 * base - 1e-6
    assert delay <= max(1.2 * base, min(asked or 0.0, LONGEST_WAIT)) + 1e-6
    assert asked is None or delay >= min(asked, LONGEST_WAIT)


def test_w4_there_is_no_eleventh_attempt() -> None:
    assert next_delay(10, None, lambda: 0.5) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("99999999999999999999", LONGEST_WAIT),
        ("Sun, 01 Mar 2026 08:02:00 GMT", 120.0),
        ("Sun, 01 Mar 2026 07:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("١٢", None),
        ("", None),
    ],
)
def test_w4_retry_after_in_both_forms(header: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(header, NOW) == seconds


@given(text=st.text(max_size=40))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_w4_no_header_breaks_the_reader(text: str) -> None:
    found = retry_after_seconds(text, NOW)
    assert found is None or found >= 0


def test_w2_secrets_are_32_random_bytes() -> None:
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert all(secret.startswith("whsec_") and len(key_of(secret)) == 32 for secret in secrets)


def test_w1_signature_of_the_published_example() -> None:
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signature([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(body=st.text(max_size=200), count=st.integers(1, 3))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_w1_every_key_signs_any_text_as_the_library_does(body: str, count: int) -> None:
    secrets = [new_secret() for _ in range(count)]
    made = signature([key_of(secret) for secret in secrets], "evt_1", int(NOW.timestamp()), body.encode())
    assert made.split(" ") == [standardwebhooks.Webhook(secret).sign("evt_1", NOW, body) for secret in secrets]


def failing(times: int, every: timedelta, start: datetime = NOW) -> Health:
    health = Health()
    for i in range(times):
        health = health.failed(start + i * every)
    return health


def test_w6_probing_begins_with_the_fifth_failure() -> None:
    assert not failing(PROBING_AFTER - 1, timedelta(0)).is_probing
    probing = failing(PROBING_AFTER, timedelta(0))
    assert probing.is_probing
    assert not probing.may_send(NOW + timedelta(seconds=59))
    assert probing.may_send(NOW + timedelta(seconds=60))
    assert not probing.probing(NOW + timedelta(seconds=60)).may_send(NOW + timedelta(seconds=119))
    assert Health().probing(NOW) == Health()


def test_w5_a_success_forgets_everything() -> None:
    assert failing(50, timedelta(hours=3)).succeeded(NOW) == Health(succeeded_at=NOW)


@pytest.mark.parametrize(
    ("failures", "every", "after", "expected"),
    [
        (10, timedelta(hours=13), timedelta(hours=120), True),
        (9, timedelta(hours=14), timedelta(hours=200), False),
        (10, timedelta(minutes=1), timedelta(hours=200), False),
        (10, timedelta(hours=12) / 9, timedelta(hours=120), True),
        (10, timedelta(hours=12) / 9, timedelta(hours=119), False),
        (1_000, timedelta(seconds=40), timedelta(hours=130), False),
    ],
)
def test_w5_disabled_only_after_long_and_repeated_failure(
    failures: int, every: timedelta, after: timedelta, expected: bool
) -> None:
    assert DISABLE_FAILURES == 10
    assert failing(failures, every).is_to_disable(NOW + after) is expected


def test_w5_warned_once_after_a_day() -> None:
    health = failing(6, timedelta(hours=1))
    assert not health.is_to_warn(NOW + timedelta(hours=23))
    assert health.is_to_warn(NOW + timedelta(hours=24))
    assert not health._replace(warned_at=NOW).is_to_warn(NOW + timedelta(hours=99))
    assert not failing(1, timedelta(0)).is_to_warn(NOW + timedelta(hours=99))


@dataclass(frozen=True)
class SomeEvent:
    """An event as far as selection looks at it."""

    type: str = "customer.updated"
    actor_kind: str = "user"
    actor_id: UUID | None = ID
    data: dict[str, Any] = field(default_factory=dict)
    bulk_id: UUID | None = None


def selecting(*patterns: str, **members: Any) -> Selection:
    given: dict[str, Any] = {
        "fields": frozenset(),
        "actor_kinds": frozenset(),
        "ignored_actors": frozenset(),
        "summary_only": False,
    } | members
    return Selection(tuple(patterns), **given)


@pytest.mark.parametrize(
    ("patterns", "name", "expected"),
    [
        (["*"], "customer.created", True),
        (["customer.*"], "customer.created", True),
        (["customer.*"], "customer_group.created", False),
        (["customer.created"], "customer.created", True),
        (["customer.created"], "customer.created_again", False),
        (["key.rotated", "team.*"], "team.deleted", True),
        ([], "team.deleted", False),
    ],
)
def test_patterns(patterns: list[str], name: str, expected: bool) -> None:
    assert selecting(*patterns).covers(name) is expected
    assert any(is_covered(pattern, [name]) for pattern in patterns) is expected


def test_filters() -> None:
    assert selecting("*").takes(SomeEvent())
    assert selecting("*", fields=frozenset({"tags"})).takes(SomeEvent(data={"fields": ["note", "tags"]}))
    assert selecting("*", fields=frozenset({"tags"})).takes(SomeEvent())
    assert not selecting("*", fields=frozenset({"tags"})).takes(SomeEvent(data={"fields": ["note"]}))
    assert not selecting("*", actor_kinds=frozenset({"client"})).takes(SomeEvent())
    assert not selecting("*", ignored_actors=frozenset({ID})).takes(SomeEvent())
    assert selecting("*", ignored_actors=frozenset({ID})).takes(SomeEvent(actor_id=None))


def test_e8_summaries_alone() -> None:
    assert not selecting("*", summary_only=True).takes(SomeEvent(bulk_id=ID))
    assert selecting("*", summary_only=True).takes(SomeEvent())
    assert selecting("*").takes(SomeEvent(bulk_id=ID))


def test_w6_slots_keep_room_for_endpoints_that_answer() -> None:
    slots = Slots(total=10, suspects=4)
    assert slots.take(9, suspect=True) == 4
    assert slots.take(1, suspect=True) == 0
    assert slots.take(9, suspect=False) == 6
    assert slots.take(1, suspect=False) == 0
    slots.give(4, suspect=True)
    assert slots.take(9, suspect=False) == 4
    slots.give(10, suspect=False)
    assert slots.take(9, suspect=True) == 4
