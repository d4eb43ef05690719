"""External issuers of tokens, by configuration: whom to trust for what, and their keys over the network (S-52)."""

from __future__ import annotations

import asyncio
import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, Literal

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from custhub.kit.clock import Clock
from custhub.kit.egress import EgressClient, EgressFailed
from custhub.kit.egress_policy import EgressRefused
from custhub.security.claims import IssuerRules, parse_token, text_of
from custhub.security.token_keys import Algorithm, VerificationKey

log = logging.getLogger("custhub.issuers")

#: An unknown kid asks the issuer at most this often, whoever sends it.
REFETCH_SECONDS = 60.0
#: Known keys are looked at again after this, in the background, so that a withdrawn key ends.
REFRESH_SECONDS = 3_600.0
#: Keys nobody could confirm for this long are no longer believed.
STALE_SECONDS = 86_400.0

_DEADLINE_SECONDS = 5.0
_MAX_RSA_BITS = 8192
_Text = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class ExternalIssuer(BaseModel):
    """One entry of the setting `oidc_issuers`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: Annotated[str, StringConstraints(pattern="^https?://", max_length=255)]
    audience: _Text = "custhub"
    jwks_uri: Annotated[str, StringConstraints(pattern="^https?://", max_length=1024)] | None = None
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)] = ("RS256", "ES256")
    token_types: Annotated[tuple[Literal["at+jwt", "JWT"], ...], Field(min_length=1)] = ("at+jwt",)
    client_claim: Literal["client_id", "azp"] = "client_id"
    groups_claim: _Text = "groups"
    roles: Annotated[dict[_Text, _Text], Field(min_length=1)]
    scopes: Literal["token", "roles"] = "token"

    @property
    def rules(self) -> IssuerRules:
        """How this issuer's tokens look."""
        return IssuerRules(
            audience=self.audience,
            types=frozenset(self.token_types),
            client_claim=self.client_claim,
            groups_claim=self.groups_claim,
            needs_scope=self.scopes == "token",
        )


_LIST = TypeAdapter(tuple[ExternalIssuer, ...])


def read_issuers(text: str, own: str) -> tuple[ExternalIssuer, ...]:
    """The issuers of the setting. Raises ValueError for anything malformed, a repeated one, or the hub's `own`."""
    if not text:
        return ()
    try:
        issuers = _LIST.validate_json(text)
    except ValidationError as error:
        places = sorted({".".join(map(str, fault["loc"])) for fault in error.errors(include_input=False)})
        raise ValueError(f"CUSTHUB_OIDC_ISSUERS is malformed at: {', '.join(places)}") from None
    names = [issuer.issuer for issuer in issuers]
    if len(set(names)) != len(names) or own in names:
        raise ValueError("CUSTHUB_OIDC_ISSUERS names an issuer twice, or the hub itself")
    return issuers


class RemoteKeys:
    """The keys of one external issuer: fetched when an unknown kid comes, remembered for a day. A `KeySource`."""

    def __init__(self, issuer: ExternalIssuer, egress: EgressClient, clock: Clock) -> None:
        self._issuer = issuer
        self._egress = egress
        self._clock = clock
        self._keys: dict[str, VerificationKey] = {}
        self._confirmed = -STALE_SECONDS
        self._asked = -REFETCH_SECONDS
        self._fetching: asyncio.Task[None] | None = None

    def key(self, kid: str) -> VerificationKey | None:
        """The key of this kid, or None; one that is due to be looked at again still counts meanwhile."""
        age = self._clock.monotonic() - self._confirmed
        if age >= STALE_SECONDS:
            return None
        if age >= REFRESH_SECONDS:
            self._fetch()
        return self._keys.get(kid)

    async def learn(self, kid: str) -> bool:
        """Ask the issuer for a kid that is not known; whether it is known now."""
        if self.key(kid) is not None:
            return False
        task = self._fetch()
        if task is None:
            return False
        await asyncio.shield(task)
        return self.key(kid) is not None

    async def aclose(self) -> None:
        """Give up what is being fetched."""
        if self._fetching is not None:
            self._fetching.cancel()
            with suppress(asyncio.CancelledError):
                await self._fetching

    def _fetch(self) -> asyncio.Task[None] | None:
        """The fetch under way, or a new one; None when the last began less than a minute ago."""
        if self._fetching is not None and not self._fetching.done():
            return self._fetching
        now = self._clock.monotonic()
        if now - self._asked < REFETCH_SECONDS:
            return None
        self._asked = now
        self._fetching = asyncio.get_running_loop().create_task(self._run())
        return self._fetching

    async def _run(self) -> None:
        try:
            found = keys_of(await self._get(await self._address()), self._issuer.issuer, self._issuer.algorithms)
        except (EgressRefused, EgressFailed, ValueError) as error:
            log.warning("the keys of an issuer could not be fetched", extra={"error": type(error).__name__})
            return
        # The same object for the same key: accepted tokens are remembered together with it.
        self._keys = {kid: _same(self._keys.get(kid), key) for kid, key in found.items()}
        self._confirmed = self._clock.monotonic()

    async def _address(self) -> str:
        if self._issuer.jwks_uri is not None:
            return self._issuer.jwks_uri
        document = await self._get(self._issuer.issuer.rstrip("/") + "/.well-known/openid-configuration")
        address = document.get("jwks_uri")
        if document.get("issuer") != self._issuer.issuer or not isinstance(address, str):
            raise ValueError("the discovery document is of another issuer")
        return address

    async def _get(self, url: str) -> Mapping[str, Any]:
        response = await self._egress.request(
            "GET", url, headers={"accept": "application/json"}, deadline_seconds=_DEADLINE_SECONDS
        )
        if response.status != 200 or response.truncated:
            raise ValueError("the issuer did not answer with a document")
        document = orjson.loads(response.body)
        if not isinstance(document, dict):
            raise ValueError("the issuer did not answer with an object")
        return document


