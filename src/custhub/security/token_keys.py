"""The keys of access tokens: each bound to one issuer, one kid, one algorithm (S-41)."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

Algorithm = Literal["ES256", "RS256"]


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key bound to one issuer, one kid and one algorithm.

    Raises ValueError unless it is P-256 for ES256 or RSA of at least 2048 bits for RS256.
    """

    kid: str
    alg: Algorithm
    key: EllipticCurvePublicKey | RSAPublicKey
    issuer: str

    def __post_init__(self) -> None:
        if not self.kid or not self.issuer:
            raise ValueError("a verification key needs a kid and an issuer")
        if isinstance(self.key, EllipticCurvePublicKey):
            fits = self.alg == "ES256" and isinstance(self.key.curve, SECP256R1)
        else:
            fits = self.alg == "RS256" and isinstance(self.key, RSAPublicKey) and self.key.key_size >= 2048
        if not fits:
            raise ValueError("a verification key is P-256 with ES256 or RSA of 2048 bits or more with RS256")


class KeySource(Protocol):
    """The verification keys of one issuer. Asked on every request, so it answers from memory."""

    def key(self, kid: str) -> VerificationKey | None:
        """The key of this kid, the same object until it changes, or None."""


class LocalKeys:
    """The hub's own P-256 keys by kid: one signs, all verify. A `KeySource`.

    Raises ValueError for a key on another curve or an unknown `signing_kid`.
    """

    def __init__(self, issuer: str, keys: Mapping[str, EllipticCurvePrivateKey], signing_kid: str) -> None:
        self._public = {kid: VerificationKey(kid, "ES256", key.public_key(), issuer) for kid, key in keys.items()}
        self._jwks = [_jwk(kid, keys[kid].public_key()) for kid in sorted(keys)]
        if signing_kid not in keys:
            raise ValueError("the signing kid names no key")
        self.issuer = issuer
        self.signing_kid = signing_kid
        self.signing_key = keys[signing_kid]

    def key(self, kid: str) -> VerificationKey | None:
        """The key of this kid or None."""
        return self._public.get(kid)

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public keys as a JWK set (RFC 7517), sorted by kid."""
        return {"keys": [dict(jwk) for jwk in self._jwks]}


def _jwk(kid: str, key: EllipticCurvePublicKey) -> dict[str, str]:
    point = key.public_numbers()
    x, y = (urlsafe_b64encode(part.to_bytes(32)).rstrip(b"=").decode() for part in (point.x, point.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig", "alg": "ES256", "kid": kid}
