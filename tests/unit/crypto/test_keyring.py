"""S-04, S-15, S-18: the keyring, its JSON form and the check at start."""

from __future__ import annotations

import base64
import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from custhub.crypto.errors import KeyMissing, KeyringError, KeyringInvalid
from custhub.crypto.keyring import ES256_PURPOSES, EnvironmentKeyProvider, KeyRef, Keyring, Purpose, check_references

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SECRET = base64.b64encode(b"s" * 32).decode()
Document = dict[str, Any]


def _document(keyring: Keyring) -> Document:
    document: Document = json.loads(keyring.to_json())
    return document


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def test_s04_generate_makes_key_1_of_every_purpose_all_different() -> None:
    keyring = Keyring.generate()

    assert {keyring.kids(purpose) for purpose in Purpose} == {(1,)}
    assert len({keyring.root(purpose, 1) for purpose in Purpose}) == len(Purpose)
    assert {len(keyring.root(purpose, 1)) for purpose in Purpose} == {32}


def test_json_gives_the_same_keyring_back() -> None:
    keyring = Keyring.generate().with_new(Purpose.FIELD).with_new(Purpose.JWT).without(Purpose.FIELD, 1)
    again = Keyring.from_json(keyring.to_json())

    assert again.to_json() == keyring.to_json()
    assert again.kids(Purpose.FIELD) == (2,)
    assert again.root(Purpose.JWT, 2) == keyring.root(Purpose.JWT, 2)


def test_kids_are_numbers_in_order_even_from_text_keys(keyring: Keyring) -> None:
    document = _document(keyring)
    document["keys"]["field"] = {str(kid): _encode(bytes([kid] * 32)) for kid in (10, 9, 2)}
    read = Keyring.from_json(json.dumps(document))

    assert read.kids(Purpose.FIELD) == (2, 9, 10)
    assert read.newest(Purpose.FIELD) == 10


def test_with_new_adds_the_next_kid_and_leaves_the_old_keyring_alone(keyring: Keyring) -> None:
    for purpose in Purpose:
        rotated = keyring.with_new(purpose)
        assert rotated.kids(purpose) == (1, 2)
        assert rotated.newest(purpose) == 2
        assert rotated.root(purpose, 1) == keyring.root(purpose, 1)
        assert keyring.kids(purpose) == (1,)


def test_a_retired_kid_never_comes_back(keyring: Keyring) -> None:
    retired = keyring.with_new(Purpose.FIELD).without(Purpose.FIELD, 2)

    assert retired.kids(Purpose.FIELD) == (1,)
    with pytest.raises(KeyMissing):
        retired.root(Purpose.FIELD, 2)
    assert Keyring.from_json(retired.to_json()).with_new(Purpose.FIELD).kids(Purpose.FIELD) == (1, 3)


def test_without_an_unknown_kid_is_refused(keyring: Keyring) -> None:
    with pytest.raises(KeyMissing, match=r"^key purpose=bidx kid=5 missing$"):
        keyring.without(Purpose.BIDX, 5)


def test_newest_of_a_purpose_without_live_keys_names_the_key_that_is_missing(keyring: Keyring) -> None:
    emptied = keyring.with_new(Purpose.FIELD).without(Purpose.FIELD, 1).without(Purpose.FIELD, 2)

    with pytest.raises(KeyMissing, match=r"^key purpose=field kid=2 missing$"):
        emptied.newest(Purpose.FIELD)


def test_ec_private_key_has_the_root_as_scalar_and_is_built_once(keyring: Keyring) -> None:
    for purpose in ES256_PURPOSES:
        key = keyring.ec_private_key(purpose, 1)
        assert isinstance(key.curve, ec.SECP256R1)
        assert key.private_numbers().private_value.to_bytes(32, "big") == keyring.root(purpose, 1)
        assert keyring.ec_private_key(purpose, 1) is key


def test_ec_private_key_is_refused_for_other_purposes_and_kids(keyring: Keyring) -> None:
    with pytest.raises(ValueError, match="ES256"):
        keyring.ec_private_key(Purpose.FIELD, 1)
    with pytest.raises(KeyMissing):
        keyring.ec_private_key(Purpose.JWT, 2)


