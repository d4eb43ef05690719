"""The result of a verification as the API shows it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from custhub.features.audit.rules import Fault, Verification
from custhub.http.fields import AuditId, Read
from custhub.kit.ids import Prefix, text_or_none

#: What JavaScript holds exactly.
MAX_SEQ = 2**53 - 1
_MOST = 10_000
_Seq = Annotated[int, Field(ge=0, le=MAX_SEQ, json_schema_extra={"format": "int64"})]
_Count = Annotated[int, Field(ge=0, le=MAX_SEQ, json_schema_extra={"format": "int64"})]


class VerifyQuery(BaseModel):
    """Where to begin, and how far to go in one call."""

    model_config = ConfigDict(extra="forbid")

    from_seq: int = Field(default=1, ge=1, le=MAX_SEQ, description="First link to check; `next_seq` of the call before")
    limit: int = Field(default=5_000, ge=1, le=_MOST, description="Links checked in one call")


class FindingRead(Read):
    """Where the log is not what it was, first."""

    seq: _Seq
    kind: Fault = Field(
        description="What was done there. `edited` also for an entry the hub never wrote; `checkpoint_mismatch` for "
        "links that follow each other but are not those that were signed, somewhere from `seq` on"
    )
    entry_id: AuditId | None


class VerificationRead(Read):
    """The result of one call. `next_seq` is null once the end was reached or a fault was found."""

    object: Literal["audit_verification"]
    status: Literal["valid", "invalid", "unproven"] = Field(
        description="`unproven`: what is there holds, but checkpoints are missing outside the database"
    )
    from_seq: _Seq
    to_seq: _Seq = Field(description="Last link that holds")
    checked: _Count
    checkpoints: _Count = Field(description="Signed checkpoints checked")
    sink_missing: _Count = Field(description="Checkpoints of the database that are missing outside of it")
    unsealed: _Count = Field(description="Entries older than 60 seconds without a link")
    first_bad: FindingRead | None
    next_seq: _Seq | None


def verification_view(result: Verification) -> dict[str, Any]:
    """The body of a verification."""
    finding = result.finding
    return {
        "object": "audit_verification",
        "status": result.status,
        "from_seq": result.from_seq,
        "to_seq": result.to_seq,
        "checked": result.checked,
        "checkpoints": result.checkpoints,
        "sink_missing": result.sink_missing,
        "unsealed": result.unsealed,
        "first_bad": None
        if finding is None
        else {
            "seq": finding.seq,
            "kind": finding.fault,
            "entry_id": text_or_none(Prefix.AUDIT, finding.entry_id),
        },
        "next_seq": result.next_seq,
    }
