"""`custhub dedupe`: what matching makes of a plain list, without a database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from custhub.cli.output import tell
from custhub.server.refusal import Refusal, read_settings

commands = typer.Typer(help="Duplicates in a list of people.", no_args_is_help=True)


@commands.callback()
def _dedupe() -> None:
    """Duplicates in a list of people."""


@commands.command("run")
def run_dedupe(
    source: Annotated[Path, typer.Option("--input", help="CSV in UTF-8 with a column record_id")],
    output: Annotated[Path, typer.Option("--output", help="gets record_id,cluster_id")],
    threshold: Annotated[float | None, typer.Option(help="bits that make two records one person; 6")] = None,
    explain: Annotated[Path | None, typer.Option(help="gets a JSON for each pair of merge and review")] = None,
) -> None:
    """Find the records of one person in a CSV, as the hub would merge them by itself.

    Columns: record_id, channel, created_at, name, phone, phone2, email, address, birthday, company, country,
    personal_id. Any but record_id may be missing; others are ignored. Nothing is stored, nothing leaves the machine.
    """
    # Not at the top: every other command would load names and numbers of the world for nothing.
    from custhub.features.matching.errors import PeopleFileInvalid
    from custhub.features.matching.service.files import match_file
    from custhub.kit.clock import SystemClock

    country, today = read_settings().default_country, SystemClock().now().date()
    try:
        found = match_file(source, output, explained=explain, threshold=threshold, country=country, today=today)
    except PeopleFileInvalid as error:
        raise Refusal(f"{source}: {error}") from error
    except OSError as error:
        raise Refusal(f"{error.filename or source} cannot be read or written: {error.strerror}") from error
    tell(
        f"{found.records:,} records are {found.people:,} people; {found.clusters:,} clusters, "
        f"{found.review:,} pairs a person should look at; weights {found.model_version}"
    )
