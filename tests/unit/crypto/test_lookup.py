"""S-09, S-10, S-85: keyed hashes of numbers."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.crypto.errors import KeyMissing, KeyUnavailable
from custhub.crypto.keyring import Keyring, Purpose
from custhub.crypto.lookup import BlindIndexes, SuppressionHashes

NUMBER = "+8613812345678"


@pytest.fixture(scope="module")
def indexes(keyring: Keyring) -> BlindIndexes:
    return BlindIndexes(keyring)


def test_s17_both_indexes_are_there_under_each_live_key(keyring: Keyring, indexes: BlindIndexes) -> None:
    both = BlindIndexes(keyring.with_new(Purpose.BIDX))

    assert both.kids() == (1, 2)
    assert both.exact(NUMBER, 1) == indexes.exact(NUMBER)
    assert both.exact(NUMBER) == both.exact(NUMBER, 2) != both.exact(NUMBER, 1)
    assert both.last4("5678", 1) == indexes.last4("5678")
    assert {both.last4(f"{n:04}", 1) for n in range(50)} != {both.last4(f"{n:04}") for n in range(50)}


def test_s15_an_index_under_a_key_that_is_not_loaded_is_unavailable(indexes: BlindIndexes) -> None:
    with pytest.raises(KeyUnavailable):
        indexes.exact(NUMBER, 2)
    with pytest.raises(KeyUnavailable):
        indexes.last4("5678", 0)


@pytest.mark.parametrize(
    "spelling", ["", "+", "8613812345678", "+86 13812345678", "+861381234567８", "++86138", "+8613812345678;ext=1"]
)
def test_s09_only_normalised_numbers_are_hashed(keyring: Keyring, indexes: BlindIndexes, spelling: str) -> None:
    for hash_number in (indexes.exact, SuppressionHashes(keyring).of):
        with pytest.raises(ValueError, match=r"^number must be E\.164") as caught:
            hash_number(spelling)
        assert "138" not in str(caught.value)
        assert caught.value.__context__ is None


@settings(max_examples=100, deadline=None, derandomize=True)
@given(first=st.from_regex(r"\+[0-9]{3,15}", fullmatch=True), second=st.from_regex(r"\+[0-9]{3,15}", fullmatch=True))
def test_s09_exact_is_16_bytes_and_equal_only_for_equal_numbers(indexes: BlindIndexes, first: str, second: str) -> None:
    assert len(indexes.exact(first)) == 16
    assert (indexes.exact(first) == indexes.exact(second)) == (first == second)


@pytest.mark.parametrize("digits", ["", "56 78", "５６７８", "-567", "٥٦٧٨"])
def test_s10_only_digits_have_a_bucket(indexes: BlindIndexes, digits: str) -> None:
    with pytest.raises(ValueError, match=r"^digits must be"):
        indexes.last4(digits)


def test_s10_only_the_last_four_digits_count(indexes: BlindIndexes) -> None:
    assert indexes.last4("13812345678") == indexes.last4("5678") == indexes.last4("99995678")
    assert indexes.last4("567") != indexes.last4("0567")


def test_s10_buckets_stay_in_range_and_mix_several_endings(indexes: BlindIndexes) -> None:
    buckets = Counter(indexes.last4(f"{n:04}") for n in range(10_000))

    assert min(buckets) >= 0
    assert max(buckets) <= 4095
    assert len(buckets) > 3500
    assert max(buckets.values()) < 16


def test_s85_a_number_is_hashed_under_all_live_keys(keyring: Keyring) -> None:
    before = SuppressionHashes(keyring).of(NUMBER)
    after = SuppressionHashes(keyring.with_new(Purpose.SUPPRESS)).of(NUMBER)

    assert set(after) == {1, 2}
    assert after[1] == before[1]
    assert after[2] != after[1]
    assert {len(value) for value in after.values()} == {32}


def test_hashes_need_a_live_key(keyring: Keyring) -> None:
    with pytest.raises(KeyMissing):
        BlindIndexes(keyring.without(Purpose.BIDX, 1))
    with pytest.raises(KeyMissing):
        SuppressionHashes(keyring.without(Purpose.SUPPRESS, 1))
