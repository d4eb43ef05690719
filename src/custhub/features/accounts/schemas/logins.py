"""Bodies and answers around logins, tokens and second factors."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from custhub.features.accounts.schemas.bodies import Email, Name, NewPassword, Password
from custhub.http.fields import Body, Read, TeamId, UserId
from custhub.http.openapi.traits import SHOWN_ON_REQUEST

OneTimeToken = Annotated[str, StringConstraints(min_length=1, max_length=100)]
TotpCode = Annotated[str, StringConstraints(min_length=6, max_length=6, pattern="^[0-9]{6}$")]
ScopeText = Annotated[str, StringConstraints(max_length=2_000)]
Seconds = Annotated[int, Field(ge=1, le=3_600)]


class LoginRequest(Body):
    """Who logs in."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"email": "li.na@example.com", "password": "correct horse battery staple"}]}
    )

    email: Annotated[str, StringConstraints(min_length=1, max_length=254)]
    password: Password = Field(repr=False)
    totp_code: TotpCode | None = Field(default=None, repr=False, description="Of accounts with a second factor")


class BootstrapRequest(Body):
    """The first administrator of a new hub."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "token": "chb_0000000000000000000000000000000000000000000",
                    "email": "admin@example.com",
                    "name": "王伟",
                    "password": "correct horse battery staple",
                }
            ]
        }
    )

    token: OneTimeToken = Field(repr=False)
    email: Email
    name: Name
    password: NewPassword = Field(repr=False, description="12 to 128 characters")


class PasswordChange(Body):
    """The old password and the new one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"current_password": "correct horse battery", "password": "staple battery horse"}]
        }
    )

    current_password: Password = Field(repr=False)
    password: NewPassword = Field(repr=False, description="The new one, 12 to 128 characters")


class PasswordReset(Body):
    """A new password by the one-time token of an administrator."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"token": "chp_0000000000000000000000000000000000000000000", "password": "staple battery horse"}
            ]
        }
    )

    token: OneTimeToken = Field(repr=False)
    password: NewPassword = Field(repr=False, description="12 to 128 characters")


class TotpConfirmation(Body):
    """A code of the authenticator app."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "492039"}]})

    code: TotpCode = Field(repr=False)


class TokensRead(Read):
    """Tokens of a person. The refresh token works once and brings the next."""

    access_token: Annotated[str, StringConstraints(max_length=8_192)]
    token_type: Literal["Bearer"]
    expires_in: Seconds
    refresh_token: Annotated[str, StringConstraints(max_length=100)]
    scope: ScopeText


class TokenRead(Read):
    """A token of a program, or the next tokens of a person (RFC 6749, section 5.1)."""

    access_token: Annotated[str, StringConstraints(max_length=8_192)]
    token_type: Literal["Bearer"]
    expires_in: Seconds
    scope: ScopeText
    refresh_token: Annotated[str, StringConstraints(max_length=100)] | None = Field(
        default=None, description="With grant_type refresh_token alone", json_schema_extra=SHOWN_ON_REQUEST
    )


class TotpEnrolment(Read):
    """The seed of a second factor, shown once; null when the answer is replayed."""

    secret: Annotated[str, StringConstraints(max_length=64)] | None
    otpauth_uri: Annotated[str, StringConstraints(max_length=1_000)] | None


def _text(maximum: int, description: str) -> WithJsonSchema:
    # What breaks a limit is answered as RFC 6749 wants it, so the model itself takes any text.
    return WithJsonSchema({"type": "string", "maxLength": maximum, "description": description})


