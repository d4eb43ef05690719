"""The lock that makes a data directory belong to one process (R-4)."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class DirectoryLocked(Exception):
    """Another process owns this data directory."""


class DirectoryLock:
    """The OS lock that makes a data directory belong to one process; gone with the process."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise DirectoryLocked(f"{directory} is in use by another custhub process") from None

    def release(self) -> None:
        """Give the directory back."""
        os.close(self._file)
