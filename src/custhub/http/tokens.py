"""From a bearer token to its principal, remembered for a few seconds."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from custhub.kit.clock import Clock
from custhub.kit.errors import Text, Unauthenticated
from custhub.security.principal import Principal, Rights
from custhub.security.tokens import Claims, InvalidToken, TokenVerifier

#: Rights are at most this old (S-43): losing a role works within it.
RIGHTS_SECONDS = 5.0
_CAPACITY = 4_096


class TokenMissing(Unauthenticated):
    """Send an access token as `Authorization: Bearer ...`."""

    code = "token_missing"
    title = "Token missing"
    zh = Text("缺少令牌", "请以 `Authorization: Bearer ...` 方式发送访问令牌。")

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class TokenCache:
    """Verifies a token and loads its rights, or remembers both for `RIGHTS_SECONDS`.

    `learn` is asked about a refused token: whether its issuer has just told a key that was not known (S-52).
    """

    def __init__(
        self, verifier: TokenVerifier, rights: Rights, clock: Clock, learn: Callable[[str], Awaitable[bool]]
    ) -> None:
        self.verifier = verifier
        self._learn = learn
        self._rights = rights
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[Principal, float]] = OrderedDict()

    async def principal(self, authorization: bytes | None) -> Principal:
        """The caller behind an Authorization header. Raises TokenMissing, InvalidToken."""
        if authorization is None or authorization[:7].lower() != b"bearer ":
            raise TokenMissing
        key = hashlib.sha256(authorization[7:]).digest()
        known = self._known.get(key)
        now = self._clock.monotonic()
        if known is not None and now < known[1]:
            return known[0]
        claims = await self._claims(authorization[7:].decode("latin-1"))
        principal = await self._rights.principal(claims)
        # A token that ends sooner than its rights is asked again at its end.
        lifetime = claims.exp - self._clock.now().timestamp()
        self._known[key] = (principal, now + max(0.0, min(RIGHTS_SECONDS, lifetime)))
        self._known.move_to_end(key)
        if len(self._known) > _CAPACITY:
            self._known.popitem(last=False)
        return principal

    async def _claims(self, token: str) -> Claims:
        try:
            return self.verifier.verify(token)
        except InvalidToken:
            if not await self._learn(token):
                raise
        return self.verifier.verify(token)

    def forget(self) -> None:
        """Drop everything remembered: keys changed, or a role was taken away in this process."""
        self._known.clear()
        self.verifier.drop_cache()