class ExternalIssuers:
    """All external issuers of a hub; `open_egress` is asked only when there is one."""

    def __init__(
        self, issuers: Sequence[ExternalIssuer], open_egress: Callable[[], EgressClient], clock: Clock
    ) -> None:
        self._egress = egress = open_egress() if issuers else None
        self.by_name = {issuer.issuer: issuer for issuer in issuers}
        self.rules = {issuer.issuer: issuer.rules for issuer in issuers}
        self.sources: dict[str, RemoteKeys] = {}
        if egress is not None:
            self.sources = {issuer.issuer: RemoteKeys(issuer, egress, clock) for issuer in issuers}

    async def learn(self, token: str) -> bool:
        """Whether a refused token deserves another look, because its issuer has just named its key."""
        if not self.sources:
            return False
        try:
            unverified = parse_token(token)
            source = self.sources.get(text_of(unverified.payload["iss"]))
            kid = text_of(unverified.header["kid"])
        except Exception:
            return False  # the verifier has refused it already, in the words meant for the caller
        return source is not None and await source.learn(kid)

    async def aclose(self) -> None:
        """Give up what is being fetched, and close connections."""
        for source in self.sources.values():
            await source.aclose()
        if self._egress is not None:
            await self._egress.aclose()


def keys_of(document: Mapping[str, Any], issuer: str, algorithms: Sequence[Algorithm]) -> dict[str, VerificationKey]:
    """The usable keys of a JWK set (RFC 7517) by kid; a kid that two keys share names none.

    Raises ValueError when it is no set at all. A key of another kind, use or algorithm is left out.
    """
    listed = document.get("keys")
    if not isinstance(listed, list):
        raise ValueError("no JWK set")
    found: dict[str, VerificationKey] = {}
    seen: set[str] = set()
    for jwk in listed:
        kid = jwk.get("kid") if isinstance(jwk, dict) else None
        if not isinstance(kid, str) or kid in seen:
            found.pop(str(kid), None)
            continue
        seen.add(kid)
        with suppress(ValueError, KeyError, TypeError):
            key = _key(jwk, kid, issuer)
            if key.alg in algorithms:
                found[kid] = key
    return found


def _key(jwk: Mapping[str, Any], kid: str, issuer: str) -> VerificationKey:
    if jwk.get("use", "sig") != "sig":
        raise ValueError("a key for something else")
    if jwk["kty"] == "EC" and jwk["crv"] == "P-256" and jwk.get("alg", "ES256") == "ES256":
        point = EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), SECP256R1())
        return VerificationKey(kid, "ES256", point.public_key(), issuer)
    if jwk["kty"] == "RSA" and jwk.get("alg", "RS256") == "RS256":
        modulus = _number(jwk["n"])
        if modulus.bit_length() > _MAX_RSA_BITS:
            raise ValueError("a key too long to be honest")
        return VerificationKey(kid, "RS256", RSAPublicNumbers(_number(jwk["e"]), modulus).public_key(), issuer)
    raise ValueError("a key of another kind")


def _number(text: str) -> int:
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise ValueError("not base64url")
    return int.from_bytes(raw)


def _same(old: VerificationKey | None, new: VerificationKey) -> VerificationKey:
    return old if old is not None and old.alg == new.alg and old.key == new.key else new
