"""`custhub duplicates`."""

from __future__ import annotations

import typer

from custhub.cli.jobs import watch_job
from custhub.cli.output import ask

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
