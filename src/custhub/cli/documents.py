"""`custhub openapi`: the document of this version, printed, written or compared."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated

import typer

from custhub.cli.output import say, tell
from custhub.server.refusal import FAILED, USAGE, Refusal

_COMMITTED = Path("openapi/openapi.json")
_SHOWN_LINES = 40

Check = Annotated[bool, typer.Option("--check", help=f"Compare it with {_COMMITTED}; exit 1 when they differ.")]
Write = Annotated[Path | None, typer.Option(help="Write it to this file.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(openapi)


def openapi(check: Check = False, write: Write = None) -> None:
    """Print the OpenAPI document of this version."""
    if check and write is not None:
        raise Refusal("say either --check or --write", USAGE)
    # Loads the whole hub, which most other commands do not need.
    from custhub.api import document

    text = document()
    if write is not None:
        write.parent.mkdir(parents=True, exist_ok=True)
        write.write_text(text, encoding="utf-8")
    elif check:
        _compare(text)
    else:
        typer.echo(text, nl=False)


def _compare(text: str) -> None:
    if not _COMMITTED.exists():
        raise Refusal(f"there is no {_COMMITTED}: run `make openapi`", FAILED)
    stored = _COMMITTED.read_text(encoding="utf-8")
    if stored == text:
        return
    changes = difflib.unified_diff(stored.splitlines(), text.splitlines(), "committed", "application", n=1, lineterm="")
    lines = list(changes)
    for line in lines[:_SHOWN_LINES]:
        say(line)
    if len(lines) > _SHOWN_LINES:
        tell(f"... {len(lines) - _SHOWN_LINES} more lines")
    raise Refusal(f"{_COMMITTED} is not the document of this version: run `make openapi` and read the change", FAILED)
