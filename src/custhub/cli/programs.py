"""`custhub clients`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from custhub.cli.output import ask, say, table, tell

commands = typer.Typer(help="Partners' programs.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="What the client is called.")]
Scope = Annotated[list[str] | None, typer.Option(help="A scope of its ceiling; repeat it for more.")]
Role = Annotated[str | None, typer.Option(help="The role whose fields and rows it sees; `partner` by default.")]
Source = Annotated[list[str] | None, typer.Option(help="A source whose customers it reaches; repeat it for more.")]
Network = Annotated[list[str] | None, typer.Option(help="A network it may call from; repeat it for more.")]
Client = Annotated[str, typer.Argument(help="Id of the client.")]
Overlap = Annotated[int, typer.Option(min=0, max=604_800, help="How long the secret of before stays valid.")]


@commands.command("add")
def add_client(
    name: Name, scope: Scope = None, role: Role = None, source: Source = None, network: Network = None
) -> None:
    """Add a client and print its secret, once."""
    asked = {"name": name, "scopes": scope or [], "role": role, "sources": source or [], "networks": network or []}
    _show_secret(ask("clients.add", asked))


@commands.command("list")
def list_clients() -> None:
    """List all clients."""
    rows = [_row(client) for client in ask("clients.list", {})["clients"]]
    table(("id", "role", "state", "scopes", "name"), rows)


@commands.command("rotate-secret")
def rotate_secret(client: Client, overlap_seconds: Overlap = 86_400) -> None:
    """Give a client a new secret, printed once; the newest one before stays valid for a while."""
    _show_secret(ask("clients.rotate-secret", {"client": client, "overlap_seconds": overlap_seconds}))


def _show_secret(done: dict[str, Any]) -> None:
    tell(f"client_id {done['client']['id']}; its secret is shown only now:")
    say(done["secret"])


def _row(client: dict[str, Any]) -> tuple[str, ...]:
    state = "disabled" if client["is_disabled"] else "active"
    return (client["id"], client["role"] or "-", state, ",".join(client["scopes"]) or "-", client["name"])
