"""Keys for a process of the hub's own, through its pipe: those that it needs, and nobody's in place of the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from custhub.crypto.keyring import Keyring, Purpose
from custhub.crypto.live import KeyRoles, LiveKeys


def handed(keys: LiveKeys, needed: Collection[Purpose]) -> dict[str, Any]:
    """Plain values that `taken` reads back."""
    made = Keyring.generate()
    roots: dict[Purpose, dict[int, bytes | None]] = {}
    for purpose in Purpose:
        given = keys.loaded if purpose in needed else made
        roots[purpose] = {kid: given.root(purpose, kid) for kid in given.kids(purpose)}
    roles = keys.roles
    return {
        "keyring": Keyring(roots).to_json(),
        "in_charge": {str(purpose): kid for purpose, kid in roles.in_charge.items() if purpose in needed},
        "claims": list(roles.claims),
        "retired": [[str(purpose), kid] for purpose, kid in roles.retired if purpose in needed],
    }


class _Given:
    """The keyring that came through the pipe."""

    def __init__(self, text: str) -> None:
        self._text = text

    def load(self) -> Keyring:
        """Read it."""
        return Keyring.from_json(self._text)


def taken(given: Mapping[str, Any]) -> LiveKeys:
    """The keys that were handed over, in the parts that they have."""
    keys = LiveKeys(_Given(given["keyring"]))
    known = {purpose.value: purpose for purpose in Purpose}
    keys.adopt(
        KeyRoles(
            {known[name]: kid for name, kid in given["in_charge"].items()},
            tuple(given["claims"]),
            frozenset((known[name], kid) for name, kid in given["retired"]),
        )
    )
    return keys
