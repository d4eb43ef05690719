"""Facts about keys that others hear of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from custhub.events.envelope import Event
from custhub.kit.ids import Prefix

_PURPOSE: Final[dict[str, Any]] = {"type": "string", "maxLength": 40, "examples": ["field"]}
_KID: Final[dict[str, Any]] = {"type": "integer", "minimum": 1, "examples": [2]}
_TURN: Final[dict[str, dict[str, Any]]] = {"purpose": _PURPOSE, "from_kid": {**_KID, "examples": [1]}, "to_kid": _KID}


class KeyEvent(Event):
    """Something happened to a key."""

    __slots__ = ()
    subject_type = "key"
    prefix = Prefix.KEY
    path = "/v1/keys/{id}"
    members: ClassVar[Mapping[str, Any]] = {"purpose": _PURPOSE, "kid": _KID}


class KeyAdded(KeyEvent):
    """A key was put into the keyring; nothing is written under it yet."""

    __slots__ = ()
    type = "key.added"


class KeyActivated(KeyEvent):
    """New values are written under this key from now on."""

    __slots__ = ()
    type = "key.activated"


class KeyRetired(KeyEvent):
    """A key is not used any more and leaves the keyring."""

    __slots__ = ()
    type = "key.retired"


class KeyRotationEvent(Event):
    """Something happened to a rotation of keys."""

    __slots__ = ()
    subject_type = "key_rotation"
    prefix = Prefix.KEY
    path = "/v1/key-rotations/{id}"
    members: ClassVar[Mapping[str, Any]] = _TURN


class KeyRotated(KeyRotationEvent):
    """No stored data depends on the old key any more."""

    __slots__ = ()
    type = "key.rotated"


class KeyRotationFailed(KeyRotationEvent):
    """A rotation gave up; what it has done stays, and starting it again continues it."""

    __slots__ = ()
    type = "key.rotation_failed"
    members: ClassVar[Mapping[str, Any]] = {**_TURN, "rows": {"type": "integer", "minimum": 0, "examples": [3]}}
