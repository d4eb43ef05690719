"""The errors of accounts: families, headers, both languages."""

from __future__ import annotations

import inspect

import pytest

from custhub.features.accounts import errors
from custhub.kit.errors import REGISTRY, HubError, Unauthenticated, family_of

CODED = [kind for kind in REGISTRY.values() if kind.__module__.startswith(errors.__name__)]


def make(kind: type[HubError]) -> HubError:
    wanted = inspect.signature(kind).parameters
    if "retry_after_seconds" in wanted:
        return errors.AccountLocked(30) if kind is errors.AccountLocked else errors.TooManyLogins(30)
    if kind is errors.ReferenceUnknown:
        return errors.ReferenceUnknown("#/team_id")
    return errors.ScopeNotGrantable({"b", "a"}) if kind is errors.ScopeNotGrantable else kind()


@pytest.mark.parametrize("kind", CODED, ids=lambda kind: kind.code)
def test_error_has_its_texts_in_english_and_chinese(kind: type[HubError]) -> None:
    english, chinese = kind.text("en"), kind.text("zh")
    assert english.detail.endswith(".")
    assert chinese.detail.endswith("。")
    assert all(text.isascii() for text in (english.title, english.detail))


@pytest.mark.parametrize("kind", CODED, ids=lambda kind: kind.code)
def test_error_carries_the_header_of_its_status(kind: type[HubError]) -> None:
    error = make(kind)
    family = family_of(kind).__name__
    needed = {"Unauthenticated": "WWW-Authenticate", "TooMany": "Retry-After", "Unavailable": "Retry-After"}.get(family)
    assert list(error.headers) == ([needed] if needed else [])
    if issubclass(kind, Unauthenticated):
        assert error.headers["WWW-Authenticate"] == f'Bearer error="{kind.code}"'


def test_s49_lock_says_when_to_come_back() -> None:
    assert errors.AccountLocked(480).headers == {"Retry-After": "480"}


def test_s67_refusal_names_the_missing_scopes_in_order() -> None:
    assert errors.ScopeNotGrantable({"users:manage", "keys:manage"}).members == {
        "scopes": ["keys:manage", "users:manage"]
    }
