"""`custhub messages`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from custhub.cli.output import ask, say, table, tell
from custhub.server.refusal import FAILED, Refusal

commands = typer.Typer(help="E-mails and SMS that the hub sends.", no_args_is_help=True)


class _State(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    FAILED = "failed"
    UNKNOWN = "unknown"


class _Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"


State = Annotated[_State | None, typer.Option(help="Only those in this state.")]
Channel = Annotated[_Channel | None, typer.Option(help="Only those of this channel.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")]
Address = Annotated[str, typer.Argument(help="An e-mail address, or a phone number.")]


@commands.command("list")
def list_messages(state: State = None, channel: Channel = None, limit: Limit = 50) -> None:
    """List messages, newest first, with masked recipients."""
    done = ask("messages.list", {"state": state, "channel": channel, "limit": limit})
    table(("id", "created", "channel", "state", "error", "recipient", "kind"), [_row(m) for m in done["messages"]])
    if done["has_more"]:
        tell("there are more")


@commands.command("test")
def send_test(address: Address) -> None:
    """Send a test message, to see whether sending works."""
    done = ask("messages.test", {"address": address})
    message = done["message"]
    if message["state"] in ("failed", "bounced", "unknown"):
        raise Refusal(f"message {message['id']} is {message['state']}: {message['error']}", FAILED)
    say(f"message {message['id']} to {message['recipient']} is {message['state']}{_why(message)}")
    if done["is_open"]:
        tell("`custhub messages list` shows what becomes of it")


@commands.command("allow")
def allow_address(address: Address) -> None:
    """Send messages again to an address that had refused them for good."""
    done = ask("messages.allow", {"address": address})
    if done["was_suppressed"]:
        say(f"{done['recipient']} gets messages again")
    else:
        say(f"{done['recipient']} was not suppressed")


def _why(message: dict[str, Any]) -> str:
    return f" ({message['error']})" if message["error"] else ""


def _row(message: dict[str, Any]) -> tuple[str, ...]:
    return (
        message["id"],
        message["created_at"][:19].replace("T", " "),
        message["channel"],
        message["state"],
        message["error"] or "-",
        message["recipient"] or "-",
        message["kind"],
    )
