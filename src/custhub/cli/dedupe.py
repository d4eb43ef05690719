"""`custhub dedupe`: what matching makes of a plain list, without a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from custhub.cli.output import table, tell
from custhub.server.refusal import Refusal, read_settings


class Second(StrEnum):
    """Who can be asked for a second opinion."""

    SPLINK = "splink"


commands = typer.Typer(help="Duplicates in a list of people.", no_args_is_help=True)


@commands.callback()
def _dedupe() -> None:
    """Duplicates in a list of people."""


@commands.command("run")
def run_dedupe(
    source: Annotated[Path, typer.Option("--input", help="CSV in UTF-8 with a column record_id")],
    output: Annotated[Path, typer.Option("--output", help="gets record_id,cluster_id")],
    threshold: Annotated[float | None, typer.Option(help="bits that make two records one person; 6")] = None,
    weights: Annotated[Path | None, typer.Option(help="what `estimate` wrote, in place of the shipped ones")] = None,
    explain: Annotated[Path | None, typer.Option(help="gets a JSON for each pair of merge and review")] = None,
) -> None:
    """Find the records of one person in a CSV, as the hub would merge them by itself.

    Columns: record_id, channel, created_at, name, phone, phone2, email, address, birthday, company, country,
    personal_id. Any but record_id may be missing; others are ignored. Nothing is stored, nothing leaves the machine.
    """
    # Not at the top: every other command would load names and numbers of the world for nothing.
    from custhub.features.matching.service.estimating import read_weights
    from custhub.features.matching.service.files import match_file
    from custhub.kit.clock import SystemClock

    country, today = read_settings().default_country, SystemClock().now().date()
    with _refusing(source, weights=weights):
        found = match_file(
            source,
            output,
            explained=explain,
            threshold=threshold,
            weights=read_weights(weights) if weights else None,
            country=country,
            today=today,
        )
    tell(
        f"{found.records:,} records are {found.people:,} people; {found.clusters:,} clusters, "
        f"{found.review:,} pairs a person should look at; weights {found.model_version}"
    )


@commands.command("estimate")
def estimate_weights(
    source: Annotated[Path, typer.Option("--input", help="CSV in UTF-8 with a column record_id, as `run` reads it")],
    output: Annotated[Path, typer.Option("--output", help="gets the proposed weights")],
    labels: Annotated[Path | None, typer.Option(help="CSV of `custhub duplicates labels`; 500 or more")] = None,
    model_version: Annotated[str | None, typer.Option(help="a name for the weights; own-DATE")] = None,
    with_: Annotated[Second | None, typer.Option("--with", help="whose bits to show beside")] = None,
) -> None:
    """Propose weights from a list of one's own, and from what people decided about its pairs.

    Nothing uses them until they are named: `custhub dedupe run --weights FILE`, or until a hub takes them over:
    `custhub duplicates models propose FILE`. `--with splink` asks Splink, the extra
    `custhub[dedupe]`, for a second opinion on the same people: its bits stand in a table and under `second_opinion`.
    """
    # As above.
    from custhub.features.matching.rules.weights import shipped_weights
    from custhub.features.matching.service import estimating
    from custhub.kit.clock import SystemClock

    country, today = read_settings().default_country, SystemClock().now().date()
    with _refusing(source, labels=labels):
        found = estimating.estimate_weights(
            source,
            output,
            labels=labels,
            with_splink=with_ is Second.SPLINK,
            model_version=model_version or f"own-{today:%Y-%m-%d}",
            country=country,
            today=today,
        )
    tell(f"{found.model_version}: {found.changed} weights changed, from {found.pairs:,} pairs")
    if found.decisions:
        tell(
            f"{found.decisions:,} decisions of people count; "
            f"a hub takes the weights over with: custhub duplicates models propose {output}"
        )
    if found.known:
        tell(
            f"of {found.known:,} decisions about records of the list the shipped weights agree with "
            f"{found.agreed_shipped:,}, these with {found.agreed:,}"
        )
    if found.opinion:
        shipped = shipped_weights().bits
        tell(f"bits as shipped, as proposed, and by {found.opinion.by}; - where the list does not say")
        table(
            ("field", "level", "shipped", "proposed", "splink"),
            [
                (field.value, level.value, f"{shipped[field, level]:.2f}", f"{bits:.2f}", _shown(opinion))
                for (field, level), bits in found.bits.items()
                for opinion in [found.opinion.bits.get((field, level))]
            ],
        )


def _shown(bits: float | None) -> str:
    return "-" if bits is None else f"{bits:.2f}"


@contextmanager
def _refusing(source: Path, *, weights: Path | None = None, labels: Path | None = None) -> Iterator[None]:
    """Files that cannot be used, named."""
    from custhub.features.matching.errors import LabelsFileInvalid, PeopleFileInvalid, SplinkMissing, WeightsFileInvalid

    try:
        yield
    except PeopleFileInvalid as error:
        raise Refusal(f"{source}: {error}") from error
    except WeightsFileInvalid as error:
        raise Refusal(f"{weights}: {error}") from error
    except LabelsFileInvalid as error:
        raise Refusal(f"{labels}: {error}") from error
    except SplinkMissing as error:
        raise Refusal(str(error)) from error
    except OSError as error:
        raise Refusal(f"{error.filename or source} cannot be read or written: {error.strerror}") from error
