"""`custhub duplicates`."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from custhub.cli.jobs import watch_job
from custhub.cli.output import ask, say, table, tell
from custhub.server.refusal import Refusal

commands = typer.Typer(help="Customers that may be one person.", no_args_is_help=True)
models = typer.Typer(help="Models: the weights that customers are scored by.", no_args_is_help=True)
commands.add_typer(models, name="models")

Named = Annotated[str, typer.Argument(help="Its version, as `list` shows it.")]


@commands.callback()
def _duplicates() -> None:
    """Customers that may be one person."""


@commands.command("scan")
def scan_duplicates() -> None:
    """Compare every customer with every other while the hub works, and wait until that is done.

    Interrupted, it goes on without this command as long as a hub runs.
    """
    watch_job(ask("duplicates.scan", {})["job"])


@commands.command("labels")
def export_labels(
    output: Annotated[Path | None, typer.Option("--output", help="gets the CSV; else standard output")] = None,
) -> None:
    """Write what people decided about pairs, for `custhub dedupe estimate --labels`.

    Two customers, the decision, its reason, and the levels that the two were compared to have: no values. Decisions
    that were taken back and merges that the hub made by itself are none.
    """
    if output is None:
        _write(sys.stdout)
        return
    # Not at the top: files of people load all that reads them.
    from custhub.features.matching.service.files import written

    try:
        with written(output) as file:
            count = _write(file)
    except OSError as error:
        raise Refusal(f"{output} cannot be written: {error.strerror}") from error
    tell(f"{count:,} decisions are in {output}")


def _write(file: TextIO) -> int:
    rows = csv.DictWriter(file, ("left", "right", "decision", "reason", "model_version", "levels"), lineterminator="\n")
    rows.writeheader()
    count, after = 0, None
    while True:
        done: dict[str, Any] = ask("duplicates.labels", {"after": after})
        rows.writerows(done["labels"])
        count, after = count + len(done["labels"]), done["after"]
        if after is None:
            return count


@commands.command("hot-keys")
def list_hot_keys() -> None:
    """List what so many customers share that the last scan compared nobody for it, those of most holders first."""
    done = ask("duplicates.hot-keys", {})
    table(
        ("kind", "holders", "counted", "some of them"),
        [
            (
                one["kind"],
                f"{one['holders']:,}",
                one["created_at"][:19].replace("T", " "),
                ", ".join(one["customer_ids"]) or "-",
            )
            for one in done["hot_keys"]
        ],
    )


@commands.command("rebuild-keys")
def rebuild_keys() -> None:
    """Make the keys under which customers meet anew while the hub works, and wait until that is done.

    Interrupted, it goes on without this command as long as a hub runs.
    """
    watch_job(ask("duplicates.rebuild-keys", {})["job"])


@models.command("list")
def list_models() -> None:
    """List models, newest first; the one that comes with the hub is the last."""
    done = ask("duplicates.models", {})
    table(
        ("version", "state", "decisions", "created", "activated", "note"),
        [
            (
                model["model_version"],
                model["state"],
                "-" if model["decisions"] is None else f"{model['decisions']:,}",
                model["created_at"][:19].replace("T", " "),
                (model["activated_at"] or "-")[:19].replace("T", " "),
                model["note"] or "-",
            )
            for model in done["models"]
        ],
    )
    if done["has_more"]:
        tell("there are more")


@models.command("show")
def show_model(version: Named) -> None:
    """Show where the weights of a model differ from those that customers are scored by."""
    model = ask("duplicates.models.show", {"model_version": version})["model"]
    tell(f"{model['model_version']} is {model['state']}")
    _differences(model)


@models.command("propose")
def propose_model(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="what `custhub dedupe estimate` wrote")],
    note: Annotated[str | None, typer.Option(help="for whoever decides about it")] = None,
) -> None:
    """Keep a model in the hub, to look at; no customer is scored by it before it is activated."""
    try:
        document = json.loads(source.read_text("utf-8"))
    except OSError as error:
        raise Refusal(f"{source} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Refusal(f"{source} is no JSON") from error
    if isinstance(document, dict):
        # What somebody else says of the same levels is no part of a model.
        document.pop("second_opinion", None)
        document.setdefault("estimated_from", None)
    model = ask("duplicates.models.propose", {"document": document, "note": note})["model"]
    _differences(model)
    tell(f"score by it with: custhub duplicates models activate {model['model_version']} --reason WHY")


@models.command("activate")
def activate_model(version: Named, reason: Annotated[str, typer.Option(help="kept in the audit log")]) -> None:
    """Score customers by this model from now on; what joins by itself is switched off."""
    model = ask("duplicates.models.activate", {"model_version": version, "reason": reason})["model"]
    say(f"{model['model_version']} is {model['state']}")
    tell("next: custhub duplicates scan; before anything joins by itself again, a dry run of a bulk merge")


def _differences(model: dict[str, Any]) -> None:
    table(
        ("field", "level", "bits", "active"),
        [
            (one["field"], one["level"], f"{one['bits']:.2f}", f"{one['active_bits']:.2f}")
            for one in model["differences"]
        ],
    )
