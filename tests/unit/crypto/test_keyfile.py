"""S-18, S-19, S-29: the keyring on disk."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from custhub.crypto.errors import KeyringExists, KeyringInvalid, KeyringStale, KeyringUnsafe
from custhub.crypto.keyring import FileKeyProvider, Keyring, Purpose


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keyring.json"


@contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def _full_disk() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_s29_create_makes_the_file_0600_under_any_umask(path: Path, mask: int) -> None:
    with _umask(mask):
        keyring = FileKeyProvider(path).create()

    assert _mode(path) == 0o600
    assert FileKeyProvider(path).load().to_json() == keyring.to_json()


def test_s19_create_never_touches_an_existing_file(path: Path) -> None:
    path.write_text("precious")

    with pytest.raises(KeyringExists):
        FileKeyProvider(path).create()
    assert path.read_text() == "precious"


def test_s19_create_does_not_follow_a_dangling_link(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(KeyringExists):
        FileKeyProvider(path).create()
    assert not (tmp_path / "elsewhere").exists()


def test_s19_of_many_creators_one_wins(path: Path) -> None:
    def create(_: int) -> str | None:
        try:
            return FileKeyProvider(path).create().to_json()
        except KeyringExists:
            return None

    with ThreadPoolExecutor(8) as pool:
        made = [text for text in pool.map(create, range(8)) if text is not None]

    assert made == [path.read_text()]


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o644, 0o666])
def test_s18_a_file_open_to_others_is_refused(path: Path, mode: int) -> None:
    FileKeyProvider(path).create()
    path.chmod(mode)

    with pytest.raises(KeyringUnsafe):
        FileKeyProvider(path).load()


def test_s18_a_file_that_its_owner_may_only_read_is_fine(path: Path) -> None:
    keyring = FileKeyProvider(path).create()
    path.chmod(0o400)

    assert FileKeyProvider(path).load().to_json() == keyring.to_json()


def test_s18_a_link_counts_by_what_it_points_to(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "mounted.json"
    FileKeyProvider(target).create()
    path.symlink_to(target)
    assert FileKeyProvider(path).load().kids(Purpose.FIELD) == (1,)

    target.chmod(0o644)
    with pytest.raises(KeyringUnsafe):
        FileKeyProvider(path).load()


def test_s19_load_of_a_missing_file_is_refused_and_makes_none(path: Path) -> None:
    with pytest.raises(KeyringInvalid, match="No such file"):
        FileKeyProvider(path).load()
    assert not path.exists()


def test_load_of_a_directory_is_refused(path: Path) -> None:
    path.mkdir(mode=0o700)

    with pytest.raises(KeyringInvalid, match="directory"):
        FileKeyProvider(path).load()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00secret"])
def test_load_of_a_damaged_file_is_refused_and_keeps_none_of_it(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)

    with pytest.raises(KeyringInvalid) as caught:
        FileKeyProvider(path).load()
    assert caught.value.__context__ is None


def test_replace_swaps_the_whole_file_and_keeps_it_private(path: Path, tmp_path: Path) -> None:
    provider = FileKeyProvider(path)
    rotated = provider.create().with_new(Purpose.FIELD)
    before = path.stat().st_ino
    with _umask(0o000):
        provider.replace(rotated)

    assert path.stat().st_ino != before
    assert _mode(path) == 0o600
    assert provider.load().to_json() == rotated.to_json()
    assert list(tmp_path.iterdir()) == [path]


def test_replace_may_be_repeated_by_the_provider_that_wrote_last(path: Path) -> None:
    provider = FileKeyProvider(path)
    keyring = provider.create()
    for purpose in Purpose:
        keyring = keyring.with_new(purpose)
        provider.replace(keyring)

    assert provider.load().to_json() == keyring.to_json()


def test_replace_puts_a_keyring_where_none_is(path: Path, keyring: Keyring) -> None:
    FileKeyProvider(path).replace(keyring)

    assert _mode(path) == 0o600
    assert FileKeyProvider(path).load().to_json() == keyring.to_json()


def test_replace_refuses_to_drop_the_key_that_another_process_added(path: Path) -> None:
    first, second = FileKeyProvider(path), FileKeyProvider(path)
    ours, theirs = first.create(), second.load()
    second.replace(theirs.with_new(Purpose.FIELD))

    with pytest.raises(KeyringStale):
        first.replace(ours.with_new(Purpose.BIDX))
    assert second.load().kids(Purpose.FIELD) == (1, 2)


def test_no_key_is_lost_when_many_add_one_at_once(path: Path) -> None:
    FileKeyProvider(path).create()

    def rotate(_: int) -> bytes:
        provider = FileKeyProvider(path)
        while True:
            rotated = provider.load().with_new(Purpose.FIELD)
            try:
                provider.replace(rotated)
            except KeyringStale:
                continue
            return rotated.root(Purpose.FIELD, rotated.newest(Purpose.FIELD))

    with ThreadPoolExecutor(4) as pool:
        added = set(pool.map(rotate, range(12)))

    final = FileKeyProvider(path).load()
    assert {final.root(Purpose.FIELD, kid) for kid in final.kids(Purpose.FIELD)[1:]} == added
    assert len(added) == 12


def test_a_failed_replace_leaves_the_old_file_and_nothing_else(path: Path, tmp_path: Path) -> None:
    provider = FileKeyProvider(path)
    keyring = provider.create()

    with _full_disk(), pytest.raises(OSError, match="too large"):
        provider.replace(keyring.with_new(Purpose.FIELD))
    assert provider.load().to_json() == keyring.to_json()
    assert list(tmp_path.iterdir()) == [path]


def test_a_replace_whose_rename_fails_leaves_the_old_file_and_no_draft(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = FileKeyProvider(path)
    keyring = provider.create()

    def refuse(self: Path, target: Path) -> None:
        assert self.exists()
        raise OSError("refused")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="refused"):
        provider.replace(keyring.with_new(Purpose.FIELD))
    assert provider.load().to_json() == keyring.to_json()
    assert list(tmp_path.iterdir()) == [path]


def test_replace_through_a_link_replaces_what_it_points_to(path: Path, tmp_path: Path, keyring: Keyring) -> None:
    target = tmp_path / "elsewhere.json"
    FileKeyProvider(target).create()
    path.symlink_to(target)
    FileKeyProvider(path).replace(keyring)

    assert path.is_symlink()
    assert target.read_text() == keyring.to_json()


def test_a_failed_create_leaves_nothing(path: Path, tmp_path: Path) -> None:
    with _full_disk(), pytest.raises(OSError, match="too large"):
        FileKeyProvider(path).create()
    assert list(tmp_path.iterdir()) == []


def test_changed_tells_a_rotation_until_it_is_loaded(path: Path) -> None:
    writer, reader = FileKeyProvider(path), FileKeyProvider(path)
    keyring = writer.create()
    assert reader.changed()
    reader.load()
    assert not reader.changed()

    writer.replace(keyring.with_new(Purpose.FIELD))
    assert reader.changed()
    assert writer.changed()
    reader.load()
    assert not reader.changed()


def test_changed_tells_an_edit_in_place_and_a_lost_file(path: Path) -> None:
    provider = FileKeyProvider(path)
    provider.create()
    provider.load()
    path.write_text(path.read_text() + " ")
    assert provider.changed()

    provider.load()
    path.unlink()
    assert provider.changed()


def test_a_keyring_that_cannot_be_loaded_stays_changed(path: Path) -> None:
    provider = FileKeyProvider(path)
    provider.create()
    provider.load()
    path.write_text("{")

    with pytest.raises(KeyringInvalid):
        provider.load()
    assert provider.changed()
