"""The runner of the demonstration, as far as it needs no hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import ValidationError

from custhub.features.customers.schemas.bodies import CustomerCreate
from custhub.http.issues import issues_of


@pytest.fixture(scope="module")
def sending(module: Callable[[str], ModuleType]) -> Any:
    return module("demorun.sending")


@pytest.fixture(scope="module")
def reading(module: Callable[[str], ModuleType]) -> Any:
    return module("demorun.reading")


@pytest.fixture(scope="module")
def made(module: Callable[[str], ModuleType]) -> Any:
    return module("demodata.build").build()


#: Refused by the schema; the other codes need the rest of the row, or other rows.
BY_SCHEMA = {
    "country_invalid", "email_invalid", "external_id_invalid", "language_invalid", "time_zone_invalid", "too_long",
}  # fmt: skip


def test_each_row_makes_a_body_that_the_schema_takes_or_refuses_as_expected(
    demo: Path, sending: Any, made: Any
) -> None:
    rows = sending.rows_of(demo / "customers.csv")
    assert len(rows) == len(made)
    for cells, row in zip(rows, made, strict=True):
        try:
            CustomerCreate.model_validate(sending.body_of(cells))
            code = ""
        except ValidationError as error:
            codes = {issue.code for issue in issues_of([{**e, "loc": ("body", *e["loc"])} for e in error.errors()])}
            assert len(codes) == 1, "a row is wrong for one reason"
            code = codes.pop()
        if row.code in BY_SCHEMA or code != "name_invalid":
            assert code == (row.code if row.code in BY_SCHEMA else ""), cells


def test_an_empty_cell_is_an_absent_member(sending: Any) -> None:
    cells = dict.fromkeys(("phone", "phone2", "email", "address", "birthday", "external_id", "tags"), "")
    cells |= dict.fromkeys(sending._PLAIN, "") | {"display_name": "李娜"}
    assert sending.body_of(cells) == {"display_name": "李娜", "phones": [], "emails": [], "tags": []}


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        ({"code": "phone_taken", "errors": []}, "phone_taken"),
        ({"code": "phone_invalid", "errors": [{"code": "phone_invalid"}]}, "phone_invalid"),
        ({"code": "validation_failed", "errors": [{"code": "email_invalid"}]}, "email_invalid"),
    ],
)
def test_a_refusal_is_counted_under_the_most_telling_code(sending: Any, problem: Any, code: str) -> None:
    assert sending.code_of(problem) == code


def answer(**members: Any) -> dict[str, Any]:
    texts = dict.fromkeys(("display_name", "given_name", "family_name", "company_name", "note"))
    return {**texts, "phones": [], "addresses": [], **members}


@pytest.mark.parametrize(
    ("customer", "readable"),
    [
        (answer(phones=[{"masked": "+86 138****5678"}]), False),
        (answer(phones=[{"masked": "+86 138****5678", "e164": "+8613812345678"}]), True),
        (answer(note="电话 +86 138****5678"), False),
        (answer(note="电话 138-1234-5678"), True),
        (answer(addresses=[{"street": "人民路1号 １３８１２３４５６７８"}]), True),
    ],
)
def test_a_number_that_can_be_read_in_an_answer_is_seen(reading: Any, customer: Any, readable: bool) -> None:
    cells = {"phone": "0086-138-1234-5678", "phone2": "", "note": "", "display_name": "", "address": ""}
    assert reading.shows_a_number(customer, cells) is readable


def test_a_figure_that_differs_fails_the_verdict(module: Callable[[str], ModuleType]) -> None:
    verdict = module("demorun.report").Verdict()
    verdict.compare("phones", {"CN": 2, "HK": 1}, {"CN": 2, "US": 1})
    assert verdict.failures == 2
