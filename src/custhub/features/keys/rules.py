"""The life of a key and the phases of a rotation."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class KeyState(StrEnum):
    """What a key does.

    `next`: every process is learning it, nobody writes under it. `filling`: numbers are claimed under it too, while
    stored ones follow. `live`: the newest of these is in charge, new values are written under it. `draining`:
    numbers are still claimed under it, nothing is indexed under it any more. `retiring`: it only reads and verifies.
    `retired`: nobody uses it, and it leaves the keyring.
    """

    NEXT = "next"
    FILLING = "filling"
    LIVE = "live"
    DRAINING = "draining"
    RETIRING = "retiring"
    RETIRED = "retired"


class RotatedPurpose(StrEnum):
    """Purposes whose stored values are moved to a new key by a rotation."""

    FIELD = "field"
    BIDX = "bidx"


class AddedPurpose(StrEnum):
    """Purposes that only get one more key: nothing stored is moved."""

    SUPPRESS = "suppress"
    JWT = "jwt"
    CURSOR = "cursor"
    AUDIT = "audit"
    AUDIT_MAC = "audit_mac"


#: Never retired: erased numbers cannot be hashed again (S-17), signed and authenticated entries must stay checkable.
PERMANENT: Final = frozenset({AddedPurpose.SUPPRESS.value, AddedPurpose.AUDIT.value, AddedPurpose.AUDIT_MAC.value})
#: Every live key of these is used, not only the newest.
ALL_LIVE: Final = frozenset({AddedPurpose.SUPPRESS.value})


class RotationState(StrEnum):
    """Whether a rotation waits, works, or has ended (CONTRACT D5)."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


OPEN: Final = (RotationState.QUEUED, RotationState.RUNNING)


class Phase(StrEnum):
    """What a rotation is doing. `field`: distributing, rewrapping. `bidx`: the others, in this order (S-17)."""

    DISTRIBUTING = "distributing"
    REWRAPPING = "rewrapping"
    DUAL_WRITING = "dual_writing"
    BACKFILLING = "backfilling"
    MATCHING = "matching"
    VERIFYING = "verifying"
    SWITCHING = "switching"
    DROPPING = "dropping"
    CLEARING = "clearing"
    DONE = "done"


#: A process whose knowledge of the keys is older than this does not write.
FENCE_SECONDS: Final = 5.0
#: How often every process asks for news of the keys.
POLL_SECONDS: Final = 1.0
#: After this long every process has adopted a change, or does not write: the fence and a second more.
ADOPTION_SECONDS: Final = FENCE_SECONDS + POLL_SECONDS
#: The kind of job that a rotation is.
KEY_ROTATION: Final = "key_rotation"
