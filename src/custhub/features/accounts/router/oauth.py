"""Routes of OAuth 2.0: tokens, their end, keys and metadata (RFC 6749, 7009, 7517, 8414)."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import unquote_plus

from fastapi import Form, Request, Response

from custhub.features.accounts.deps import Parts, TheSessions
from custhub.features.accounts.errors import (
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    UnsupportedGrantType,
)
from custhub.features.accounts.router.auth import STORAGE, tokens_view
from custhub.features.accounts.schemas.logins import (
    JwksRead,
    OAuthFailure,
    RevocationForm,
    Revoked,
    ServerMetadata,
    TokenForm,
    TokenRead,
)
from custhub.features.accounts.service.parts import AccountParts
from custhub.features.accounts.service.programs import client_token
from custhub.features.accounts.service.rights import HUB_CLIENT
from custhub.features.accounts.service.sessions import Sessions, Tokens
from custhub.http.answers import NO_STORE as NEVER_STORED
from custhub.http.answers import Answer, dump
from custhub.http.deps import caller_address
from custhub.http.hub import call_of
from custhub.http.openapi import NO_STORE, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.errors import HubError
from custhub.security.scopes import ALL

router = hub_router("/v1/oauth", "auth")
well_known = hub_router("/.well-known", "auth")

_MAX_FORM_BYTES = 65_536
_JSON = b"application/json;charset=UTF-8"
_REFUSALS = (InvalidRequest, InvalidClient, InvalidGrant, InvalidScope, UnsupportedGrantType)
_METHODS = ["client_secret_basic", "client_secret_post"]
_PUBLIC = (b"cache-control", b"public, max-age=300")


@router.post(
    "/token",
    response_model=TokenRead,
    responses={
        400: {"model": OAuthFailure, "description": "Refused (RFC 6749, section 5.2)."},
        401: {"model": OAuthFailure, "description": "The client is not known (RFC 6749, section 5.2)."},
        **problems(*_REFUSALS, *STORAGE),
    },
    openapi_extra=traits(NO_STORE),
    max_body_size=_MAX_FORM_BYTES,
)
async def create_token(
    request: Request, form: Annotated[TokenForm, Form()], parts: Parts, sessions: TheSessions
) -> Response:
    """Get an access token.

    A client sends `client_credentials` and its secret, by HTTP Basic or in the form. A person's program sends
    `refresh_token`; the answer brings the next one, and the one sent is used up.
    """
    try:
        _once_each(await request.form())
        tokens = await _granted(request, form, parts, sessions)
    except _REFUSALS as error:
        return _refusal(error)
    return _answer(tokens_view(tokens), 200)


@router.post(
    "/revoke",
    response_model=Revoked,
    responses=problems(*STORAGE),
    # Whoever sends nothing is answered as everybody is (S-46).
    openapi_extra=traits(NO_STORE) | {"requestBody": {"required": False}},
    max_body_size=_MAX_FORM_BYTES,
)
async def revoke_token(form: Annotated[RevocationForm, Form()], sessions: TheSessions) -> Response:
    """End a token before its time. The answer is the same whether it worked, or ever did."""
    if form.token:
        await sessions.revoke(form.token)
    return Answer({}, 200, (NEVER_STORED,))


@well_known.get("/jwks.json", response_model=JwksRead)
async def get_jwks(parts: Parts) -> Response:
    """Get the keys that sign access tokens (RFC 7517)."""
    return Answer(parts.local_keys.jwks(), 200, (_PUBLIC,))


@well_known.get("/oauth-authorization-server", response_model=ServerMetadata)
async def get_server_metadata(parts: Parts) -> Response:
    """Get what this authorization server offers (RFC 8414)."""
    base = parts.settings.public_url.rstrip("/")
    view = {
        "issuer": parts.settings.issuer,
        "token_endpoint": f"{base}/v1/oauth/token",
        "revocation_endpoint": f"{base}/v1/oauth/revoke",
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "service_documentation": f"{base}/docs",
        "scopes_supported": sorted(ALL),
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials", "refresh_token"],
        "token_endpoint_auth_methods_supported": [*_METHODS, "none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
    }
    return Answer(view, 200, (_PUBLIC,))


async def _granted(request: Request, form: TokenForm, parts: AccountParts, sessions: Sessions) -> Tokens:
    basic = _basic(call_of(request).headers.get(b"authorization"))
    if basic is not None and (form.client_id is not None or form.client_secret is not None):
        raise InvalidRequest
    client_id, secret = basic or (form.client_id, form.client_secret)
    scope = None if form.scope is None else frozenset(form.scope.split())
    if form.grant_type == "refresh_token":
        # The people's program is public: it has a name and no secret, and nobody else has refresh tokens.
        if client_id not in (None, HUB_CLIENT) or not form.refresh_token:
            raise InvalidGrant if form.refresh_token else InvalidRequest
        return await sessions.continue_(form.refresh_token, scope)
    if form.grant_type != "client_credentials":
        raise InvalidRequest if form.grant_type is None else UnsupportedGrantType
    if not client_id or not secret:
        raise InvalidClient
    uow = call_of(request).unit_of_work()
    return await client_token(parts, uow, caller_address(request), client_id, secret, scope)


def _once_each(form: Any) -> None:
    names = [name for name, _ in form.multi_items()]
    if len(set(names)) != len(names) or not all(isinstance(value, str) for value in form.values()):
        raise InvalidRequest


def _basic(authorization: bytes | None) -> tuple[str, str] | None:
    """Name and secret of HTTP Basic (RFC 6749, section 2.3.1). Raises InvalidClient for any other scheme.

    An access token is no client's secret: programs that send theirs everywhere send it here, too.
    """
    scheme, _, encoded = (authorization or b"bearer").partition(b" ")
    if scheme.lower() == b"bearer":
        return None
    if scheme.lower() != b"basic":
        raise InvalidClient
    try:
        name, separator, password = b64decode(encoded.strip(), validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        raise InvalidClient from None
    if not separator:
        raise InvalidClient
    return unquote_plus(name), unquote_plus(password)


def _refusal(error: HubError) -> Answer:
    # Quotes and backslashes are not allowed in a description; ours have none.
    view = {"error": error.code, "error_description": type(error).text("en").detail}
    if not isinstance(error, InvalidClient):
        return _answer(view, 400)
    return _answer(view, 401, (b"www-authenticate", b'Basic realm="custhub"'))


def _answer(view: Mapping[str, object], status: int, *more: tuple[bytes, bytes]) -> Answer:
    body = dump(view)
    answer = Answer(body, status, (NEVER_STORED, (b"pragma", b"no-cache"), *more))
    answer.raw_headers = [h for h in answer.raw_headers if h[0] != b"content-type"] + [(b"content-type", _JSON)]
    return answer
