"""S-50, RFC 6238: one-time codes that work once."""

from __future__ import annotations

from base64 import b32decode
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.features.accounts.rules import new_totp_secret, totp_code, totp_step, totp_uri, verify_totp

SECRET = b"12345678901234567890"
NOW = datetime(2026, 3, 1, 8, 0, 10, tzinfo=UTC)
STEP = totp_step(NOW)


@pytest.mark.parametrize(
    ("seconds", "eight_digits"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_rfc_6238_appendix_b_with_sha1(seconds: int, eight_digits: str) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    assert totp_code(SECRET, totp_step(moment)) == eight_digits[-6:]
    assert verify_totp(SECRET, eight_digits[-6:], moment, None) == seconds // 30


@pytest.mark.parametrize("drift", [-1, 0, 1])
def test_s50_code_of_this_and_the_neighbouring_steps_is_taken(drift: int) -> None:
    assert verify_totp(SECRET, totp_code(SECRET, STEP + drift), NOW, None) == STEP + drift


@pytest.mark.parametrize("drift", [-3, -2, 2, 3])
def test_s50_code_of_a_step_further_away_is_refused(drift: int) -> None:
    assert verify_totp(SECRET, totp_code(SECRET, STEP + drift), NOW, None) is None


def test_s50_code_works_once() -> None:
    code = totp_code(SECRET, STEP)
    used = verify_totp(SECRET, code, NOW, None)
    assert used == STEP
    for seconds in (0, 10, 30):
        assert verify_totp(SECRET, code, NOW + timedelta(seconds=seconds), used) is None


def test_s50_code_older_than_the_last_used_one_is_refused() -> None:
    assert verify_totp(SECRET, totp_code(SECRET, STEP - 1), NOW, STEP) is None
    assert verify_totp(SECRET, totp_code(SECRET, STEP + 1), NOW, STEP) == STEP + 1


def test_s50_code_shared_by_two_steps_uses_up_both() -> None:
    first = 910_737
    code = totp_code(SECRET, first)
    assert code == totp_code(SECRET, first + 1)
    now = datetime.fromtimestamp(first * 30, UTC)
    used = verify_totp(SECRET, code, now, None)
    assert used == first + 1
    assert verify_totp(SECRET, code, now, used) is None


@pytest.mark.parametrize("change", ["{} ", " {}", "0{}", "+{}", "-{}", "{}\n"])
def test_code_with_anything_around_it_is_refused(change: str) -> None:
    assert verify_totp(SECRET, change.format(totp_code(SECRET, STEP)), NOW, None) is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "٠١٢٣٤٥", "0x1234", "1e1000"])
def test_code_that_is_not_six_ascii_digits_is_refused(code: str) -> None:
    assert verify_totp(SECRET, code, NOW, None) is None


def test_full_width_digits_of_the_right_code_are_refused() -> None:
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in totp_code(SECRET, STEP))
    assert verify_totp(SECRET, wide, NOW, None) is None


@settings(max_examples=200, deadline=None, derandomize=True)
@given(seed=st.binary(min_size=20, max_size=20), step=st.integers(1, 2**40))
def test_code_is_always_six_digits(seed: bytes, step: int) -> None:
    code = totp_code(seed, step)
    assert len(code) == 6
    assert code.isdigit()


def test_secrets_are_random_and_160_bits_long() -> None:
    assert len(new_totp_secret()) == 20
    assert new_totp_secret() != new_totp_secret()


def test_uri_says_what_the_app_must_know() -> None:
    uri = urlsplit(totp_uri(SECRET, "李雷+hub@example.com", "custhub: 测试"))
    parameters = {name: values[0] for name, values in parse_qs(uri.query).items()}
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert uri.path.count(":") == 1
    assert unquote(uri.path) == "/custhub: 测试:李雷+hub@example.com"
    assert "+" not in uri.query
    assert b32decode(parameters.pop("secret")) == SECRET
    assert parameters == {"issuer": "custhub: 测试", "algorithm": "SHA1", "digits": "6", "period": "30"}
