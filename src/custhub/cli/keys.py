"""`custhub keys`."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from custhub.cli.output import ask, say, table, tell
from custhub.server.refusal import CONFIGURATION, FAILED, Refusal

commands = typer.Typer(help="Root keys.", no_args_is_help=True)

Purpose = Annotated[str, typer.Option(help="What the key is for.")]
Rotated = Annotated[str, typer.Option(help="field (sealed values) or bidx (indexes of numbers).")]
Kid = Annotated[int, typer.Argument(min=1, help="Number of the key.")]
Retired = Annotated[str, typer.Argument(help="What the key is for.")]

_POLL_SECONDS = 1.0


@commands.command("list")
def list_keys() -> None:
    """List the keys of this hub and what depends on each."""
    rows = [
        (key["purpose"], str(key["kid"]), key["state"], "yes" if key["in_keyring"] else "no", _count(key["dependants"]))
        for key in ask("keys.list", {})["keys"]
    ]
    table(("purpose", "kid", "state", "in keyring", "dependants"), rows)


@commands.command("check")
def check_keys() -> None:
    """Check that every key that stored data needs is there, and the right one; exit 78 when not."""
    done = ask("keys.check", {})
    if done["faults"]:
        raise Refusal("\n".join(done["faults"]), CONFIGURATION)
    say(f"{done['checked']} keys, all there")


@commands.command("add")
def add_key(purpose: Purpose) -> None:
    """Add a key that signs or hashes; it comes into charge a few seconds after every process knows it."""
    key = ask("keys.add", {"purpose": purpose})["key"]
    say(f"added key purpose={key['purpose']} kid={key['kid']}; save a copy of the keyring")


@commands.command("retire")
def retire_key(purpose: Retired, kid: Kid) -> None:
    """Retire a key for good; refused while anything needs it."""
    key = ask("keys.retire", {"purpose": purpose, "kid": kid})["key"]
    say(f"key purpose={key['purpose']} kid={key['kid']} is {key['state']}")


@commands.command("rotate")
def rotate_keys(purpose: Rotated) -> None:
    """Move stored values to a new key while the hub works, and wait until that is done.

    Interrupted, it goes on without this command as long as a hub runs.
    """
    rotation = ask("keys.rotate", {"purpose": purpose})["rotation"]
    tell(f"rotation {rotation['id']}; save a copy of the keyring")
    shown = ""
    while rotation["is_open"]:
        time.sleep(_POLL_SECONDS)
        rotation = ask("keys.rotation", {"rotation": rotation["id"]})["rotation"]
        if shown != (shown := f"{rotation['phase']}: {rotation['processed']} of {rotation['total']}"):
            tell(shown)
    if rotation["state"] != "succeeded":
        raise Refusal(f"the rotation {rotation['state']}: {rotation['unreadable']} values do not open", FAILED)
    say(f"rotated, {rotation['processed']} values")


def _count(dependants: Any) -> str:  # JSON: a number or null
    return "-" if dependants is None else str(dependants)