def test_a_keyring_cannot_be_changed_copied_or_pickled(keyring: Keyring) -> None:
    with pytest.raises(AttributeError):
        keyring._roots = {}
    with pytest.raises(AttributeError):
        keyring.extra = 1
    with pytest.raises(AttributeError):
        del keyring._roots
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leave(keyring)


def test_a_keyring_does_not_follow_the_mapping_it_was_made_of() -> None:
    roots: dict[int, bytes | None] = {1: b"a" * 32}
    keyring = Keyring({Purpose.FIELD: roots})
    roots[2] = b"b" * 32

    assert keyring.kids(Purpose.FIELD) == (1,)


def _set(*path: str, to: object) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        for member in path[:-1]:
            document = document[member]
        document[path[-1]] = to

    return change


def _drop(*path: str) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        for member in path[:-1]:
            document = document[member]
        del document[path[-1]]

    return change


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_drop("version"), id="no version"),
        pytest.param(_set("version", to=2), id="later version"),
        pytest.param(_set("version", to=True), id="version true"),
        pytest.param(_set("version", to=1.0), id="version float"),
        pytest.param(_set("version", to="1"), id="version text"),
        pytest.param(_set("note", to=SECRET), id="unknown member"),
        pytest.param(_drop("keys"), id="no keys"),
        pytest.param(_set("keys", to=[SECRET]), id="keys as list"),
        pytest.param(_drop("keys", "audit"), id="purpose absent"),
        pytest.param(_set("keys", "backup", to={"1": SECRET}), id="purpose unknown"),
        pytest.param(_set("keys", "field", to=[SECRET]), id="kids as list"),
        pytest.param(_set("keys", "field", to=None), id="kids null"),
        pytest.param(_set("keys", "field", "0", to=SECRET), id="kid zero"),
        pytest.param(_set("keys", "field", "01", to=SECRET), id="kid with leading zero"),
        pytest.param(_set("keys", "field", "-1", to=SECRET), id="kid negative"),
        pytest.param(_set("keys", "field", "4294967296", to=SECRET), id="kid over u32"),
        pytest.param(_set("keys", "field", "4294967296", to=None), id="retired kid over u32"),
        pytest.param(_set("keys", "field", "٢", to=SECRET), id="kid in other digits"),
        pytest.param(_set("keys", "field", "2\n", to=SECRET), id="kid with line end"),
        pytest.param(_set("keys", "field", "2", to=7), id="root as number"),
        pytest.param(_set("keys", "field", "2", to=""), id="root empty"),
        pytest.param(_set("keys", "field", "2", to=_encode(b"s" * 31)), id="root short"),
        pytest.param(_set("keys", "field", "2", to=_encode(b"s" * 33)), id="root long"),
        pytest.param(_set("keys", "field", "2", to=SECRET.rstrip("=")), id="base64 without padding"),
        pytest.param(_set("keys", "field", "2", to=SECRET[:20] + "\n" + SECRET[20:]), id="base64 with line break"),
        pytest.param(_set("keys", "field", "2", to=SECRET[:-2] + "N="), id="base64 with loose bits"),
        pytest.param(_set("keys", "field", "2", to=_encode(b"\xff" * 32).replace("/", "_")), id="base64url"),
        pytest.param(_set("keys", "field", "2", to="é" + SECRET[1:]), id="base64 not ascii"),
        pytest.param(_set("keys", "field", "2", to=_encode(bytes(range(32)))), id="root twice in a purpose"),
        pytest.param(_set("keys", "bidx", "1", to=_encode(bytes(range(32)))), id="root in two purposes"),
        pytest.param(_set("keys", "jwt", "2", to=_encode(bytes(32))), id="scalar zero"),
        pytest.param(_set("keys", "jwt", "2", to=_encode(P256_ORDER.to_bytes(32, "big"))), id="scalar too big"),
    ],
)
def test_from_json_refuses(keyring: Keyring, change: Callable[[Document], None]) -> None:
    document = _document(keyring)
    change(document)

    with pytest.raises(KeyringInvalid) as caught:
        Keyring.from_json(json.dumps(document))
    assert SECRET[:8] not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", '"x"', "{", "{}", f'{{"version": 1, "keys": "{SECRET}', "[" * 100_000],
    ids=["empty", "null", "list", "text", "cut", "bare", "cut in a key", "deep"],
)
def test_from_json_refuses_what_is_no_keyring_and_keeps_no_text_of_it(text: str) -> None:
    with pytest.raises(KeyringInvalid) as caught:
        Keyring.from_json(text)
    assert caught.value.__context__ is None


