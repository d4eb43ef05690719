"""When a message is tried again."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Final

_FIRST: Final = timedelta(seconds=30)
_LONGEST: Final = timedelta(hours=4)
_LONGEST_ASKED: Final = timedelta(hours=24)
_JITTER: Final = 0.2


def backoff(attempts: int, asked: timedelta | None = None) -> timedelta:
    """The pause after this many attempts: 30 s, doubled each time, at most 4 h, up to a fifth more or less.

    `asked` is what the provider wants to be left alone for, a floor of at most a day.
    """
    doubled: int = 2 ** min(max(attempts - 1, 0), 20)
    pause = min(_LONGEST, _FIRST * doubled) * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311  # no secret
    return max(pause, min(asked or timedelta(), _LONGEST_ASKED))
