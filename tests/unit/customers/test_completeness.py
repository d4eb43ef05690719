"""How complete a customer is."""

from __future__ import annotations

from custhub.features.customers.rules import CustomerKind
from custhub.features.customers.rules.completeness import Lack, Missing, completeness

PERSON, FIRM = CustomerKind.PERSON, CustomerKind.ORGANISATION


def test_nothing_wanting_is_a_hundred_and_nothing_seen_too() -> None:
    assert completeness(PERSON, {"phones": None, "birthday": None}).score == 100
    assert completeness(PERSON, {}).score == 100


def test_members_count_by_their_kind() -> None:
    lacks = {"tax_id": Lack.MISSING, "birthday": Lack.MISSING, "phones": None}
    assert [missing.field for missing in completeness(PERSON, lacks).missing] == ["birthday"]
    assert [missing.field for missing in completeness(FIRM, lacks).missing] == ["tax_id"]


def test_what_is_missing_stands_from_the_greatest_to_the_least() -> None:
    found = completeness(
        PERSON,
        {"gender": Lack.MISSING, "phones": Lack.UNUSABLE, "custom_fields.size": Lack.MISSING, "note": Lack.MISSING},
    )
    assert found.missing == (
        Missing("phones", Lack.UNUSABLE, 25),
        Missing("custom_fields.size", Lack.MISSING, 10),
        Missing("gender", Lack.MISSING, 5),
    )
    assert found.score == 0


def test_the_score_is_the_part_that_is_there() -> None:
    assert completeness(PERSON, {"phones": None, "display_name": Lack.MISSING}).score == 25 * 100 // 40
