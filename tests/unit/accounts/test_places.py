"""Names of accounts, the tree of teams, the length of grants, logins of one address. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.features.accounts.rules import (
    LONGEST,
    AddressWindow,
    address_seconds_left,
    count_address,
    fits,
    is_email,
    normal_email,
    would_cycle,
)
from custhub.security.scopes import ALL

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
TEAMS = [UUID(int=i) for i in range(1, 8)]


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        (" Li.Na@Example.COM ", "li.na@example.com"),
        ("ｌｉ@example.com", "li@example.com"),
        ("STRASSE@example.de", "strasse@example.de"),
        ("straße@example.de", "strasse@example.de"),
    ],
)
def test_address_has_one_spelling(text: str, normal: str) -> None:
    assert normal_email(text) == normal
    assert normal_email(normal) == normal


@pytest.mark.parametrize("text", ["a@b", "li.na+shop@example.com", "李娜@例子.公司"])
def test_address_with_both_sides_is_one(text: str) -> None:
    assert is_email(text)


@pytest.mark.parametrize(
    "text", ["", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\n", "a\0@b", "a" * 65 + "@b", "a@" + "b" * 260]
)
def test_anything_else_is_no_address(text: str) -> None:
    assert not is_email(text)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(TEAMS), st.sampled_from(TEAMS)), max_size=30))
def test_moves_that_are_allowed_never_close_a_circle(moves: list[tuple[UUID, UUID]]) -> None:
    parents: dict[UUID, UUID | None] = dict.fromkeys(TEAMS)
    for team, parent in moves:
        if not would_cycle(parents, team, parent):
            parents[team] = parent
        for each in TEAMS:
            seen, current = set(), parents[each]
            while current is not None:
                assert current not in seen
                assert current != each
                seen.add(current)
                current = parents[current]


def test_a_circle_that_is_there_ends_the_search() -> None:
    a, b, c = TEAMS[:3]
    assert not would_cycle({a: b, b: a, c: None}, c, a)


@pytest.mark.parametrize("scope", sorted(LONGEST))
def test_grant_runs_from_now_to_its_longest(scope: str) -> None:
    longest = LONGEST[scope]
    assert scope in ALL
    assert fits(scope, NOW + longest, NOW)
    assert fits(scope, NOW + timedelta(microseconds=1), NOW)
    assert not fits(scope, NOW, NOW)
    assert not fits(scope, NOW + longest + timedelta(microseconds=1), NOW)


def test_bulk_export_is_granted_for_a_day_at_most() -> None:
    assert LONGEST["exports:pii"] == timedelta(hours=24)


def test_s49_twenty_logins_fit_into_a_minute() -> None:
    window: AddressWindow | None = None
    for i in range(20):
        window = count_address(window, NOW + timedelta(seconds=i))
        assert address_seconds_left(window, NOW + timedelta(seconds=i)) == 0
    window = count_address(window, NOW + timedelta(seconds=20))
    assert address_seconds_left(window, NOW + timedelta(seconds=20)) == 40
    assert count_address(window, NOW + timedelta(seconds=60)) == AddressWindow(1, NOW + timedelta(seconds=60))


def test_s49_clock_that_was_set_back_begins_a_new_minute() -> None:
    assert count_address(AddressWindow(20, NOW + timedelta(hours=1)), NOW) == AddressWindow(1, NOW)
