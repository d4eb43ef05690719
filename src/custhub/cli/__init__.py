"""The command line: every command ends in one clear line or in what was asked for, never in a traceback."""

from __future__ import annotations

import sys

import typer

from custhub.cli import (
    dedupe,
    documents,
    duplicates,
    first,
    jobs,
    keys,
    merges,
    messages,
    people,
    programs,
    quality,
    records,
    search,
    serving,
    tokens,
)
from custhub.cli.output import explain

_commands = typer.Typer(
    name="custhub",
    help="A headless customer hub.",
    no_args_is_help=True,
    add_completion=False,
    # Locals of a frame may hold keys and numbers.
    pretty_exceptions_enable=False,
)
for module in (first, serving, documents):
    module.register(_commands)
for name, group in (
    ("users", people.commands),
    ("clients", programs.commands),
    ("token", tokens.commands),
    ("keys", keys.commands),
    ("jobs", jobs.commands),
    ("audit", records.commands),
    ("messages", messages.commands),
    ("search", search.commands),
    ("quality", quality.commands),
    ("dedupe", dedupe.commands),
    ("duplicates", duplicates.commands),
    ("merges", merges.commands),
):
    _commands.add_typer(group, name=name)


def app() -> None:
    """Run the command that the arguments name."""
    with explain():
        _commands()
    sys.exit(0)
