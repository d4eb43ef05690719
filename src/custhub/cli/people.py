"""`custhub users`."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from custhub.cli.output import ask, say, table, tell
from custhub.server.refusal import USAGE, Refusal

commands = typer.Typer(help="People who log in.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="E-mail address.")]
Known = Annotated[str, typer.Argument(help="E-mail address or id.")]
Name = Annotated[str, typer.Option(help="Name shown to others; the address by default.")]
Role = Annotated[list[str] | None, typer.Option(help="A role; repeat it for more.")]
FromInput = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@commands.command("add")
def add_user(email: Email, name: Name = "", role: Role = None, password_stdin: FromInput = False) -> None:
    """Add a user, and print a one-time token for the first password."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    if password_stdin and not password:
        raise Refusal("there is no password on standard input", USAGE)
    done = ask("users.add", {"email": email, "name": name or email, "roles": role or [], "password": password})
    tell(f"added {done['user']['id']}")
    _show_token(done["token"])


@commands.command("list")
def list_users() -> None:
    """List all users."""
    table(("id", "email", "roles", "state", "name"), [_row(user) for user in ask("users.list", {})["users"]])


@commands.command("disable")
def disable_user(user: Known) -> None:
    """Lock a user out now, in every session."""
    tell(f"disabled {ask('users.disable', {'user': user})['user']['id']}")


@commands.command("reset-password")
def reset_password(user: Known) -> None:
    """Take the password away, end every session, and print a one-time token for the next one."""
    done = ask("users.reset-password", {"user": user})
    tell(f"reset the password of {done['user']['id']}")
    _show_token(done["token"])


def _show_token(token: str | None) -> None:
    if token is not None:
        tell('It sets the password, once: POST /v1/auth/reset-password {"token": ..., "password": ...}')
        say(token)


def _row(user: dict[str, Any]) -> tuple[str, ...]:
    state = "disabled" if user["is_disabled"] else "active"
    return (user["id"], user["email"] or "-", ",".join(user["roles"]) or "-", state, user["name"])
