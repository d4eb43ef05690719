"""CONTRACT E2: every refusal has a code, and texts in English and Chinese that echo nothing."""

from __future__ import annotations

import inspect
import re

import pytest

from custhub.features.customers import errors
from custhub.features.customers.rules import parse_email
from custhub.kit.errors import REGISTRY, Conflict, Forbidden, Gone, HubError, NotFound, RuleBroken

OWN = [
    value
    for _, value in inspect.getmembers(errors, inspect.isclass)
    if issubclass(value, HubError) and value.__module__ == errors.__name__
]


@pytest.mark.parametrize("error", OWN)
def test_error_is_registered_with_texts_in_both_languages(error: type[HubError]) -> None:
    assert re.fullmatch("[a-z]+(_[a-z]+)*", error.code)
    assert REGISTRY[error.code] is error
    assert re.search("[\u4e00-\u9fff]", error.text("zh").title)
    assert error.text("zh").detail.endswith("。")
    assert error.text("en").detail.endswith(".")
    assert issubclass(error, Forbidden | NotFound | Conflict | Gone | RuleBroken)


@pytest.mark.parametrize("secret", ["secret@@example", "a@secret.xn--zzzzzz99"])
def test_error_raised_by_a_rule_holds_no_value(secret: str) -> None:
    """SECURITY S-20: exceptions never carry values, not even in the error they stem from."""
    with pytest.raises(errors.EmailInvalid) as raised:
        parse_email(secret)
    assert "secret" not in f"{raised.value!r} {raised.value.members} {raised.value.issues}"
    assert raised.value.__context__ is None
