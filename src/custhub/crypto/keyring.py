"""The root keys of a deployment: what they are for, where they come from, how they are checked at start."""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, NoReturn, Protocol, Self

from cryptography.hazmat.primitives.asymmetric import ec

from custhub.crypto import keyfile
from custhub.crypto.errors import KeyMissing, KeyringExists, KeyringInvalid


class Purpose(StrEnum):
    """What a root is for. Roots of different purposes are independent (S-04)."""

    FIELD = "field"
    BIDX = "bidx"
    SUPPRESS = "suppress"
    JWT = "jwt"
    CURSOR = "cursor"
    AUDIT = "audit"
    AUDIT_MAC = "audit_mac"


#: Purposes whose 32 bytes are the private scalar of a P-256 key, big-endian.
ES256_PURPOSES: Final = frozenset({Purpose.JWT, Purpose.AUDIT})

_FORMAT_VERSION: Final = 1
_ROOT_BYTES: Final = 32
_MAX_KID: Final = 0xFFFF_FFFF
_KID = re.compile(r"[1-9][0-9]{0,9}")
_P256_ORDER: Final = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551


class Keyring:
    """All roots by purpose and key id (kid, 1 to 2**32 - 1). Immutable; shows and pickles nothing.

    A retired kid leaves a mark behind (`null` in the JSON), so that no kid ever names two different keys.
    """

    __slots__ = ("_private_keys", "_roots")

    _roots: dict[Purpose, dict[int, bytes | None]]
    _private_keys: dict[tuple[Purpose, int], ec.EllipticCurvePrivateKey]

    def __init__(self, roots: Mapping[Purpose, Mapping[int, bytes | None]]) -> None:
        """Raise KeyringInvalid unless every root is in range, and no two are equal."""
        copied = {purpose: dict(sorted(roots.get(purpose, {}).items())) for purpose in Purpose}
        live: list[bytes] = []
        for purpose, by_kid in copied.items():
            for kid, root in by_kid.items():
                if not 1 <= kid <= _MAX_KID:
                    raise KeyringInvalid(f"purpose={purpose} has a key id out of range")
                if root is not None:
                    _check_root(purpose, kid, root)
                    live.append(root)
        if len(set(live)) != len(live):
            raise KeyringInvalid("two keys are equal; each must be random on its own")
        object.__setattr__(self, "_roots", copied)
        object.__setattr__(self, "_private_keys", {})

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a keyring is immutable")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a keyring is immutable")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a keyring is not pickled; load it where it is needed")

    def __repr__(self) -> str:
        kids = ", ".join(f"{purpose}={list(self.kids(purpose))}" for purpose in Purpose)
        return f"Keyring({kids})"

    @classmethod
    def generate(cls) -> Self:
        """A new keyring with key 1 of every purpose."""
        return cls({purpose: {1: _random_root(purpose)} for purpose in Purpose})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote. Raises KeyringInvalid on anything else, duplicate members included."""
        # The errors of json and base64 hold the text they refuse, so none may become the context of ours.
        try:
            document = json.loads(text, object_pairs_hook=_unique_members)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise KeyringInvalid("not a JSON object")
        if document.keys() != {"version", "keys"}:
            raise KeyringInvalid("members must be exactly version and keys")
        version, keys = document["version"], document["keys"]
        if type(version) is not int or version != _FORMAT_VERSION:
            raise KeyringInvalid(f"version must be {_FORMAT_VERSION}")
        if not isinstance(keys, dict) or keys.keys() != {str(purpose) for purpose in Purpose}:
            raise KeyringInvalid("keys must name exactly the purposes " + ", ".join(Purpose))
        return cls({purpose: _parse_kids(purpose, keys[purpose]) for purpose in Purpose})

    def to_json(self) -> str:
        """The keyring as JSON text, secrets included."""
        keys = {
            str(purpose): {
                str(kid): None if root is None else base64.b64encode(root).decode("ascii")
                for kid, root in self._roots[purpose].items()
            }
            for purpose in Purpose
        }
        return json.dumps({"version": _FORMAT_VERSION, "keys": keys}, indent=2) + "\n"

    def root(self, purpose: Purpose, kid: int) -> bytes:
        """The 32 bytes of one root. Raises KeyMissing."""
        root = self._roots[purpose].get(kid)
        if root is None:
            raise KeyMissing(purpose, kid)
        return root

    def kids(self, purpose: Purpose) -> tuple[int, ...]:
        """Ids of the live keys of a purpose, ascending."""
        return tuple(kid for kid, root in self._roots[purpose].items() if root is not None)

    def newest(self, purpose: Purpose) -> int:
        """The id that new values are written under. Raises KeyMissing when no key is live."""
        live = self.kids(purpose)
        if not live:
            raise KeyMissing(purpose, max(self._roots[purpose], default=1))
        return live[-1]

    def kcv(self, purpose: Purpose, kid: int) -> bytes:
        """Key check value: 8 bytes that tell whether a root is the expected one (S-15). Raises KeyMissing."""
        return hmac.digest(self.root(purpose, kid), b"custhub-kcv", "sha256")[:8]

    def ec_private_key(self, purpose: Purpose, kid: int) -> ec.EllipticCurvePrivateKey:
        """The P-256 key of an ES256 purpose, built once. Raises KeyMissing."""
        key = self._private_keys.get((purpose, kid))
        if key is None:
            if purpose not in ES256_PURPOSES:
                raise ValueError(f"keys of purpose {purpose} do not sign with ES256")
            scalar = int.from_bytes(self.root(purpose, kid), "big")
            key = self._private_keys.setdefault((purpose, kid), ec.derive_private_key(scalar, ec.SECP256R1()))
        return key

    def with_new(self, purpose: Purpose) -> Keyring:
        """A copy with one more random key of this purpose, under the id after the last ever used."""
        kid = max(self._roots[purpose], default=0) + 1
        return Keyring({**self._roots, purpose: {**self._roots[purpose], kid: _random_root(purpose)}})

    def without(self, purpose: Purpose, kid: int) -> Keyring:
        """A copy in which this key is retired for good. Raises KeyMissing when it is not live."""
        self.root(purpose, kid)
        return Keyring({**self._roots, purpose: {**self._roots[purpose], kid: None}})


@dataclass(frozen=True, slots=True)
class KeyRef:
    """One row of `key_refs`: stored data that needs a key, with the check value it was written with."""

    purpose: Purpose
    kid: int
    kcv: bytes
    dependants: int


def check_references(keyring: Keyring, refs: Iterable[KeyRef]) -> list[str]:
    """One line for each referenced key that is missing or another than expected; empty when all is well (S-15)."""
    lines = []
    for ref in refs:
        try:
            equal = hmac.compare_digest(keyring.kcv(ref.purpose, ref.kid), ref.kcv)
        except KeyMissing:
            fault = "missing"
        else:
            if equal:
                continue
            fault = "mismatch"
        lines.append(f"key purpose={ref.purpose} kid={ref.kid} {fault}; {ref.dependants} wrapped keys depend on it")
    return lines


class KeyProvider(Protocol):
    """Where the keyring comes from: the extension point for a key management service (S-18).

    An adapter unwraps all roots once, in `load`, at start; nothing calls it per record. It raises an error of
    `crypto.errors` when the roots cannot be had, and never makes keys on its own (S-19).
    """

    def load(self) -> Keyring:
        """The keyring as it is now."""
        ...


class EnvironmentKeyProvider:
    """Reads the JSON text of the keyring from CUSTHUB_KEYRING."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def load(self) -> Keyring:
        """Raise KeyringInvalid when the variable is absent or malformed."""
        text = self._environ.get("CUSTHUB_KEYRING")
        if not text:
            raise KeyringInvalid("CUSTHUB_KEYRING is not set")
        return Keyring.from_json(text)


