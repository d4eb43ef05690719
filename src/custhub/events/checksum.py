"""The state checksum: what a consumer compares its own copy with, after any number of changes in any order."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

_MODULUS = 1 << 256


def term(subject_id: str, revision: int) -> int:
    """What one subject adds: SHA-256 of `<id> <revision>`, read as a number."""
    return int.from_bytes(sha256(f"{subject_id} {revision}".encode()).digest(), "big")


class State(NamedTuple):
    """How many subjects there are, and the sum of their terms modulo 2^256."""

    live: int = 0
    total: int = 0

    def plus(self, added: int) -> State:
        """With one subject more."""
        return State(self.live + 1, (self.total + added) % _MODULUS)

    def minus(self, removed: int) -> State:
        """With one subject less."""
        return State(self.live - 1, (self.total - removed) % _MODULUS)

    def to_bytes(self) -> bytes:
        """The sum as it is stored."""
        return self.total.to_bytes(32, "big")

    @classmethod
    def of(cls, subjects: Iterable[tuple[str, int]]) -> State:
        """The state of these ids with their revisions."""
        state = cls()
        for subject_id, revision in subjects:
            state = state.plus(term(subject_id, revision))
        return state
