"""What a token says, read strictly (S-41): canonical base64url, JSON without duplicates, bounded texts and numbers.

Everything here raises ValueError or a parser's own exception; the verifier turns all of them into one refusal.
"""

from __future__ import annotations

import json
import math
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

TOKEN_TYPE = "at+jwt"  # noqa: S105 - the media type of RFC 9068
MAX_TOKEN_CHARACTERS = 8192
MAX_LIFETIME_SECONDS = 3600
LEEWAY_SECONDS = 30

_MAX_TEXT = 255
_MAX_ENTRIES = 64
_MAX_GROUPS = 256
_MAX_CONTAINERS = 128
_END_OF_TIME = 253_402_300_799  # 9999-12-31, the last second a datetime holds
_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,64}")  # RFC 6749, section 3.3
#: Only ID tokens of OpenID Connect carry these: they say who logged in, not what a program may do.
_OF_ID_TOKENS = {"nonce", "at_hash", "c_hash", "s_hash"}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. Times are seconds since 1970; `nbf` is `iat` where the token has none.

    `sid` is the login session and `pv` the version of the user's rights at issue, in tokens of the hub itself;
    another issuer's `sid`, `pv` and `roles` mean nothing here. `groups` and `name` are another issuer's.
    """

    iss: str
    aud: tuple[str, ...]
    sub: str
    client_id: str
    iat: int
    nbf: int
    exp: int
    jti: str
    scope: frozenset[str]
    roles: tuple[str, ...]
    auth_time: int | None
    sid: str | None
    pv: int | None
    groups: tuple[str, ...] = ()
    name: str | None = None


@dataclass(frozen=True, slots=True)
class IssuerRules:
    """How the tokens of one issuer look; the defaults are those of the hub itself.

    `types` are the `typ` accepted, `client_claim` names the program that asked (`azp` at many providers),
    `groups_claim` the groups of the user. Without `needs_scope` a token may lack `scope`.
    """

    audience: str
    types: frozenset[str] = frozenset({TOKEN_TYPE})
    client_claim: str = "client_id"
    groups_claim: str | None = None
    needs_scope: bool = True


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """Header and payload of a token whose signature nobody has checked yet."""

    header: Mapping[str, object]
    payload: Mapping[str, object]


def parse_token(token: str) -> UnverifiedToken:
    """The two objects of a well-formed token. Raises ValueError or UnicodeError."""
    if len(token) > MAX_TOKEN_CHARACTERS:
        refuse()
    header_text, payload_text, signature_text = token.split(".")
    header = _json_object(_segment(header_text))
    payload = _json_object(_segment(payload_text))
    _segment(signature_text)
    return UnverifiedToken(header, payload)


def read_claims(token: UnverifiedToken, rules: IssuerRules) -> Claims:
    """The claims of a token by the rules of its issuer. Raises ValueError, KeyError."""
    payload = token.payload
    if token.header["typ"] != TOKEN_TYPE and not _OF_ID_TOKENS.isdisjoint(payload):
        refuse()
    issued_at = _integer(payload["iat"])
    audience = payload["aud"]
    scope = payload["scope"] if rules.needs_scope else payload.get("scope", "")
    claims = Claims(
        iss=text_of(payload["iss"]),
        aud=_texts([audience] if isinstance(audience, str) else audience, _MAX_ENTRIES),
        sub=text_of(payload["sub"]),
        client_id=text_of(payload[rules.client_claim]),
        iat=issued_at,
        nbf=_integer(payload["nbf"]) if "nbf" in payload else issued_at,
        exp=_integer(payload["exp"]),
        jti=text_of(payload["jti"]),
        scope=_scopes(scope) if isinstance(scope, str) else refuse(),
        roles=_texts(payload.get("roles", []), _MAX_ENTRIES) if rules.groups_claim is None else (),
        auth_time=_integer(payload["auth_time"]) if "auth_time" in payload else None,
        sid=text_of(payload["sid"]) if "sid" in payload else None,
        pv=_integer(payload["pv"]) if "pv" in payload else None,
        groups=() if rules.groups_claim is None else _texts(payload.get(rules.groups_claim, []), _MAX_GROUPS),
        name=text_of(payload["name"]) if rules.groups_claim is not None and "name" in payload else None,
    )
    if rules.audience not in claims.aud:
        refuse()
    return claims


def is_timely(claims: Claims, now: float) -> bool:
    """Whether the token is valid now, with 30 s of leeway, and was never meant to live longer than an hour."""
    return (
        0 < claims.exp - claims.iat <= MAX_LIFETIME_SECONDS
        and max(claims.iat, claims.nbf) - LEEWAY_SECONDS <= now < claims.exp + LEEWAY_SECONDS
    )


def refuse(_: str = "") -> NoReturn:
    """Raise ValueError."""
    raise ValueError


def text_of(value: object) -> str:
    """A printable text of at most 255 characters. Raises ValueError."""
    # isprintable also refuses NUL, line breaks and lone surrogates, which no database would take.
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT or not value.isprintable():
        refuse()
    return value


def _segment(text: str) -> bytes:
    """One base64url segment; the round trip refuses padding, foreign characters and stray trailing bits."""
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if not raw or urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        refuse()
    return raw


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        refuse()
    return members


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else refuse()


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=refuse)


def _json_object(raw: bytes) -> dict[str, object]:
    if raw.count(b"[") + raw.count(b"{") > _MAX_CONTAINERS:
        # How deep the parser itself can go differs between versions of Python.
        refuse()
    value = _DECODER.decode(raw.decode())
    return value if isinstance(value, dict) else refuse()


def _texts(value: object, most: int) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > most:
        refuse()
    return tuple(map(text_of, value))


def _integer(value: object) -> int:
    # `type() is`, because a bool is an int too.
    if type(value) is not int or not 0 <= value <= _END_OF_TIME:
        refuse()
    return value


def _scopes(text: str) -> frozenset[str]:
    names = text.split(" ") if text else []
    if not all(map(_SCOPE_TOKEN.fullmatch, names)):
        refuse()
    return frozenset(names)
