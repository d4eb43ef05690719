"""Facts about users, teams, roles and clients that others hear of."""

from __future__ import annotations

from custhub.events.envelope import Event
from custhub.kit.ids import Prefix


class UserEvent(Event):
    """Something happened to a user."""

    __slots__ = ()
    subject_type = "user"
    prefix = Prefix.USER


class UserCreated(UserEvent):
    """A user was created."""

    __slots__ = ()
    type = "user.created"


class UserUpdated(UserEvent):
    """Name, address, team, roles or second factor of a user changed."""

    __slots__ = ()
    type = "user.updated"


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


class RoleCreated(RoleEvent):
    """A role was made."""

    __slots__ = ()
    type = "role.created"


class RoleUpdated(RoleEvent):
    """A role gives something else now."""

    __slots__ = ()
    type = "role.updated"


class RoleDeleted(RoleEvent):
    """A role is gone."""

    __slots__ = ()
    type = "role.deleted"


class TeamEvent(Event):
    """Something happened to a team."""

    __slots__ = ()
    subject_type = "team"
    prefix = Prefix.TEAM


class TeamCreated(TeamEvent):
    """A team was made."""

    __slots__ = ()
    type = "team.created"


class TeamUpdated(TeamEvent):
    """A team was renamed or moved."""

    __slots__ = ()
    type = "team.updated"


class TeamDeleted(TeamEvent):
    """A team is gone."""

    __slots__ = ()
    type = "team.deleted"


class ClientEvent(Event):
    """Something happened to a client."""

    __slots__ = ()
    subject_type = "client"
    prefix = Prefix.CLIENT


class ClientCreated(ClientEvent):
    """A client was made."""

    __slots__ = ()
    type = "client.created"


class ClientUpdated(ClientEvent):
    """A client changed."""

    __slots__ = ()
    type = "client.updated"


class ClientSecretRotated(ClientEvent):
    """A client has a new secret; the one before ends after the overlap."""

    __slots__ = ()
    type = "client.secret_rotated"


class ClientDisabled(ClientEvent):
    """A client was disabled; its tokens have ended."""

    __slots__ = ()
    type = "client.disabled"


class ClientEnabled(ClientEvent):
    """A disabled client may ask for tokens again."""

    __slots__ = ()
    type = "client.enabled"


class ClientDeleted(ClientEvent):
    """A client is gone."""

    __slots__ = ()
    type = "client.deleted"
