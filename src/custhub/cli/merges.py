"""`custhub merges`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from custhub.cli.output import ask, say, table, tell

commands = typer.Typer(help="Customers that became one: see, verify and undo it.", no_args_is_help=True)

Merge = Annotated[str, typer.Argument(metavar="ID", help="Id of the merge.")]
Customer = Annotated[str | None, typer.Option(metavar="ID", help="Only those that this customer took part in.")]
State = Annotated[str | None, typer.Option(help="done or undone.")]
Limit = Annotated[int, typer.Option(min=1, max=200, help="How many, newest first.")]
Reason = Annotated[str, typer.Option(help="not_the_same, customer_request, wrong_values or other.")]

#: Absorbed customers in a line of the list, and rows in a line of what is missing.
_IN_A_LINE = 5


@commands.command("list")
def list_merges(customer: Customer = None, state: State = None, limit: Limit = 20) -> None:
    """List merges, newest first."""
    done = ask("merges.list", {"customer": customer, "state": state, "limit": limit})
    table(
        ("id", "state", "survivor", "by", "when", "reason", "absorbed"),
        [
            (
                merge["id"],
                merge["state"],
                merge["survivor_id"],
                merge["created_by"],
                _when(merge["created_at"]),
                merge["reason"],
                _some(merge["merged_ids"]),
            )
            for merge in done["merges"]
        ],
    )
    if done["has_more"]:
        tell("there are more")


@commands.command("show")
def show_merge(merge: Merge) -> None:
    """Show who was merged into whom, by whom, when and why, and verify that nothing of it is missing."""
    done = ask("merges.show", {"merge": merge})
    found, verification = done["merge"], done["verification"]
    say(f"merge     {found['id']} is {found['state']}")
    say(f"survivor  {found['survivor_id']}")
    for absorbed in found["merged_ids"]:
        say(f"absorbed  {absorbed}")
    say(f"by        {found['created_by']}, {_when(found['created_at'])}, reason {found['reason']}")
    if found["undone_at"] is not None:
        say(f"undone    by {found['undone_by']}, {_when(found['undone_at'])}")
    say(f"verified  {'ok' if verification['ok'] else 'something is missing'}")
    for line in _missing(verification):
        say(f"          {line}")
    if verification["changed_since"] and not verification["ok"]:
        tell("somebody changed the survivor since: it may be missing by right")


@commands.command("undo")
def undo_merge(merge: Merge, reason: Reason) -> None:
    """Undo a merge: whoever was absorbed is there again under the own id, and is never proposed again."""
    done = ask("merges.undo", {"merge": merge, "reason": reason})
    say(f"{done['merge']['id']} is {done['merge']['state']}")
    undo = done["undo"]
    for one in undo["returned"]:
        say(f"returned  {one['rows']} of {one['table']}")
    if undo["restored"]:
        say(f"restored  {', '.join(undo['restored'])} of {done['merge']['survivor_id']}")
    for one in undo["conflicts"]:
        what = one["field"] or f"{one['table']} {one['id']}"
        say(f"conflict  {one['customer_id']}: {what} ({one['reason']})")
    for erased in undo["erased"]:
        say(f"erased    {erased} stays so")


def _missing(verification: Mapping[str, Any]) -> Iterator[str]:
    known = False
    for one in verification["tables"]:
        if one["missing"]:
            known = True
            yield f"{one['table']}: {one['after']} of {one['before']} rows, without {_some(one['missing'])}"
    for one in verification["values_lost"]:
        known = True
        yield f"{one['field']} of {one['customer_id']} is lost"
    for one in verification["consents"]:
        if not one["kept"]:
            known = True
            yield f"{one['purpose']} by {one['channel']}: {one['strictest']} before, {one['now'] or 'nothing'} now"
    if not known and not verification["ok"]:
        yield "what one of them was before: it was erased since, or its key is gone"


def _some(ids: list[str]) -> str:
    more = len(ids) - _IN_A_LINE
    return " ".join(ids[:_IN_A_LINE]) + (f" and {more} more" if more > 0 else "")


def _when(moment: str) -> str:
    return moment[:19].replace("T", " ")
