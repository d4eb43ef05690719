"""What a scan holds a customer against, rule by rule: just within, and just beyond."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.features.quality.rules import Fix, Interval, Problem, Severity, VerificationPolicy, problems_of
from custhub.features.quality.rules.seen import Seen
from custhub.kit.ids import Prefix, to_text
from tests.unit.quality.people import NOW, address, ago, consent, email, measure, phone, problems, seen


def test_a_customer_with_nothing_wrong_has_no_problem() -> None:
    good = seen(
        emails=(email("jane@example.com"),), addresses=(address(city="深圳市"),), consents=(consent(ago(1)),),
        birthday="1990-05-03", holds_claims=True,
    )  # fmt: skip
    assert problems(good) == {}


@pytest.mark.parametrize(
    ("phones", "places", "is_found"),
    [
        (["CN"], ["DE"], True), (["CN"], ["CN"], False), (["CN", "DE"], ["DE"], False), (["CN"], ["DE", "CN"], False),
        (["CN", "FR"], ["DE", "US"], True), (["001"], ["DE"], False), ([], ["DE"], False), (["CN"], [], False),
    ],
)  # fmt: skip
def test_country_mismatch(phones: list[str], places: list[str], is_found: bool) -> None:
    """Numbers and addresses that have no country in common."""
    numbers = tuple(phone(f"+861381234567{i}", country=country) for i, country in enumerate(phones))
    found = problems(seen(phones=numbers, addresses=tuple(map(address, places)), emails=(email("a@example.com"),)))
    assert ("country_mismatch" in found) == is_found
    if is_found:
        told = found["country_mismatch"]
        assert (told.field, told.severity, told.fix) == ("addresses", Severity.LOW, None)
        assert told.value == {"phones": sorted(phones), "addresses": sorted(places)}


def test_unknown_entry() -> None:
    known = {("stage", "lead"), ("need", "price")}
    person = seen(stage="gone", category="odd", needs=["price", "speed"])
    found = [p for p in _all(person, is_entry=lambda name, key: (name, key) in known) if p.reason == "unknown_entry"]
    assert [(p.field, p.value, p.fix) for p in found] == [
        ("stage", "gone", None), ("category", "odd", None), ("needs", ["speed"], None),
    ]  # fmt: skip
    fine = seen(stage="lead", category=None, needs=["price"])
    assert problems(fine, is_entry=lambda name, key: (name, key) in known) == {}


def _all(person: Seen, **members: Any) -> list[Problem]:
    return problems_of(person, measure(**members))


def test_archived_with_claims() -> None:
    """Of somebody archived nothing else matters."""
    found = problems(seen(archived_at=ago(1), holds_claims=True, phones=(), name="测试"))
    assert {reason: (p.field, p.severity) for reason, p in found.items()} == {
        "archived_with_claims": ("phones", Severity.HIGH)
    }
    assert problems(seen(archived_at=ago(1), phones=(), name="测试")) == {}


@pytest.mark.parametrize(("days", "is_found"), [(3 * 365 - 1, False), (3 * 365, True)])
def test_old_address(days: int, is_found: bool) -> None:
    place = address(city="深圳市", updated_at=ago(days))
    found = problems(seen(addresses=(place, address(city="广州市"))))
    assert ("old_address" in found) == is_found
    if is_found:
        assert (found["old_address"].part, found["old_address"].fix) == (to_text(Prefix.ADDRESS, place.id), None)


@pytest.mark.parametrize(
    ("days", "status", "is_found"),
    [(2 * 365 - 1, "granted", False), (2 * 365, "granted", True), (2 * 365, "withdrawn", False)],
)
def test_old_consent(days: int, status: str, is_found: bool) -> None:
    found = problems(seen(consents=(consent(ago(days), status),)))
    assert ("old_consent" in found) == is_found
    if is_found:
        assert (found["old_consent"].field, found["old_consent"].part) == ("consents", "newsletter:email")


@pytest.mark.parametrize(
    ("members", "is_found"),
    [
        ({}, True),
        ({"created_at": ago(179)}, False),
        ({"checked_at": None}, False),
        ({"verified_at": ago(200)}, False),
        ({"status": "active"}, False),
    ],
)
def test_never_reached(members: dict[str, Any], is_found: bool) -> None:
    """Tried, never proven, older than 180 days."""
    held = phone(**({"created_at": ago(180), "checked_at": ago(2)} | members))
    found = problems(seen(phones=(held,)))
    assert ("never_reached" in found) == is_found
    if is_found:
        told = found["never_reached"]
        assert (told.kind, told.part, told.fix) == ("dead_phone", to_text(Prefix.PHONE, held[0].id), None)


@pytest.mark.parametrize(
    ("status", "members", "is_found"),
    [
        ("dead", {"checked_at": ago(90)}, True), ("dead", {"checked_at": ago(89)}, False),
        ("changed", {"updated_at": ago(90)}, True), ("changed", {"updated_at": ago(91), "checked_at": ago(1)}, False),
        ("active", {"checked_at": ago(90)}, False),
    ],
)  # fmt: skip
def test_dead_numbers(status: str, members: dict[str, Any], is_found: bool) -> None:
    found = problems(seen(phones=(phone(status=status, **members),), emails=(email("a@example.com"),)))
    assert (status in found) == is_found
    if is_found:
        assert found[status].fix is Fix.REMOVE


def test_numbers_that_are_none_and_those_that_do_not_open() -> None:
    bad = problems(seen(phones=(phone("+8610000000000"),)))["not_valid"]
    assert (bad.severity, bad.fix, bad.proposed["status"]) == (Severity.HIGH, Fix.SET_STATUS, "dead")
    assert "expired" in problems(seen(phones=(phone(expires_at=NOW),)))
    closed, _ = phone(checked_at=ago(1), created_at=ago(400))
    assert problems(seen(phones=((closed, None),))) == {}


def test_nobody_to_be_reached() -> None:
    for phones in ((), (phone(status="dead"),), (phone(suppressed_by=seen().row.id),), (phone(expires_at=ago(1)),)):
        assert "unreachable" in problems(seen(phones=phones))
        assert "unreachable" not in problems(seen(phones=phones, emails=(email("a@example.com"),)))


def test_not_verified_in_time() -> None:
    policy = VerificationPolicy(Interval.NEVER, {"active": Interval.MONTHLY})
    for stage, made, is_found in (("active", 30, True), ("active", 29, False), ("lead", 400, False)):
        found = problems(seen(stage=stage, created_at=ago(made)), policy=policy)
        assert ("not_verified" in found) == is_found, (stage, made)
    proven = phone(verified_at=ago(29), status="active")
    assert problems(seen(stage="active", created_at=ago(400), phones=(proven,)), policy=policy) == {}


@pytest.mark.parametrize(
    ("birthday", "reason"),
    [
        ("1905-12-31", "birthday_too_old"), ("1906-01-01", None), ("2026-11-22", None),
        ("2026-11-23", "birthday_in_future"), ("--12-31", None), (None, None),
    ],
)  # fmt: skip
def test_birthdays(birthday: str | None, reason: str | None) -> None:
    assert set(problems(seen(birthday=birthday))) == ({reason} if reason else set())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("测试", {"placeholder_name": None}), ("ＴＥＳＴ", {"placeholder_name": None}),
        ("张三丰 13812345678", {"number_in_name": "张三丰"}), ("13812345678", {"number_in_name": None}),
        ("王先生", {}),
        ("王小明先生", {"title_in_name": "王小明"}), ("Mr. Tom Sawyer", {"title_in_name": "Tom Sawyer"}),
        ("深圳市大海贸易有限公司", {"company_as_person": "深圳市大海贸易有限公司"}), ("Drew Barry", {}),
    ],
)  # fmt: skip
def test_names(name: str, expected: dict[str, str | None]) -> None:
    assert {reason: p.proposed for reason, p in problems(seen(name=name)).items()} == expected


def test_an_organisation_may_be_called_like_one() -> None:
    assert problems(seen(kind="organisation", name="深圳市大海贸易有限公司")) == {}
    assert set(problems(seen(kind="organisation", name="测试"))) == {"placeholder_name"}


def test_of_two_that_are_the_same_the_primary_or_older_one_stays() -> None:
    first, second = phone(is_primary=False), phone(is_primary=True)
    assert problems(seen(phones=(first, second)))["duplicate"].part == to_text(Prefix.PHONE, first[0].id)
    one, two = address(city="深圳市"), address(city="深圳市")
    older, newer = sorted((one, two), key=lambda row: row.id.hex)
    assert problems(seen(addresses=(newer, older)))["duplicate"].part == to_text(Prefix.ADDRESS, newer.id)
    # What holds a number was sealed: nobody can tell whether it is the same.
    assert problems(seen(addresses=(one._replace(spans=b"x"), two._replace(spans=b"y")))) == {}
