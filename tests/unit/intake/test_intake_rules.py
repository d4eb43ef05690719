"""What an intake says, and whom it is about."""

from __future__ import annotations

from uuid import UUID

import pytest

from custhub.features.customers.rules import CustomerKind, MatchKind
from custhub.features.intake.rules import Hold, Holders, Target, names_of, says, target_of

A, B, C = (UUID(int=n) for n in (1, 2, 3))
PERSON, ORGANISATION = CustomerKind.PERSON, CustomerKind.ORGANISATION


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((PERSON, None, None, "李娜", None), ("李", "娜", "李娜")),
        ((PERSON, "王", "伟", None, None), ("王", "伟", "王伟")),
        ((PERSON, "Li", None, "Anna", None), ("Li", None, "Anna")),
        ((PERSON, None, None, None, "A 公司"), (None, None, None)),
        ((ORGANISATION, None, None, None, "A 公司"), (None, None, "A 公司")),
        ((ORGANISATION, None, None, "李娜", None), (None, None, "李娜")),
    ],
)
def test_all_names_are_said_outright(given: tuple[CustomerKind, str, str, str, str], expected: tuple[str, ...]) -> None:
    assert names_of(*given) == expected


def test_defaults_say_nothing() -> None:
    silent: list[tuple[str, object]] = [
        ("gender", "unknown"),
        ("stage", "lead"),
        ("note", ""),
        ("note", None),
        ("tags", []),
        ("custom_fields", {}),
    ]
    assert not any(says(name, value) for name, value in silent)
    assert says("gender", "female")
    assert says("note", "unknown")


@pytest.mark.parametrize(
    ("holders", "expected"),
    [
        (Holders({}, {}, frozenset()), None),
        (Holders({("s", "1"): B}, {b"n": A}, frozenset({C})), Target(B, MatchKind.EXTERNAL_ID, None)),
        (Holders({}, {b"n": B, b"m": A}, frozenset({C})), Target(A, MatchKind.PHONE, None)),
        (Holders({}, {}, frozenset({C})), Target(C, MatchKind.EMAIL, None)),
        (Holders({}, {}, frozenset({C, B})), Target(B, MatchKind.EMAIL, Hold.AMBIGUOUS)),
    ],
)
def test_the_strongest_key_says_whom_it_is_about(holders: Holders, expected: Target | None) -> None:
    assert target_of(holders) == expected