def test_from_json_refuses_duplicate_members(keyring: Keyring) -> None:
    text = keyring.to_json()

    for once, twice in (
        ('"version": 1', '"version": 1, "version": 1'),
        ('"cursor": {', '"cursor": {}, "cursor": {'),
        ('"field": {', f'"field": {{"1": "{SECRET}",'),
    ):
        assert once in text
        with pytest.raises(KeyringInvalid):
            Keyring.from_json(text.replace(once, twice))


def test_the_largest_scalar_and_kid_are_fine(keyring: Keyring) -> None:
    document = _document(keyring)
    document["keys"]["jwt"]["4294967295"] = _encode((P256_ORDER - 1).to_bytes(32, "big"))
    read = Keyring.from_json(json.dumps(document))

    assert read.ec_private_key(Purpose.JWT, 4294967295).private_numbers().private_value == P256_ORDER - 1
    with pytest.raises(KeyringInvalid):
        read.with_new(Purpose.JWT)


def test_s15_nothing_to_say_when_every_reference_is_met(keyring: Keyring) -> None:
    refs = [KeyRef(purpose, 1, keyring.kcv(purpose, 1), 3) for purpose in Purpose]

    assert check_references(keyring, refs) == []


def test_s15_missing_and_exchanged_keys_are_named_with_what_depends_on_them(keyring: Keyring) -> None:
    refs = [
        KeyRef(Purpose.FIELD, 3, bytes(8), 12),
        KeyRef(Purpose.FIELD, 1, keyring.kcv(Purpose.FIELD, 1), 7),
        KeyRef(Purpose.BIDX, 1, bytes(8), 0),
        KeyRef(Purpose.AUDIT, 1, keyring.kcv(Purpose.AUDIT, 1)[:7], 1),
    ]

    assert check_references(keyring, refs) == [
        "key purpose=field kid=3 missing; 12 wrapped keys depend on it",
        "key purpose=bidx kid=1 mismatch; 0 wrapped keys depend on it",
        "key purpose=audit kid=1 mismatch; 1 wrapped keys depend on it",
    ]


def test_s15_a_retired_key_counts_as_missing(keyring: Keyring) -> None:
    ref = KeyRef(Purpose.FIELD, 1, keyring.kcv(Purpose.FIELD, 1), 1)

    assert check_references(keyring.without(Purpose.FIELD, 1), [ref]) == [
        "key purpose=field kid=1 missing; 1 wrapped keys depend on it"
    ]


def test_s15_check_value_needs_the_key(keyring: Keyring) -> None:
    with pytest.raises(KeyMissing):
        keyring.kcv(Purpose.FIELD, 2)


def test_s18_environment_gives_the_keyring(keyring: Keyring) -> None:
    provider = EnvironmentKeyProvider({"CUSTHUB_KEYRING": keyring.to_json()})

    assert provider.load().to_json() == keyring.to_json()


@pytest.mark.parametrize("environ", [{}, {"CUSTHUB_KEYRING": ""}, {"CUSTHUB_KEYRING": SECRET}])
def test_s18_environment_without_a_keyring_is_refused_and_none_is_made(environ: dict[str, str]) -> None:
    with pytest.raises(KeyringError) as caught:
        EnvironmentKeyProvider(environ).load()
    assert SECRET not in str(caught.value)
