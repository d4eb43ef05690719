"""Facts about users, teams, roles and clients that others hear of."""

from __future__ import annotations

from custhub.events.envelope import Event
from custhub.kit.ids import Prefix


class UserEvent(Event):
    """Something happened to a user."""

    __slots__ = ()
    subject_type = "user"
    prefix = Prefix.USER
    path = "/v1/users/{id}"
    tracked = True


class UserCreated(UserEvent):
    """A user was created."""

    __slots__ = ()
    type = "user.created"


class UserUpdated(UserEvent):
    """Name, address, team, roles or second factor of a user changed."""

    __slots__ = ()
    type = "user.updated"
    example_fields = ("name", "roles")


class UserDisabled(UserEvent):
    """A user was disabled; its tokens have ended."""

    __slots__ = ()
    type = "user.disabled"


class UserEnabled(UserEvent):
    """A disabled user may log in again."""

    __slots__ = ()
    type = "user.enabled"


class RoleEvent(Event):
    """Something happened to a role."""

    __slots__ = ()
    subject_type = "role"
    prefix = Prefix.ROLE
    path = "/v1/roles/{id}"


class RoleCreated(RoleEvent):
    """A role was made."""

    __slots__ = ()
    type = "role.created"


class RoleUpdated(RoleEvent):
    """A role gives something else now."""

    __slots__ = ()
    type = "role.updated"
    example_fields = ("scopes",)


class RoleDeleted(RoleEvent):
    """A role is gone."""

    __slots__ = ()
    type = "role.deleted"
    gone = True


class TeamEvent(Event):
    """Something happened to a team."""

    __slots__ = ()
    subject_type = "team"
    prefix = Prefix.TEAM
    path = "/v1/teams/{id}"
    tracked = True


class TeamCreated(TeamEvent):
    """A team was made."""

    __slots__ = ()
    type = "team.created"


class TeamUpdated(TeamEvent):
    """A team was renamed or moved."""

    __slots__ = ()
    type = "team.updated"
    example_fields = ("name",)


class TeamDeleted(TeamEvent):
    """A team is gone."""

    __slots__ = ()
    type = "team.deleted"
    gone = True


class ClientEvent(Event):
    """Something happened to a client."""

    __slots__ = ()
    subject_type = "client"
    prefix = Prefix.CLIENT
    path = "/v1/clients/{id}"
    tracked = True


class ClientCreated(ClientEvent):
    """A client was made."""

    __slots__ = ()
    type = "client.created"


class ClientUpdated(ClientEvent):
    """A client changed."""

    __slots__ = ()
    type = "client.updated"
    example_fields = ("scopes",)


class ClientSecretRotated(ClientEvent):
    """A client has a new secret; the one before ends after the overlap."""

    __slots__ = ()
    type = "client.secret_rotated"
    example_fields = ("secrets",)


class ClientDisabled(ClientEvent):
    """A client was disabled; its tokens have ended."""

    __slots__ = ()
    type = "client.disabled"
    example_fields = ("is_disabled",)


class ClientEnabled(ClientEvent):
    """A disabled client may ask for tokens again."""

    __slots__ = ()
    type = "client.enabled"
    example_fields = ("is_disabled",)


class ClientDeleted(ClientEvent):
    """A client is gone."""

    __slots__ = ()
    type = "client.deleted"
    gone = True
