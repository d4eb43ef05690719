"""Weights proposed from a list and from decisions."""

from __future__ import annotations

from collections import Counter
from math import log2

import pytest

from custhub.features.matching.rules.levels import CONTRADICTIONS, Field, Level
from custhub.features.matching.rules.proposing import Compared, proposed
from custhub.features.matching.rules.weights import shipped_weights

NAME_SAME, NAME_OTHER = (Field.NAME, Level.SAME), (Field.NAME, Level.DIFFERENT)
MAIL_SAME, MAIL_OTHER = (Field.MAIL, Level.SAME), (Field.MAIL, Level.DIFFERENT)
DAY_SAME, DAY_OTHER = (Field.BIRTHDAY, Level.SAME), (Field.BIRTHDAY, Level.DIFFERENT)

#: 10,000 strangers: one name in a hundred is the same, one birthday in a thousand.
STRANGERS: Counter[Compared] = Counter(
    {(NAME_SAME, MAIL_OTHER, DAY_OTHER): 100, (NAME_OTHER, MAIL_OTHER, DAY_SAME): 10,
     (NAME_OTHER, MAIL_OTHER, DAY_OTHER): 9_890}
)  # fmt: skip


def test_decisions_say_how_often_one_person_differs() -> None:
    confirmed: Counter[Compared] = Counter(
        {(NAME_SAME, MAIL_SAME, DAY_SAME): 5_000, (NAME_SAME, MAIL_OTHER, DAY_SAME): 5_000}
    )
    bits = proposed(shipped_weights(), Counter(), STRANGERS, confirmed)
    # Half of all mailboxes change, and almost all of those of strangers differ.
    assert bits[MAIL_OTHER] == pytest.approx(log2(0.5), abs=0.02)
    assert bits[NAME_SAME] == pytest.approx(log2(100), abs=0.05)
    assert bits[DAY_SAME] == pytest.approx(log2(1_000), abs=0.05)
    # No two strangers share a mailbox here: how rare that is, the sample does not say.
    assert bits[MAIL_SAME] == shipped_weights().bits[MAIL_SAME]


def test_a_list_without_decisions_is_divided_by_itself() -> None:
    seen: Counter[Compared] = Counter(
        {(NAME_SAME, MAIL_SAME, DAY_SAME): 6_000, (NAME_SAME, MAIL_OTHER, DAY_SAME): 2_000,
         (NAME_SAME, MAIL_OTHER, DAY_OTHER): 900, (NAME_OTHER, MAIL_SAME, DAY_OTHER): 800}
    )  # fmt: skip
    bits = proposed(shipped_weights(), seen, STRANGERS, Counter())
    assert bits[MAIL_OTHER] == pytest.approx(log2(0.25), abs=0.1)
    assert bits[DAY_OTHER] < -3


def test_little_evidence_moves_little() -> None:
    confirmed: Counter[Compared] = Counter({(NAME_SAME, MAIL_OTHER, DAY_SAME): 5})
    bits = proposed(shipped_weights(), Counter(), STRANGERS, confirmed)
    assert all(abs(found - shipped_weights().bits[at]) < 1.5 for at, found in bits.items())
    assert proposed(shipped_weights(), Counter(), Counter(), Counter()) == shipped_weights().bits


def test_what_contradicts_never_speaks_for_one_person() -> None:
    confirmed: Counter[Compared] = Counter({(NAME_OTHER, MAIL_SAME, DAY_OTHER): 9_000})
    strangers: Counter[Compared] = Counter({(NAME_OTHER, MAIL_OTHER, DAY_OTHER): 10, (NAME_SAME, DAY_SAME): 9_990})
    bits = proposed(shipped_weights(), Counter(), strangers, confirmed)
    assert all(bits[at] <= 0 for at in CONTRADICTIONS)
