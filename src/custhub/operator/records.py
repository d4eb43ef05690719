"""The audit log as the operator sees it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from custhub.app import Application
from custhub.features.accounts.service.operator import OPERATOR_ACTOR
from custhub.features.audit.rules import Finding
from custhub.operator.commands import Arguments, Command, NoArguments, new_request_id
from custhub.operator.refused import CommandRefused


class Verify(Arguments):
    """From where to walk the chain."""

    from_seq: Annotated[int, Field(ge=1)]


class VerifyArchive(Arguments):
    """A file of entries that were cut off."""

    path: str


async def _verify(app: Application, asked: Verify) -> Mapping[str, Any]:
    result = await app.audit.verify(asked.from_seq)
    return {
        "status": result.status,
        "checked": result.checked,
        "checkpoints": result.checkpoints,
        "unsealed": result.unsealed,
        "sink_missing": result.sink_missing,
        "finding": _finding(result.finding),
    }


async def _verify_archive(app: Application, asked: VerifyArchive) -> Mapping[str, Any]:
    try:
        report = await app.audit.verify_archive(Path(asked.path))
    except (OSError, ValueError):
        raise CommandRefused(f"{asked.path} is no archive of the audit log") from None
    return {
        "status": "valid" if report.finding is None else "invalid",
        "checked": report.checked,
        "first_seq": report.header.first_seq,
        "last_seq": report.header.last_seq,
        "finding": _finding(report.finding),
    }


async def _cut(app: Application, _: NoArguments) -> Mapping[str, Any]:
    cuts = [
        {"first_seq": row.first_seq, "last_seq": row.last_seq}
        async for row in app.audit.cut(OPERATOR_ACTOR, new_request_id())
    ]
    return {"cuts": cuts, "archive": str((app.settings.audit_dir / "archive").absolute())}


async def _refill_sink(app: Application, _: NoArguments) -> Mapping[str, Any]:
    return {"written": await app.audit.refill_sink(OPERATOR_ACTOR, new_request_id())}


def _finding(finding: Finding | None) -> dict[str, Any] | None:
    return None if finding is None else {"seq": finding.seq, "fault": finding.fault}


COMMANDS = {
    "audit.verify": Command(Verify, _verify),
    "audit.verify-archive": Command(VerifyArchive, _verify_archive),
    "audit.cut": Command(NoArguments, _cut),
    "audit.refill-sink": Command(NoArguments, _refill_sink),
}
