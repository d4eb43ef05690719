"""What commands say, and how they fail."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from custhub.http.logs import configure, install_hooks
from custhub.operator.calling import call
from custhub.operator.refused import CommandRefused
from custhub.server.refusal import FAILED, Refusal, explained, read_settings


def say(text: str) -> None:
    """One line of a result, on standard output."""
    typer.echo(text)


def tell(text: str) -> None:
    """One line for the person, on standard error: what is piped on stays clean."""
    typer.echo(text, err=True)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows under their heads, in columns."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@contextmanager
def explain() -> Iterator[None]:
    """Ends the process with one line where a command cannot do what was asked."""
    # Before a command has read its settings, and whatever comes unexpectedly.
    configure("warning")
    install_hooks()
    try:
        yield
    except Refusal as refusal:
        tell(f"custhub: {refusal}")
        sys.exit(refusal.code)


def ask(command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What an operator command answers. Raises Refusal."""
    settings = read_settings()
    try:
        with explained(settings):
            return call(settings, command, arguments)
    except CommandRefused as refused:
        raise Refusal(str(refused), FAILED) from refused
