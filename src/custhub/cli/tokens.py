"""`custhub token issue`."""

from __future__ import annotations

from typing import Annotated

import typer

from custhub.cli.output import ask, say
from custhub.server.refusal import USAGE, Refusal

commands = typer.Typer(help="Access tokens for scripts.", no_args_is_help=True)


@commands.callback()
def _group() -> None:
    """Access tokens for scripts."""


@commands.command()
def issue(
    role: Annotated[str | None, typer.Option(help="The rights of this role.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="This scope; repeat it, or say `all`.")] = None,
    ttl_seconds: Annotated[int, typer.Option(min=1, max=3600, help="How long it is valid.")] = 600,
) -> None:
    """Print an access token of the built-in operator client, and nothing else.

    It may do exactly what is asked for here and reaches every row. The issue is audited.
    """
    if (role is None) == (not scope):
        raise Refusal("say either --role or --scope", USAGE)
    say(ask("token.issue", {"role": role, "scopes": scope or [], "ttl_seconds": ttl_seconds})["token"])
