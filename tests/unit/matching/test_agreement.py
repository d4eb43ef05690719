"""How `make prove-splink` compares two opinions, and the list that it invents."""

from __future__ import annotations

import pytest

from custhub.features.matching.rules.levels import Field, Level
from tests.invented import Invented
from tests.proofs.second_opinion import agreement

NAME_SAME, NAME_OTHER = (Field.NAME, Level.SAME), (Field.NAME, Level.DIFFERENT)
DAY_SAME, DAY_OTHER = (Field.BIRTHDAY, Level.SAME), (Field.BIRTHDAY, Level.DIFFERENT)


def test_levels_lean_alike_where_both_say_so() -> None:
    ours = {NAME_SAME: 9.0, NAME_OTHER: -9.0, DAY_SAME: 12.0, DAY_OTHER: -0.5}
    assert agreement(ours, {NAME_SAME: 8.0, NAME_OTHER: -4.0, DAY_SAME: 13.0, DAY_OTHER: 0.2})[:3] == (3, 3, 1.0)
    levels, alike, rank, apart = agreement(ours, {NAME_SAME: 8.0, NAME_OTHER: 4.0, DAY_SAME: None})
    assert (levels, alike, apart) == (2, 1, "name different -9.0 4.0")
    assert rank == pytest.approx(1.0)


def test_a_list_is_invented_with_people_who_share_a_home() -> None:
    rows = Invented(7).rows(200)
    assert rows == Invented(7).rows(200)
    assert len({row["record_id"] for _, row in rows}) == len(rows)
    numbers = {row["phone"]: person for person, row in rows if row["phone"] and person.startswith("b")}
    assert any(row["phone"] in numbers for person, row in rows if person.startswith("a"))
    assert all(row["birthday"] == "" or len(row["birthday"]) == 10 for _, row in rows)
