"""The expected failures of phones: family, code, texts without values."""

import re

import pytest

from custhub.features.phones import errors
from custhub.kit.errors import REGISTRY, Conflict, FieldIssue, HubError, NotFound, RuleBroken, TooMany, family_of


@pytest.mark.parametrize(
    ("error", "family", "code"),
    [
        (errors.PhoneInvalid, RuleBroken, "phone_invalid"),
        (errors.PhoneTaken, Conflict, "phone_taken"),
        (errors.PhoneNotFound, NotFound, "phone_not_found"),
        (errors.RevealQuotaExceeded, TooMany, "reveal_quota_exceeded"),
        (errors.LookupQuotaExceeded, TooMany, "lookup_quota_exceeded"),
        (errors.MaskProbing, TooMany, "lookup_pattern_refused"),
    ],
)
def test_each_error_has_family_code_and_texts_in_both_languages(
    error: type[HubError], family: type[HubError], code: str
) -> None:
    assert family_of(error) is family
    assert REGISTRY[code] is error
    for text in (error.text("en"), error.text("zh")):
        assert text.title
        assert text.detail
        assert re.search(r"\d", text.title + text.detail) is None
    assert re.search(r"[\u4e00-\u9fff]", error.text("zh").detail) is not None


def test_phone_invalid_carries_reason_and_pointer_and_no_value() -> None:
    issue = FieldIssue("#/phones/0/number", "phone_invalid")
    error = errors.PhoneInvalid(errors.InvalidReason.TOO_SHORT, issues=[issue])
    assert (error.issues, error.members, error.args) == ((issue,), {"reason": "too_short"}, ("phone_invalid",))


def test_invalid_reasons_are_stable() -> None:
    assert set(errors.InvalidReason) == {
        "too_long",
        "not_a_number",
        "invalid_country_code",
        "too_short",
        "too_many_digits",
        "extension_too_long",
        "not_valid_for_country",
    }
