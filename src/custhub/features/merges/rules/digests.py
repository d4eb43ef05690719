"""What a plan is known by: one hash over all that its commit depends on, and a short one of each part of it.

The short ones tell what is another when a plan does not stand any more, without a copy of the plan. All are keyed and
of these customers alone: from a plain hash of one value whoever is shown its mask could guess it, and from hashes that
are the same for other customers as well with values of their own.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

_WHOLE: Final = 32
_NAME: Final = 4
_PART: Final = 4
_DOMAIN: Final = "merge_plan"


class PlanDigest:
    """The hash of a plan. `parts` are what it depends on, by name, as JSON has it; `keyed` gives 32 bytes."""

    def __init__(self, parts: Mapping[str, Any], customers: Sequence[str], keyed: Callable[[bytes], bytes]) -> None:
        self._keyed = keyed
        self._customers = list(customers)
        self._parts = {name: self._sum([name, value]) for name, value in parts.items()}
        told = [[name, self._parts[name].hex()] for name in sorted(self._parts)]
        self.whole = self._sum(told)

    @property
    def hex(self) -> str:
        """The hash over everything."""
        return self.whole.hex()

    def text(self) -> str:
        """The hash as it is handed out: with the short ones behind it."""
        parts = (self._sum(name)[:_NAME] + self._parts[name][:_PART] for name in sorted(self._parts))
        return base64.urlsafe_b64encode(self.whole + b"".join(parts)).decode().rstrip("=")

    def changed(self, text: str) -> list[str] | None:
        """Names of the parts that are others than in this text; None when it is of this very plan.

        A part that was there and is not any more has no name here: then `fields` stands for it.
        """
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            return sorted(self._parts)
        if raw[:_WHOLE] == self.whole:
            return None
        rest = raw[_WHOLE:]
        known = {
            rest[at : at + _NAME]: rest[at + _NAME : at + _NAME + _PART] for at in range(0, len(rest), _NAME + _PART)
        }
        names = {self._sum(name)[:_NAME]: name for name in self._parts}
        if known and known.keys().isdisjoint(names):
            # A plan of others: one of them was merged since.
            return ["customers"]
        found = [name for key, name in names.items() if known.get(key) != self._parts[name][:_PART]]
        gone = ["fields"] if known.keys() - names.keys() else []
        return sorted([*found, *gone]) or ["plan"]

    def _sum(self, value: Any) -> bytes:  # JSON
        told = [_DOMAIN, self._customers, value]
        return self._keyed(json.dumps(told, sort_keys=True, default=str).encode())
