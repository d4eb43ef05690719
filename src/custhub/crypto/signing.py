"""Signatures and message authentication codes, each under a root of its own."""

from __future__ import annotations

import base64
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from custhub.crypto.cipher import kdf, lv
from custhub.crypto.hmacs import HmacSha256
from custhub.crypto.keyring import Keyring, Purpose

_HALF: Final = 32
_ECDSA: Final = ec.ECDSA(SHA256())


class MacKey:
    """Authenticates audit entries: HMAC-SHA256 under an `audit_mac` root (S-70)."""

    def __init__(self, keyring: Keyring, kid: int | None = None) -> None:
        """Take the newest key, or `kid` to check entries written under an older one. Raises KeyMissing."""
        self.kid = keyring.newest(Purpose.AUDIT_MAC) if kid is None else kid
        self._key = HmacSha256(keyring.root(Purpose.AUDIT_MAC, self.kid))

    def mac(self, canonical: bytes) -> bytes:
        """32 bytes over the RFC 8785 form of an entry."""
        return self._key.digest(canonical)


class Es256Signer:
    """ECDSA on P-256 with SHA-256; signatures are r and s, 32 bytes each (RFC 7518, section 3.4)."""

    def __init__(self, keyring: Keyring, purpose: Purpose, kid: int | None = None) -> None:
        """Take `kid`, else the newest key. Raises KeyMissing, and ValueError unless `purpose` is JWT or AUDIT."""
        self.purpose = purpose
        self.kid = keyring.newest(purpose) if kid is None else kid
        self._private_key = keyring.ec_private_key(purpose, self.kid)
        self._public_key = self._private_key.public_key()

    def sign(self, data: bytes) -> bytes:
        """The 64-byte signature of `data`."""
        r, s = decode_dss_signature(self._private_key.sign(data, _ECDSA))
        return r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Whether `signature` is one of `data` by this key; False for anything malformed."""
        if len(signature) != 2 * _HALF:
            return False
        r, s = int.from_bytes(signature[:_HALF], "big"), int.from_bytes(signature[_HALF:], "big")
        try:
            self._public_key.verify(encode_dss_signature(r, s), data, _ECDSA)
        except InvalidSignature:
            return False
        return True

    def public_jwk(self) -> dict[str, str]:
        """The public key as RFC 7517 JWK; its `kid` is purpose and number, `jwt-1`."""
        point = self._public_key.public_numbers()
        return {
            "kty": "EC",
            "crv": "P-256",
            "x": _base64url(point.x),
            "y": _base64url(point.y),
            "use": "sig",
            "alg": "ES256",
            "kid": f"{self.purpose}-{self.kid}",
        }


class CursorKey:
    """Signs page cursors and fingerprints request bodies (CONTRACT C2, D3), under the newest `cursor` root."""

    def __init__(self, keyring: Keyring) -> None:
        """Raise KeyMissing when the keyring has no live `cursor` key."""
        root = keyring.root(Purpose.CURSOR, keyring.newest(Purpose.CURSOR))
        self._cursor_key = HmacSha256(kdf(root, lv("cursor")))
        self._fingerprint_key = HmacSha256(kdf(root, lv("fingerprint")))

    def sign(self, data: bytes) -> bytes:
        """16 bytes that authenticate a cursor."""
        return self._cursor_key.digest(data)[:16]

    def fingerprint(self, data: bytes) -> bytes:
        """32 bytes that are equal for equal request bodies and tell nothing about them."""
        return self._fingerprint_key.digest(data)


def _base64url(coordinate: int) -> str:
    return base64.urlsafe_b64encode(coordinate.to_bytes(_HALF, "big")).rstrip(b"=").decode("ascii")