class TokenForm(BaseModel):
    """Form of a token request (RFC 6749). Parameters that the hub does not know are ignored."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "additionalProperties": True,
            "maxProperties": 1_000,
            "examples": [{"grant_type": "client_credentials", "scope": "customers:read"}],
        },
    )

    grant_type: Annotated[str | None, _text(64, "client_credentials or refresh_token")] = None
    scope: Annotated[str | None, _text(2_000, "Scopes asked for, separated by spaces; all allowed ones without")] = None
    refresh_token: Annotated[str | None, _text(100, "With grant_type refresh_token")] = None
    client_id: Annotated[str | None, _text(64, "Unless the client names itself by HTTP Basic")] = None
    client_secret: Annotated[str | None, _text(100, "Unless the client names itself by HTTP Basic")] = None


class RevocationForm(BaseModel):
    """Form of a revocation (RFC 7009)."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "additionalProperties": True,
            "maxProperties": 1_000,
            "examples": [{"token": "chr_0000000000000000000000000000000000000000000"}],
        },
    )

    token: Annotated[str | None, _text(8_192, "An access token or a refresh token")] = None
    token_type_hint: Annotated[str | None, _text(40, "Not needed here")] = None


class OAuthFailure(Read):
    """A refused token request (RFC 6749, section 5.2)."""

    error: Literal["invalid_request", "invalid_client", "invalid_grant", "invalid_scope", "unsupported_grant_type"]
    error_description: Annotated[str, StringConstraints(max_length=500)]


class Revoked(Read):
    """Nothing to say: the token does not work, or never did."""


class JwkRead(Read):
    """A public key (RFC 7517)."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: Annotated[str, StringConstraints(max_length=43)]
    y: Annotated[str, StringConstraints(max_length=43)]
    use: Literal["sig"]
    alg: Literal["ES256"]
    kid: Annotated[str, StringConstraints(max_length=40)]


class JwksRead(Read):
    """The keys that sign access tokens."""

    keys: Annotated[list[JwkRead], Field(max_length=100)]


Url = Annotated[str, StringConstraints(max_length=2_048)]
ShortText = Annotated[str, StringConstraints(max_length=64)]


class ServerMetadata(Read):
    """What this authorization server offers (RFC 8414)."""

    issuer: Url
    token_endpoint: Url
    revocation_endpoint: Url
    jwks_uri: Url
    service_documentation: Url
    scopes_supported: Annotated[list[ShortText], Field(max_length=200)]
    response_types_supported: Annotated[list[ShortText], Field(max_length=10)]
    grant_types_supported: Annotated[list[ShortText], Field(max_length=10)]
    token_endpoint_auth_methods_supported: Annotated[list[ShortText], Field(max_length=10)]
    revocation_endpoint_auth_methods_supported: Annotated[list[ShortText], Field(max_length=10)]


class ReachRead(Read):
    """Which rows of customers: all, or own ones, those of these teams and of these sources."""

    kind: Literal["all", "scoped"]
    owner_id: UserId | None
    team_ids: Annotated[list[TeamId], Field(max_length=10_000)]
    sources: Annotated[list[Annotated[str, StringConstraints(max_length=40)]], Field(max_length=50)]


class QuotasRead(Read):
    """How often this caller may do what is counted."""

    requests_per_minute: Annotated[int, Field(ge=1, le=2_147_483_647)] | None
    reveals_per_minute: Annotated[int, Field(ge=1, le=2_147_483_647)]
    reveals_per_day: Annotated[int, Field(ge=1, le=2_147_483_647)]
    lookups_per_minute: Annotated[int, Field(ge=1, le=2_147_483_647)]
    lookups_per_day: Annotated[int, Field(ge=1, le=2_147_483_647)]


class MeRead(Read):
    """Who this token is, and what it may do."""

    id: Annotated[str, StringConstraints(max_length=40)]
    object: Literal["me"]
    kind: Literal["user", "client", "operator"]
    name: Annotated[str, StringConstraints(max_length=200)]
    email: Annotated[str, StringConstraints(max_length=254)] | None
    team_id: TeamId | None
    client_id: ShortText
    scopes: Annotated[list[ShortText], Field(max_length=200)]
    roles: Annotated[list[ShortText], Field(max_length=100)]
    reach: ReachRead
    fields: dict[ShortText, Literal["hidden", "masked", "read", "write"]]
    phone_mask: Literal["none", "last4", "mask"]
    quotas: QuotasRead
    mfa_enabled: bool
    mfa_required: bool
