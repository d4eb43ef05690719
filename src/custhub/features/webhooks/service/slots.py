"""How many deliveries a process has under way at once (W-6)."""

from __future__ import annotations

from typing import Final

PER_PROCESS: Final = 50
#: Endpoints that failed last time share this many: they may hang, and others must not wait for them.
FOR_SUSPECTS: Final = 25


class Slots:
    """Handed out and given back; a suspect is an endpoint whose last attempt failed."""

    def __init__(self, total: int = PER_PROCESS, suspects: int = FOR_SUSPECTS) -> None:
        self._free = total
        self._free_for_suspects = suspects

    def take(self, wanted: int, *, suspect: bool) -> int:
        """Up to `wanted`."""
        got = max(0, min(wanted, self._free, self._free_for_suspects if suspect else self._free))
        self._free -= got
        if suspect:
            self._free_for_suspects -= got
        return got

    def give(self, count: int, *, suspect: bool) -> None:
        """Give back what was taken."""
        self._free += count
        if suspect:
            self._free_for_suspects += count
