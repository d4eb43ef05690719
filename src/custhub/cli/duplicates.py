"""`custhub duplicates`."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from custhub.cli.jobs import watch_job
from custhub.cli.output import ask, tell
from custhub.server.refusal import Refusal

commands = typer.Typer(help="Customers that may be one person.", no_args_is_help=True)


@commands.callback()
def _duplicates() -> None:
    """Customers that may be one person."""


@commands.command("scan")
def scan_duplicates() -> None:
    """Compare every customer with every other while the hub works, and wait until that is done.

    Interrupted, it goes on without this command as long as a hub runs.
    """
    watch_job(ask("duplicates.scan", {})["job"])


@commands.command("labels")
def export_labels(
    output: Annotated[Path | None, typer.Option("--output", help="gets the CSV; else standard output")] = None,
) -> None:
    """Write what people decided about pairs, for `custhub dedupe estimate --labels`.

    Two customers, the decision, its reason, and the levels that the two were compared to have: no values. Decisions
    that were taken back and merges that the hub made by itself are none.
    """
    if output is None:
        _write(sys.stdout)
        return
    # Not at the top: files of people load all that reads them.
    from custhub.features.matching.service.files import written

    try:
        with written(output) as file:
            count = _write(file)
    except OSError as error:
        raise Refusal(f"{output} cannot be written: {error.strerror}") from error
    tell(f"{count:,} decisions are in {output}")


def _write(file: TextIO) -> int:
    rows = csv.DictWriter(file, ("left", "right", "decision", "reason", "model_version", "levels"), lineterminator="\n")
    rows.writeheader()
    count, after = 0, None
    while True:
        done: dict[str, Any] = ask("duplicates.labels", {"after": after})
        rows.writerows(done["labels"])
        count, after = count + len(done["labels"]), done["after"]
        if after is None:
            return count


@commands.command("rebuild-keys")
def rebuild_keys() -> None:
    """Make the keys under which customers meet anew while the hub works, and wait until that is done.

    Interrupted, it goes on without this command as long as a hub runs.
    """
    watch_job(ask("duplicates.rebuild-keys", {})["job"])
