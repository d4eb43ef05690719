"""`custhub audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from custhub.cli.output import ask, say
from custhub.server.refusal import FAILED, Refusal

commands = typer.Typer(help="The audit log.", no_args_is_help=True)

Archive = Annotated[Path | None, typer.Argument(help="An archive of entries that were cut off; else the log itself.")]
From = Annotated[int, typer.Option(min=1, help="Number of the first entry to check.")]


@commands.command("verify")
def verify_log(archive: Archive = None, from_seq: From = 1) -> None:
    """Check every entry, the chain and its signatures; exit 1 and the first bad place when something is wrong."""
    if archive is not None:
        done = ask("audit.verify-archive", {"path": str(archive.absolute())})
        _judge(done)
        say(f"valid: {done['checked']} entries, {done['first_seq']} to {done['last_seq']}")
        return
    done = ask("audit.verify", {"from_seq": from_seq})
    _judge(done)
    say(f"{done['status']}: {done['checked']} entries, {done['checkpoints']} checkpoints")
    if done["sink_missing"]:
        raise Refusal(f"{done['sink_missing']} checkpoints are missing outside the database", FAILED)


@commands.command("cut")
def cut_log() -> None:
    """Move entries beyond the retention into archives that verify on their own."""
    done = ask("audit.cut", {})
    for cut in done["cuts"]:
        say(f"cut {cut['first_seq']} to {cut['last_seq']}")
    say(f"archives are in {done['archive']}" if done["cuts"] else "nothing is past the retention")


@commands.command("refill-sink")
def refill_sink() -> None:
    """Write checkpoints that the directory outside the database lost again."""
    say(f"{ask('audit.refill-sink', {})['written']} checkpoints written")


def _judge(done: dict[str, Any]) -> None:
    finding = done["finding"]
    if finding is not None:
        raise Refusal(f"the audit log is not valid: entry {finding['seq']} is {finding['fault']}", FAILED)
