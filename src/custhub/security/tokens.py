"""Access tokens in and out: the one strict door around python-jose (S-40, S-41, S-42, S-44).

python-jose accepts what it should refuse (a public key as HMAC secret, a missing or textual `exp`, any
`typ`, `crit`), so it only checks one signature over segments checked in claims.py. No other file imports it.
"""

from __future__ import annotations

import json
import secrets
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Protocol

from jose import jws

from custhub.kit.clock import Clock
from custhub.kit.errors import Text, Unauthenticated
from custhub.security.claims import (
    LEEWAY_SECONDS,
    MAX_LIFETIME_SECONDS,
    MAX_TOKEN_CHARACTERS,
    TOKEN_TYPE,
    Claims,
    IssuerRules,
    is_timely,
    parse_token,
    read_claims,
    refuse,
    text_of,
)
from custhub.security.token_keys import KeySource, LocalKeys, VerificationKey

__all__ = [
    "ACCESS_TOKEN_SECONDS",
    "AUDIENCE",
    "LEEWAY_SECONDS",
    "MAX_LIFETIME_SECONDS",
    "MAX_TOKEN_CHARACTERS",
    "TOKEN_TYPE",
    "Claims",
    "InvalidToken",
    "IssuerRules",
    "Revocations",
    "TokenSigner",
    "TokenVerifier",
]

AUDIENCE = "custhub"
ACCESS_TOKEN_SECONDS = 600

_HEADER_MEMBERS = {"alg", "typ", "kid"}


class InvalidToken(Unauthenticated):
    """The access token is not valid here. Request a new one."""

    code = "invalid_token"
    title = "Invalid token"
    zh = Text("令牌无效", "访问令牌在此无效，请重新获取。")

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


class Revocations(Protocol):
    """What ends a token early: a denied jti, an ended session, `tokens_not_before` (S-44)."""

    def revoked(self, claims: Claims) -> bool:
        """Whether these claims no longer count. Asked on cache hits too, so it answers from memory."""


class TokenSigner:
    """Issues the hub's own access tokens (S-42)."""

    def __init__(self, keys: LocalKeys, clock: Clock) -> None:
        self._issuer = keys.issuer
        self._key = keys.signing_key
        self._header = {"typ": TOKEN_TYPE, "kid": keys.signing_kid}
        self._clock = clock

    def issue(
        self,
        *,
        subject: str,
        client_id: str,
        scope: Iterable[str],
        roles: Iterable[str] = (),
        auth_time: int | None = None,
        session: str | None = None,
        rights_version: int | None = None,
        lifetime_seconds: int = ACCESS_TOKEN_SECONDS,
    ) -> str:
        """A signed token that is valid from now on. `auth_time` is in seconds since 1970.

        Raises ValueError for a lifetime the verifier would refuse.
        """
        if not 0 < lifetime_seconds <= MAX_LIFETIME_SECONDS:
            raise ValueError("a token lives from 1 to 3600 seconds")
        now = int(self._clock.now().timestamp())
        claims: dict[str, object] = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": subject,
            "client_id": client_id,
            "iat": now,
            "nbf": now,
            "exp": now + lifetime_seconds,
            "jti": secrets.token_urlsafe(16),
            "scope": " ".join(sorted(set(scope))),
            "roles": list(roles),
        }
        optional = {"auth_time": auth_time, "sid": session, "pv": rights_version}
        claims.update((name, value) for name, value in optional.items() if value is not None)
        payload = json.dumps(claims, separators=(",", ":")).encode()
        return str(jws.sign(payload, self._key, headers=self._header, algorithm="ES256"))


@dataclass(frozen=True, slots=True)
class _Accepted:
    claims: Claims
    until: datetime
    key: VerificationKey
    source: KeySource


class TokenVerifier:
    """Turns a token into claims, or refuses it for every possible reason with the same words (S-41).

    `issuers` maps the exact `iss` to its keys, `rules` those whose tokens look different from the hub's own. Up
    to `cache_size` accepted tokens are remembered by the SHA-256 of the whole token, each until its `exp` or
    until its issuer gives another key for its kid.
    """

    def __init__(
        self,
        issuers: Mapping[str, KeySource],
        audience: str,
        clock: Clock,
        *,
        rules: Mapping[str, IssuerRules] | None = None,
        revocations: Revocations | None = None,
        cache_size: int = 4096,
    ) -> None:
        self._issuers = dict(issuers)
        self._rules = dict.fromkeys(self._issuers, IssuerRules(audience)) | dict(rules or {})
        self._clock = clock
        self._revocations = revocations
        self._cache: OrderedDict[bytes, _Accepted] = OrderedDict()
        self._cache_size = cache_size

    def verify(self, token: str) -> Claims:
        """The claims of `token`. Raises InvalidToken."""
        try:
            claims = self._accept(token)
        except Exception:
            # Which check failed would teach an attacker; a parser that gives up must not become a 500.
            raise InvalidToken from None
        if self._revocations is not None and self._revocations.revoked(claims):
            raise InvalidToken
        return claims

    def drop_cache(self) -> None:
        """Forget every accepted token, so that each is verified again."""
        self._cache.clear()

    def _accept(self, token: str) -> Claims:
        if len(token) > MAX_TOKEN_CHARACTERS:
            refuse()
        digest = sha256(token.encode("ascii")).digest()
        now = self._clock.now()
        known = self._cache.get(digest)
        if known is not None:
            if now < known.until and known.source.key(known.key.kid) is known.key:
                self._cache.move_to_end(digest)
                return known.claims
            del self._cache[digest]
        accepted = self._check(token, now.timestamp())
        if now < accepted.until:
            self._cache[digest] = accepted
            if len(self._cache) > self._cache_size:
                self._cache.popitem(last=False)
        return accepted.claims

    def _check(self, token: str, now: float) -> _Accepted:
        unverified = parse_token(token)
        header = unverified.header
        issuer, kid = text_of(unverified.payload["iss"]), text_of(header["kid"])
        source, rules = self._issuers[issuer], self._rules[issuer]
        if header.keys() != _HEADER_MEMBERS or header["typ"] not in rules.types:
            refuse()
        key = source.key(kid)
        if key is None or key.kid != kid or key.issuer != issuer or key.alg != header["alg"]:
            refuse()
        # The audience and the times cost nothing beside a signature, so a stale token costs no curve point.
        claims = read_claims(unverified, rules)
        if not is_timely(claims, now):
            refuse()
        jws.verify(token, key.key, algorithms=[key.alg])
        return _Accepted(claims, datetime.fromtimestamp(claims.exp, UTC), key, source)
