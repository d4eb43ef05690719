"""What a verification found (S-73)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from custhub.features.audit.rules.chain import Fault

Status = Literal["valid", "invalid", "unproven"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The first place where the log is not what it was: `seq` and what was done there."""

    seq: int
    fault: Fault
    entry_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """What a walk from `from_seq` to `to_seq` found; `next_seq` continues it, None at the end of the chain.

    `sink_missing` counts checkpoints of the database that the sink lacks: then nobody can tell whether both lost more.
    """

    from_seq: int
    to_seq: int
    checked: int
    checkpoints: int
    unsealed: int
    sink_missing: int
    finding: Finding | None
    next_seq: int | None

    @property
    def status(self) -> Status:
        """`unproven`: the chain holds, but checkpoints are missing outside the database."""
        if self.finding is not None:
            return "invalid"
        return "unproven" if self.sink_missing else "valid"
