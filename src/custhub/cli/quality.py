"""`custhub quality`."""

from __future__ import annotations

import typer

from custhub.cli.jobs import watch_job
from custhub.cli.output import ask

commands = typer.Typer(help="Quality of the data.", no_args_is_help=True)


@commands.callback()
def _quality() -> None:
    """Quality of the data."""


@commands.command("scan")
def scan_quality() -> None:
    """Look at every customer for what may be wrong while the hub works, and wait until that is done.

    Interrupted, it goes on without this command as long as a hub runs.
    """
    watch_job(ask("quality.scan", {})["job"])
