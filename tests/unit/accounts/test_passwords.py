"""S-48: what a password is, and what checking one costs."""

from __future__ import annotations

import threading
import time
import unicodedata
from statistics import median

import argon2
import pytest
from argon2.exceptions import InvalidHashError

from custhub.features.accounts.errors import PasswordTooWeak
from custhub.features.accounts.rules import PasswordHasher, check_password

HASHER = PasswordHasher()
PASSWORD = "correct horse battery"
STORED = HASHER.hash(PASSWORD)


@pytest.mark.parametrize(
    "password",
    ["", "short", "e" * 11, "x" * 129, "x" * 100_000, "e\u0301" * 11, "密码" * 65],
    ids=["empty", "short", "11", "129", "very long", "11 after NFC although 22 before", "130 chinese"],
)
def test_s48_password_outside_12_to_128_characters_is_refused(password: str) -> None:
    with pytest.raises(PasswordTooWeak) as refused:
        check_password(password)
    assert [issue.pointer for issue in refused.value.issues] == ["#/password"]
    with pytest.raises(PasswordTooWeak):
        HASHER.hash(password)


@pytest.mark.parametrize(
    "password",
    ["e" * 12, "x" * 128, "e\u0301" * 128, "ệ" * 12, "一二三四五六七八九十百千", " " * 3 + "a" * 9, "a\0" * 6],
    ids=["12", "128", "128 after NFC although 256 before", "vietnamese", "chinese", "blanks kept", "nul"],
)
def test_s48_password_of_12_to_128_characters_is_taken_in_nfc(password: str) -> None:
    assert check_password(password) == unicodedata.normalize("NFC", password)


def test_hash_verifies_its_own_password_only() -> None:
    assert HASHER.verify(STORED, PASSWORD)
    for other in ("", PASSWORD + " ", PASSWORD.upper(), PASSWORD[:-1], "x" * 1000, PASSWORD + "\0"):
        assert not HASHER.verify(STORED, other)


def test_s48_both_spellings_of_one_text_are_one_password() -> None:
    stored = HASHER.hash("mật khẩu của tôi")
    assert HASHER.verify(stored, unicodedata.normalize("NFD", "mật khẩu của tôi"))


def test_lone_surrogate_neither_raises_nor_collides() -> None:
    stored = HASHER.hash("a" * 12 + "\ud800")
    assert HASHER.verify(stored, "a" * 12 + "\ud800")
    assert not HASHER.verify(stored, "a" * 12 + "?")
    assert not HASHER.verify(stored, "a" * 12 + "\ud801")


def test_s48_parameters_are_argon2id_19456_2_1_and_salts_differ() -> None:
    assert STORED.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert HASHER.hash(PASSWORD) != STORED


def test_s48_hash_with_other_parameters_needs_a_rehash() -> None:
    weaker = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    assert HASHER.verify(weaker, PASSWORD)
    assert HASHER.needs_rehash(weaker)
    assert not HASHER.needs_rehash(STORED)


def test_s48_hash_of_nobody_has_the_current_parameters() -> None:
    assert not HASHER.needs_rehash(PasswordHasher._NOBODY)
    assert len(PasswordHasher._NOBODY) == len(STORED)


def test_s48_unknown_user_is_refused_at_the_cost_of_a_known_one() -> None:
    def cost(stored: str | None) -> float:
        started = time.thread_time()
        assert not HASHER.verify(stored, "wrong password, long enough")
        return time.thread_time() - started

    known, unknown = [], []
    for _ in range(7):
        known.append(cost(STORED))
        unknown.append(cost(None))
    assert median(unknown) == pytest.approx(median(known), rel=0.5)


def test_stored_text_that_is_no_hash_is_a_fault_and_not_a_wrong_password() -> None:
    with pytest.raises(InvalidHashError):
        HASHER.verify("plain text", PASSWORD)


def test_verify_may_run_in_a_thread() -> None:
    seen: list[bool] = []
    thread = threading.Thread(target=lambda: seen.append(HASHER.verify(STORED, PASSWORD)))
    thread.start()
    thread.join()
    assert seen == [True]
