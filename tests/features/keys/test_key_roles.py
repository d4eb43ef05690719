"""Which key does what follows from the list of keys alone (S-17)."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from custhub.crypto.errors import KeyMissing, KeyUnavailable
from custhub.crypto.keyring import FileKeyProvider, Keyring, Purpose
from custhub.crypto.live import AssignedKeyring, KeyRoles, LiveKeys
from custhub.crypto.models import KeyReference
from custhub.features.keys.rules import KeyState
from custhub.features.keys.service.states import roles_of
from custhub.features.keys.service.steps import BatchSize, Patience
from custhub.kit.clock import ManualClock
from custhub.kit.ids import new_id

NOW = datetime(2026, 3, 1, tzinfo=UTC)
#: The parts of the old and of the new index key, step by step.
STEPS = [
    (KeyState.LIVE, None),
    (KeyState.LIVE, KeyState.NEXT),
    (KeyState.LIVE, KeyState.FILLING),
    (KeyState.DRAINING, KeyState.LIVE),
    (KeyState.RETIRING, KeyState.LIVE),
    (KeyState.RETIRED, KeyState.LIVE),
]


def ref(purpose: Purpose, kid: int, state: KeyState) -> KeyReference:
    return KeyReference(new_id(), purpose, kid, bytes(8), state, None, NOW, NOW, 1)


def index_roles(step: tuple[KeyState, KeyState | None]) -> KeyRoles:
    old, new = step
    refs = [ref(Purpose.BIDX, 1, old)] + ([] if new is None else [ref(Purpose.BIDX, 2, new)])
    return roles_of(refs)


def test_s17_the_parts_of_an_index_key_step_by_step() -> None:
    seen = [(roles.in_charge[Purpose.BIDX], roles.claims) for roles in map(index_roles, STEPS)]
    assert seen == [(1, (1,)), (1, (1,)), (1, (1, 2)), (2, (1, 2)), (2, (2,)), (2, (2,))]


def test_s13_two_processes_a_step_apart_claim_under_a_common_key_and_find_what_the_other_indexes() -> None:
    for one, other in pairwise(map(index_roles, STEPS)):
        assert set(one.claims) & set(other.claims)
        assert one.in_charge[Purpose.BIDX] in other.claims
        assert other.in_charge[Purpose.BIDX] in one.claims


def test_s17_the_newest_live_key_is_in_charge_and_retired_ones_are_named() -> None:
    refs = [
        ref(Purpose.SUPPRESS, 1, KeyState.LIVE),
        ref(Purpose.SUPPRESS, 2, KeyState.LIVE),
        ref(Purpose.SUPPRESS, 3, KeyState.NEXT),
        ref(Purpose.JWT, 1, KeyState.RETIRED),
        ref(Purpose.JWT, 2, KeyState.LIVE),
    ]
    roles = roles_of(refs)
    assert roles.in_charge == {Purpose.SUPPRESS: 2, Purpose.JWT: 2}
    assert roles.retired == {(Purpose.JWT, 1)}


@pytest.fixture
def keys(tmp_path: Path) -> LiveKeys:
    """Live keys of a file with two keys of every purpose."""
    provider = FileKeyProvider(tmp_path / "keyring.json")
    ring = provider.create()
    for purpose in Purpose:
        ring = ring.with_new(purpose)
    provider.replace(ring)
    return LiveKeys(provider)


def test_s17_a_keyring_writes_under_the_key_in_charge_and_reads_under_all(keys: LiveKeys) -> None:
    keys.adopt(KeyRoles({Purpose.FIELD: 1}))
    owner = new_id()
    _, wrapped = keys.cipher.new_dek(owner)
    assert keys.cipher.kid_of(wrapped) == 1
    keys.adopt(KeyRoles({Purpose.FIELD: 2}))
    assert keys.cipher.unwrap(owner, 1, wrapped)
    assert keys.cipher.kid_of(keys.cipher.new_dek(owner)[1]) == 2


def test_s17_a_retired_key_is_not_used_even_while_the_file_has_it(keys: LiveKeys) -> None:
    owner = new_id()
    keys.adopt(KeyRoles({Purpose.FIELD: 1}))
    _, wrapped = keys.cipher.new_dek(owner)
    keys.adopt(KeyRoles({Purpose.FIELD: 2}, retired=frozenset({(Purpose.FIELD, 1)})))
    with pytest.raises(KeyUnavailable):
        keys.cipher.unwrap(owner, 1, wrapped)
    assert keys.loaded.kids(Purpose.FIELD) == (1, 2)


@pytest.mark.parametrize(
    "roles",
    [KeyRoles({Purpose.FIELD: 3}), KeyRoles({Purpose.BIDX: 1}, claims=(1, 3)), KeyRoles({Purpose.JWT: 9})],
)
def test_s15_parts_for_keys_that_are_not_there_change_nothing(keys: LiveKeys, roles: KeyRoles) -> None:
    before, changed = keys.roles, []
    keys.on_change(lambda: changed.append(True))
    with pytest.raises(KeyMissing):
        keys.adopt(roles)
    assert (keys.roles, changed) == (before, [])
    assert keys.claim_kids == (2,)


def test_s17_a_keyring_file_is_never_rewritten_from_a_stale_copy(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    FileKeyProvider(path).create()
    one, other = LiveKeys(FileKeyProvider(path)), LiveKeys(FileKeyProvider(path))
    one.write_new(Purpose.FIELD)
    other.write_new(Purpose.FIELD)
    ring = FileKeyProvider(path).load()
    assert ring.kids(Purpose.FIELD) == (1, 2, 3)
    assert one.is_outdated
    one.reload()
    assert (one.is_outdated, one.loaded.kids(Purpose.FIELD)) == (False, (1, 2, 3))


def test_s18_a_keyring_file_that_lacks_a_needed_key_stays_outdated(keys: LiveKeys) -> None:
    keys.adopt(KeyRoles({Purpose.FIELD: 2}))
    ring = keys.loaded
    keys.write_without(Purpose.FIELD, 2)
    for _ in range(2):
        assert keys.is_outdated
        with pytest.raises(KeyMissing):
            keys.reload()
    assert keys.keyring.kids(Purpose.FIELD) == ring.kids(Purpose.FIELD)


def test_s17_keys_are_too_old_to_write_by_after_the_fence(keys: LiveKeys) -> None:
    clock = ManualClock(NOW)
    keys.watch(clock.monotonic, 5.0)
    clock.advance(5.0)
    assert keys.index_kid == 2
    clock.advance(0.1)
    for read in (lambda: keys.index_kid, lambda: keys.claim_kids, keys.require_current):
        with pytest.raises(KeyUnavailable):
            read()
    keys.confirm(clock.monotonic())
    assert keys.index_kid == 2


def test_an_assigned_keyring_shows_no_secret(keys: LiveKeys) -> None:
    ring = AssignedKeyring(Keyring.generate(), KeyRoles())
    assert repr(ring).startswith("Keyring(field=[1]")
    assert keys.loaded.to_json() not in repr(keys.keyring)


def test_patience_counts_from_what_this_process_saw_first() -> None:
    clock = ManualClock(NOW)
    patience = Patience(clock, 6)
    assert not patience.is_over("rotation", "distributing", None)
    clock.advance(5)
    assert not patience.is_over("rotation", "distributing", NOW)  # somebody objected: the wait begins anew
    clock.advance(1)
    assert patience.is_over("rotation", "distributing", None)
    assert not patience.is_over("rotation", "distributing", NOW)
    patience.forget("rotation")
    assert not patience.is_over("rotation", "distributing", None)


def test_a_batch_grows_and_shrinks_to_its_slice() -> None:
    size = BatchSize(0.02)
    for _ in range(20):
        size.took(0.001)
    assert size.rows == 500
    size.took(0.015)
    assert size.rows == 500
    for _ in range(20):
        size.took(1.0)
    assert size.rows == 20
    assert BatchSize(0.02, 3).rows == 3
