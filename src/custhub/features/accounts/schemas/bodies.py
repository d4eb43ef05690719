"""Request bodies of users, teams, roles, clients and grants."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic.json_schema import WithJsonSchema
from pydantic_core import PydanticCustomError

from custhub.features.accounts.errors import NetworkInvalid
from custhub.features.accounts.rules import is_email, normal_email
from custhub.features.accounts.rules.passwords import (
    MAX_PASSWORD_CHARACTERS,
    MAX_RAW_CHARACTERS,
    MIN_PASSWORD_CHARACTERS,
)
from custhub.http.fields import LINE, Body, TeamId, Text200
from custhub.http.issues import invalid
from custhub.security.addresses import networks_of
from custhub.security.fields import Field as PolicyField
from custhub.security.scopes import Scope

Level = Literal["hidden", "masked", "read", "write"]
RoleReach = Literal["all", "own_team", "team_tree", "granted"]
Mask = Literal["none", "last4", "mask"]
RoleName = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{1,39}$", min_length=2, max_length=40)]
Password = Annotated[str, StringConstraints(min_length=1, max_length=MAX_RAW_CHARACTERS)]
#: Counted in NFC, and answered as `password_too_weak`; the document says how long it may be.
NewPassword = Annotated[
    Password,
    WithJsonSchema({"type": "string", "minLength": MIN_PASSWORD_CHARACTERS, "maxLength": MAX_PASSWORD_CHARACTERS}),
]
SourceName = Annotated[str, StringConstraints(min_length=1, max_length=40)]


def _email(value: str) -> str:
    address = normal_email(value)
    if not is_email(address):
        raise PydanticCustomError("pattern_mismatch", "not an address")
    return address


def _network(value: str) -> str:
    try:
        return str(networks_of([value.strip()])[0])
    except ValueError:
        raise invalid(NetworkInvalid()) from None


Email = Annotated[
    str,
    StringConstraints(min_length=3, max_length=254),
    Field(json_schema_extra={"format": "idn-email"}),
    AfterValidator(_email),
]
CidrText = Annotated[str, StringConstraints(min_length=2, max_length=49), AfterValidator(_network)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=LINE), AfterValidator(str.strip)]
TeamName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=LINE), AfterValidator(str.strip)]
Roles = Annotated[list[RoleName], Field(max_length=20)]
Scopes = Annotated[list[Scope], Field(max_length=len(Scope))]
Sources = Annotated[list[SourceName], Field(max_length=50)]
Networks = Annotated[list[CidrText], Field(max_length=50)]
Fields = Annotated[dict[PolicyField, Level], Field(max_length=len(PolicyField))]


class _Patch(Body):
    """A merge patch. Defaults are never read: what was not sent stays, and null is refused unless a member takes it."""

    def changes(self) -> dict[str, Any]:
        """The members that were sent."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class UserCreate(Body):
    """A user to add. Without a password, reset it: the user sets one with the token."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"email": "li.na@example.com", "name": "李娜", "roles": ["sales"]}]}
    )

    email: Email
    name: Name
    roles: Roles = Field(default=[])
    team_id: TeamId | None = None
    password: NewPassword | None = Field(default=None, repr=False, description="12 to 128 characters")


class UserPatch(_Patch):
    """What may change about a user. `roles` replaces all of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"roles": ["sales", "marketing"], "team_id": None}]})

    email: Email = ""
    name: Name = ""
    roles: Roles = Field(default=[])
    team_id: TeamId | None = None


class TeamCreate(Body):
    """A team to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "华南", "parent_id": None}]})

    name: TeamName
    parent_id: TeamId | None = None


class TeamPatch(_Patch):
    """A new name or place for a team."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "华南一区"}]})

    name: TeamName = ""
    parent_id: TeamId | None = None


class RoleCreate(Body):
    """A role to make from the parts that the built-in ones are made of."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "analyst",
                    "description": "Reads customers and segments",
                    "scopes": ["customers:read", "segments:read"],
                    "reach": "all",
                    "fields": {"display_name": "read", "stage": "read"},
                    "phone_mask": "none",
                }
            ]
        }
    )

    name: RoleName
    description: Text200
    scopes: Scopes
    reach: RoleReach = Field(description="Rows: all, own and own team's, own and all below, or granted sources")
    fields: Fields = Field(description="Access to each field of a customer; what is not named is hidden")
    phone_mask: Mask = Field(description="How numbers look: not at all, last four digits, or masked")
    reveals_per_day: int = Field(default=0, ge=0, le=10_000, description="0 for the default of the hub")


class RolePatch(_Patch):
    """What may change about a role made here. Its name stays: others refer to it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"scopes": ["customers:read"]}]})

    description: Text200 = ""
    scopes: Scopes = Field(default=[])
    reach: RoleReach = "granted"
    fields: Fields = Field(default={})
    phone_mask: Mask = "none"
    reveals_per_day: int = Field(default=0, ge=0, le=10_000)


class ClientCreate(Body):
    """A partner's program to let in."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Web shop", "scopes": ["customers:create", "orders:write"], "sources": ["shop"]},
            ]
        }
    )

    name: Name
    scopes: Scopes = Field(description="The ceiling: no token of this client holds more")
    role: RoleName | None = Field(default=None, description="Narrows the scopes and decides fields and rows; partner's")
    sources: Sources = Field(default=[], description="Whose customers it reaches, unless its role reaches all")
    networks: Networks = Field(default=[], description="Where it may call from, as CIDR; empty for anywhere")


class ClientPatch(_Patch):
    """What may change about a client."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"networks": ["203.0.113.0/24"]}]})

    name: Name = ""
    scopes: Scopes = Field(default=[])
    role: RoleName | None = None
    sources: Sources = Field(default=[])
    networks: Networks = Field(default=[])


class SecretRotation(Body):
    """How long the secret before stays valid beside the new one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"overlap_seconds": 86_400}]})

    overlap_seconds: int = Field(default=86_400, ge=0, le=604_800)
