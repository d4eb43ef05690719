"""Which of two values stands, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.features.customers.rules.provenance import (
    PERSON,
    WHOLE,
    Claimed,
    Decision,
    Origin,
    Provenance,
    Reason,
    Rule,
    Verdict,
    created,
    decide,
    is_empty,
    origin_of,
)

T0 = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
NOW = T0 + 100 * DAY
RANKS = {"erp": 900, "shop": 500, "csv": 100}


def at(days: int) -> datetime:
    return T0 + days * DAY


def claim(value: Any, source: str = "shop", days: int = 1, person: str | None = None) -> Claimed:
    return Claimed(value, source, at(days), RANKS.get(source, 500), person)


def ruled(standing: Any, stored: dict[str, Any] | None, claimed: Claimed) -> Decision:
    known = Provenance(stored, "shop", T0)
    return decide("language", standing, known, claimed, NOW, priority=RANKS.get(known.of("language").source, 500))


def told(origin: Origin) -> dict[str, Any] | None:
    return Provenance(None, "shop", T0).with_origins({"language": origin})


CONFIRMED = told(Origin(PERSON, at(5), Rule.CONFIRMED, "user:usr_1", NOW + DAY))
EXPIRED = told(Origin(PERSON, at(5), Rule.CONFIRMED, "user:usr_1", NOW - DAY))


@pytest.mark.parametrize(
    ("standing", "stored", "claimed", "verdict", "why"),
    [
        (None, None, claim("zh"), Verdict.WRITE, Rule.FILLED),
        (None, None, claim("zh", "csv", -9), Verdict.WRITE, Rule.FILLED),
        (None, None, claim(None), Verdict.KEEP, None),
        ("en", None, claim("en", days=-1), Verdict.KEEP, None),
        ("en", None, claim("zh", days=1), Verdict.WRITE, Rule.NEWER),
        ("en", None, claim("en", days=1), Verdict.RENEW, Rule.NEWER),
        ("en", None, claim("zh", days=-1), Verdict.KEEP, None),
        ("en", None, claim("zh", "erp", -1), Verdict.WRITE, Rule.PRIORITY),
        ("en", None, claim("zh", "csv", 50), Verdict.REFUSE, Reason.PRIORITY),
        ("en", None, claim("en", "csv", 50), Verdict.KEEP, None),
        ("en", CONFIRMED, claim("zh", "erp", 50), Verdict.REFUSE, Reason.CONFIRMED),
        (None, CONFIRMED, claim("zh", "erp", 50), Verdict.REFUSE, Reason.CONFIRMED),
        ("en", CONFIRMED, claim("en", "erp", 50), Verdict.KEEP, None),
        ("en", CONFIRMED, claim("zh", PERSON, 50, "user:usr_2"), Verdict.WRITE, Rule.CONFIRMED),
        ("en", CONFIRMED, claim("en", PERSON, 50, "user:usr_2"), Verdict.RENEW, Rule.CONFIRMED),
        ("en", EXPIRED, claim("zh", "erp", 6), Verdict.WRITE, Rule.PRIORITY),
        ("en", EXPIRED, claim("zh", "shop", 6), Verdict.WRITE, Rule.NEWER),
        ("en", EXPIRED, claim("zh", "shop", 4), Verdict.KEEP, None),
        ("en", EXPIRED, claim("zh", "csv", 6), Verdict.REFUSE, Reason.PRIORITY),
    ],
)
def test_a_claim_is_written_kept_away_or_refused(
    standing: Any, stored: dict[str, Any] | None, claimed: Claimed, verdict: Verdict, why: Rule | Reason | None
) -> None:
    decision = ruled(standing, stored, claimed)
    assert (decision.verdict, decision.rule or decision.reason) == (verdict, why)


def test_what_nobody_spoke_about_is_empty() -> None:
    assert is_empty("gender", "unknown")
    assert is_empty("stage", "lead")
    assert is_empty("language", None)
    assert is_empty("needs", [])
    assert not is_empty("gender", "other")
    assert not is_empty("language", "unknown")


def test_provenance_is_sparse() -> None:
    plain = Provenance(None, "web", T0)
    assert plain.of("birthday") == plain.whole == Origin("web", T0, Rule.CREATED)
    assert plain.of_part("eml_1", at(3)) == Origin("web", at(3), Rule.CREATED)
    assert created("web", None) is None
    older = Provenance(created("web", at(-9)), "shop", T0)
    assert older.of("birthday") == Origin("web", at(-9), Rule.CREATED)
    assert older.is_told(WHOLE)
    origin = Origin("erp", at(1), Rule.PRIORITY, None, None)
    stored = plain.with_origins({"birthday": origin})
    assert Provenance(stored, "web", T0).of("birthday") == origin
    assert Provenance(stored, "web", T0).with_origins({"birthday": None}) is None
    kept = Origin(PERSON, at(1), Rule.CONFIRMED, "user:usr_1", at(9))
    assert Provenance(plain.with_origins({"x": kept}), "web", T0).of("x") == kept


def _end(claims: tuple[Claimed, ...]) -> tuple[Any, str, datetime]:
    value: Any = None
    stored: dict[str, Any] | None = None
    for claimed in claims:
        known = Provenance(stored, "web", T0)
        standing = RANKS.get(known.of("language").source, 500)
        decision = decide("language", value, known, claimed, NOW, priority=standing)
        if decision.verdict in (Verdict.WRITE, Verdict.RENEW):
            value = claimed.value
            stored = known.with_origins({"language": origin_of(claimed, decision.rule or Rule.NEWER)})
    origin = Provenance(stored, "web", T0).of("language")
    return value, origin.source, origin.at


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(
        st.builds(
            claim,
            st.sampled_from(["zh", "en", "de"]),
            st.sampled_from(sorted(RANKS)),
            st.integers(min_value=1, max_value=4),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_claims_of_machines_commute(claims: list[Claimed]) -> None:
    """Devices that were offline send in any order: the same value stands in the end, from the same source."""
    ends = {_end(order) for order in permutations(claims)}
    assert len(ends) == 1
