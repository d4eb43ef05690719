"""Facts about keys that others hear of."""

from __future__ import annotations

from custhub.events.envelope import Event
from custhub.kit.ids import Prefix


class KeyEvent(Event):
    """Something happened to a key."""

    __slots__ = ()
    subject_type = "key"
    prefix = Prefix.KEY


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


class KeyRotated(KeyRotationEvent):
    """No stored data depends on the old key any more."""

    __slots__ = ()
    type = "key.rotated"


class KeyRotationFailed(KeyRotationEvent):
    """A rotation gave up; what it has done stays, and starting it again continues it."""

    __slots__ = ()
    type = "key.rotation_failed"
