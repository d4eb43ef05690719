"""Cross-origin calls of browsers, off by default (CONTRACT F1). Tokens travel in a header, so no cookies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from custhub.http.answers import Answer

_EXPOSED = (
    b"ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id, Idempotency-Replayed, "
    b"Deprecation, Sunset"
)
_ACCEPTED = (
    b"Authorization, Content-Type, Accept-Language, If-Match, If-None-Match, Idempotency-Key, X-Request-Id, traceparent"
)
_METHODS = b"GET, POST, PATCH, PUT, DELETE"
_PREFLIGHT_SECONDS = b"600"
_VARY = (b"vary", b"Origin")

Header = tuple[bytes, bytes]


class Cors:
    """Which origins may read answers. `*` among `origins` means every origin."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._origins = frozenset(origin.encode() for origin in origins)
        self._all = b"*" in self._origins

    def headers(self, origin: bytes | None) -> list[Header]:
        """What an answer to this origin carries."""
        if self._all:
            return [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", _EXPOSED)]
        if origin not in self._origins:
            return [_VARY]
        return [
            _VARY,
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", _EXPOSED),
        ]

    def preflight(self, method: str, headers: Mapping[bytes, bytes]) -> Answer | None:
        """The answer to the question of a browser whether it may call; None for any other request."""
        if method != "OPTIONS" or b"access-control-request-method" not in headers:
            return None
        if not self._all and headers.get(b"origin") not in self._origins:
            return None
        return Answer(
            None,
            204,
            (
                (b"access-control-allow-methods", _METHODS),
                (b"access-control-allow-headers", _ACCEPTED),
                (b"access-control-max-age", _PREFLIGHT_SECONDS),
            ),
        )
