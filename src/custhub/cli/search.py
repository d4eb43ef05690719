"""`custhub search`."""

from __future__ import annotations

import typer

from custhub.cli.jobs import watch_job
from custhub.cli.output import ask

commands = typer.Typer(help="Search.", no_args_is_help=True)


@commands.callback()
def _search() -> None:
    """Search."""


@commands.command("rebuild")
def rebuild_search() -> None:
    """Make what search finds customers by anew while the hub works, and wait until that is done.

    Interrupted, it goes on without this command as long as a hub runs.
    """
    watch_job(ask("search.rebuild", {})["job"])
