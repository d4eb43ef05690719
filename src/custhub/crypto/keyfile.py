"""A small secret file on disk: its owner's alone, written whole or not at all (S-18, S-29)."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from custhub.crypto.errors import KeyringInvalid, KeyringStale, KeyringUnsafe

#: Tells one state of the file from another: device, inode, mtime, size.
Signature = tuple[int, int, int, int]


def signature(path: Path) -> Signature | None:
    """The present state of the file, None when there is none. One stat call."""
    try:
        return _signature(path.stat())
    except FileNotFoundError:
        return None


def read_private(path: Path) -> tuple[str, Signature]:
    """Text and state of the file. Raises KeyringUnsafe when group or others have any right on it."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise KeyringInvalid(f"cannot open {path}: {error.strerror}") from None
    with file:
        info = os.fstat(file.fileno())  # of the open file: the path may name another one by now
        if not stat.S_ISREG(info.st_mode) or info.st_mode & 0o077:
            raise KeyringUnsafe(path)
        # Bad UTF-8 becomes a character that the format refuses; a decoding error would hold the bytes.
        return file.read().decode("utf-8", "replace"), _signature(info)


def write_new(path: Path, text: str) -> Signature:
    """Write a file that must not exist, 0600 from its first moment and on disk when this returns.

    Raises FileExistsError. A failed write leaves nothing behind.
    """
    written = _write_exclusive(path, text)
    _sync_directory(path.parent)
    return written


def replace(path: Path, text: str, expected: Signature | None) -> Signature:
    """Put `text` in place of the file. Raises KeyringStale when its state is not `expected`; None expects nothing."""
    path = path.resolve()  # a link stays a link
    with _locked(path):
        if expected is not None and signature(path) != expected:
            raise KeyringStale(path)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        written = _write_exclusive(draft, text)
        try:
            draft.replace(path)
        except BaseException:
            draft.unlink()
            raise
        _sync_directory(path.parent)
        return written


def _signature(info: os.stat_result) -> Signature:
    return (info.st_dev, info.st_ino, info.st_mtime_ns, info.st_size)


def _write_exclusive(path: Path, text: str) -> Signature:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            os.fchmod(fd, 0o600)  # a umask may have taken rights of the owner
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(fd)
            return _signature(os.fstat(fd))
    except BaseException:
        path.unlink()
        raise


def _sync_directory(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the file against other writers. A missing file has none."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)  # network file systems lock only what is open for writing
    except FileNotFoundError:
        yield
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