class FileKeyProvider:
    """A keyring in a JSON file that only its owner may open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._loaded: keyfile.Signature | None = None
        self._known: keyfile.Signature | None = None

    def load(self) -> Keyring:
        """Raise KeyringUnsafe when group or others have any right on the file, KeyringInvalid when unreadable."""
        text, state = keyfile.read_private(self._path)
        keyring = Keyring.from_json(text)
        self._loaded = self._known = state
        return keyring

    def changed(self) -> bool:
        """Whether the file is another than the one last loaded. One stat call; reads nothing."""
        return self._loaded is None or keyfile.signature(self._path) != self._loaded

    def create(self) -> Keyring:
        """Make a new keyring, never over an old one. Raises KeyringExists."""
        keyring = Keyring.generate()
        try:
            self._known = keyfile.write_new(self._path, keyring.to_json())
        except FileExistsError:
            raise KeyringExists(self._path) from None
        return keyring

    def replace(self, keyring: Keyring) -> None:
        """Put `keyring` in place of the file, whole or not at all.

        Raises KeyringStale when the file is no longer the one this provider loaded or wrote: two processes that
        each add a key would otherwise lose one of the two, and all that was sealed under it.
        """
        self._known = keyfile.replace(self._path, keyring.to_json(), self._known)


def _random_root(purpose: Purpose) -> bytes:
    if purpose in ES256_PURPOSES:
        return ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(_ROOT_BYTES, "big")
    return os.urandom(_ROOT_BYTES)


def _check_root(purpose: Purpose, kid: int, root: bytes) -> None:
    if len(root) != _ROOT_BYTES:
        raise KeyringInvalid(f"key purpose={purpose} kid={kid} is not {_ROOT_BYTES} bytes long")
    if purpose in ES256_PURPOSES and not 0 < int.from_bytes(root, "big") < _P256_ORDER:
        raise KeyringInvalid(f"key purpose={purpose} kid={kid} is not a P-256 private key")


def _unique_members(members: list[tuple[str, object]]) -> dict[str, object]:
    unique = dict(members)
    if len(unique) != len(members):
        raise ValueError("duplicate member")
    return unique


def _parse_kids(purpose: Purpose, by_kid: object) -> dict[int, bytes | None]:
    if not isinstance(by_kid, dict):
        raise KeyringInvalid(f"purpose={purpose} is not an object")
    parsed: dict[int, bytes | None] = {}
    for kid, encoded in by_kid.items():
        if not _KID.fullmatch(kid):
            raise KeyringInvalid(f"purpose={purpose} has a malformed key id")
        parsed[int(kid)] = None if encoded is None else _decode_root(purpose, int(kid), encoded)
    return parsed


def _decode_root(purpose: Purpose, kid: int, encoded: object) -> bytes:
    root = b""
    if isinstance(encoded, str):
        with suppress(ValueError):
            root = base64.b64decode(encoded, validate=True)
    if base64.b64encode(root).decode("ascii") != encoded:
        raise KeyringInvalid(f"key purpose={purpose} kid={kid} is not canonical base64")
    return root
