"""Bits of a pair, and what follows from them (MATCHING 1 and 3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.features.matching.rules.levels import Field
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.rules.scoring import Decision, Score, Scorer
from custhub.features.matching.rules.weights import shipped_weights
from custhub.features.matching.service.explaining import explanation
from tests.unit.matching.people import person

HOME = {"phone": "13812345678", "email": "blue.whale@qq.com", "address": "深圳市南山区科技园路1号3栋502"}


def scored(
    left: Person, right: Person, holders: Mapping[tuple[Field, str], int] | None = None
) -> tuple[Score, Decision]:
    counts = Counter(holders or {})
    scorer = Scorer(shipped_weights(), 10_000, lambda field, value: counts[field, value])
    score = scorer.score(left, right)
    back = scorer.score(right, left)
    assert (back.total, back.contradictions, back.is_certain) == (score.total, score.contradictions, score.is_certain)
    return score, scorer.decide(score)


SAME_PERSON = [
    ({"name": "张三丰", "phone": "13812345678"}, {"name": "Zhang Sanfeng", "phone": "+86 138 1234 5678", "email": ""}),
    ({"name": "William Smith", "email": "w@smith.org"}, {"name": "Bill Smith", "email": "w@smith.org"}),
    ({"name": "张伟", "birthday": "1990-05-03", "phone": "13812345678"}, {"name": "张玮", "phone": "13812345678"}),
    # One identity that is wrong, against two that agree.
    (
        {"name": "王芳", "birthday": "1990-05-03", "personal_id": "110105199005031234"},
        {"name": "李芳芳", "birthday": "1990-05-03", "personal_id": "110105199005031234"},
    ),
]

HOUSEHOLDS = {
    "twins on one phone": (
        {"name": "王建国", "birthday": "1990-05-03", **HOME},
        {"name": "王建军", "birthday": "1990-05-03", **HOME},
    ),
    "spouses": ({"name": "王建国", **HOME}, {"name": "李秀英", **HOME}),
    "father and son of one name": (
        {"name": "John Smith", "birthday": "1960-05-03", **HOME},
        {"name": "John Smith", "birthday": "1992-11-28", **HOME},
    ),
    "junior": ({"name": "John Smith Jr.", **HOME}, {"name": "John Smith Sr.", **HOME}),
    "a child on the id of a parent": (
        {"name": "王建国", "birthday": "1960-05-03", "personal_id": "110105196005031234", **HOME},
        {"name": "王小宝", "birthday": "2015-11-28", "personal_id": "110105196005031234", **HOME},
    ),
    "somebody known by a title": ({"name": "王先生", **HOME}, {"name": "李先生", **HOME}),
}


@pytest.mark.parametrize(("left", "right"), SAME_PERSON)
def test_one_person_in_two_records_is_merged(left: dict[str, str], right: dict[str, str]) -> None:
    score, decision = scored(person(**left), person(**right))
    assert score.total >= 6
    assert decision is Decision.MERGE


@pytest.mark.parametrize("kind", HOUSEHOLDS)
def test_people_of_one_home_are_never_merged(kind: str) -> None:
    left, right = HOUSEHOLDS[kind]
    assert scored(person(**left), person(**right))[1] is not Decision.MERGE


def test_home_is_one_piece_of_evidence_where_the_person_contradicts() -> None:
    score, _ = scored(person(name="王建国", **HOME), person(name="李秀英", **HOME))
    home = sum(one.bits for one in score.evidence if one.field in (Field.PHONE, Field.MAIL, Field.ADDRESS))
    assert home + score.cap == shipped_weights().household_cap


def test_one_kind_of_evidence_is_for_a_person_to_judge() -> None:
    same_name = person(name="张三丰")
    score, decision = scored(
        person(name="张三丰", address=HOME["address"]), person(name="张三丰", address=HOME["address"])
    )
    assert not score.is_twofold
    assert decision is not Decision.MERGE
    assert scored(same_name, same_name)[1] is Decision.IGNORE


def test_what_many_hold_says_less() -> None:
    left = person(name="王伟", phone="13812345678")
    totals = [
        scored(left, left, holders={(Field.NAME, "王伟"): names, (Field.PHONE, "+8613812345678"): numbers})[0].total
        for names, numbers in ((2, 2), (2_000, 2), (2_000, 30))
    ]
    assert totals == sorted(totals, reverse=True)
    assert len(set(totals)) == 3


def test_prior_falls_with_the_number_of_records() -> None:
    weights = shipped_weights()
    assert weights.prior(100_000) == -13.5
    assert weights.prior(200_000) == -14.5
    assert weights.prior(10) == weights.prior(1_000)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "name": st.sampled_from(["张三丰", "Zhang San", "John Smith", "王先生", "Jon Smith Jr", ""]),
                "phone": st.sampled_from(["13812345678", "13812345679", "0755-86131234", ""]),
                "email": st.sampled_from(["a.whale@qq.com", "a.whale@163.com", ""]),
                "address": st.sampled_from([HOME["address"], "12 Hill Street", ""]),
                "birthday": st.sampled_from(["1990-05-03", "1990-03-05", "1984-11-28", ""]),
                "personal_id": st.sampled_from(["5380541", "5380514", ""]),
                "company": st.sampled_from(["Acme Ltd", "Acme Trading", ""]),
            }
        ),
        min_size=2,
        max_size=2,
    )
)
def test_bits_add_up_in_every_explanation(rows: list[dict[str, str]]) -> None:
    left, right = (person(**row) for row in rows)
    score, decision = scored(left, right)
    said = explanation(score, decision, shipped_weights(), left, right)
    total = said["prior"] + sum(field["bits"] for field in said["fields"]) + said["household"]
    assert said["total"] == pytest.approx(total, abs=0.01)
    assert 0 <= said["probability"] <= 1
    assert (said["decision"] == "merge") == (said["rule"] in ("two_kinds_agree", "contradiction_overruled"))
