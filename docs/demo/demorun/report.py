"""What a person reads at the end: tables, and a verdict for every figure."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from demorun.proving import Rotation
from demorun.sending import Outcome, code_of

_ROWS_SHOWN = 6
_LONGEST = 32


def console() -> Console:
    """A console that is wide enough for the tables also where the output is a file."""
    return Console(width=None if sys.stdout.isatty() else 120, highlight=False)


class Verdict:
    """Figures compared with the manifest."""

    def __init__(self) -> None:
        self._figures: list[tuple[str, object, object]] = []

    def compare(self, name: str, expected: object, actual: object) -> None:
        """Note one figure. A mapping of figures is noted entry by entry."""
        if isinstance(expected, Mapping) and isinstance(actual, Mapping):
            for key in sorted({*expected, *actual}):
                self.compare(f"{name}: {key}", expected.get(key), actual.get(key))
        else:
            self._figures.append((name, expected, actual))

    @property
    def failures(self) -> int:
        """How many figures differ."""
        return sum(expected != actual for _, expected, actual in self._figures)

    def show(self, out: Console) -> None:
        """PASS or FAIL for each figure, and the sum."""
        table = Table("figure", "expected", "hub", "", title="Compared with manifest.json", title_justify="left")
        for name, expected, actual in self._figures:
            verdict = "[green]PASS" if expected == actual else "[red]FAIL"
            table.add_row(escape(name), _brief(expected), _brief(actual), verdict)
        out.print(table)
        passed = len(self._figures) - self.failures
        out.print(f"{passed} of {len(self._figures)} figures as expected", style="red" if self.failures else "green")


def _brief(value: object) -> str:
    if isinstance(value, list):
        return f"{len(value)} rows"
    text = str(value)
    return escape(text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "...")


def show_outcome(out: Console, outcome: Outcome, sent: int) -> None:
    """How many rows became customers, and which were refused for what."""
    rate = sent / outcome.seconds if outcome.seconds else 0.0
    out.print(f"\n[bold]{len(outcome.ids)}[/bold] of {sent} rows became customers, {rate:,.0f} rows a second.")
    if outcome.remembered:
        out.print(f"{outcome.remembered} batches had been sent before; the hub answered them from memory.")
    table = Table("refused for", "rows", "at", title="Refused rows", title_justify="left")
    for code, rows in outcome.rows_by_code().items():
        shown = ", ".join(map(str, rows[:_ROWS_SHOWN])) + (", ..." if len(rows) > _ROWS_SHOWN else "")
        table.add_row(code, str(len(rows)), shown)
    out.print(table)


def show_twins(out: Console, outcome: Outcome, rows: Sequence[Mapping[str, str]], firsts: Mapping[str, int]) -> None:
    """Some numbers that came twice, as they were written first and again."""
    table = Table("row", "written", "first in row", "written there", title_justify="left")
    table.title = "One customer per number, however it is written"
    taken = [row for row, problem in sorted(outcome.refusals.items()) if code_of(problem) == "phone_taken"]
    seen: set[str] = set()
    for row in taken:
        first = firsts.get(str(row))
        if first is None:
            continue
        here, there = rows[row - 2]["phone"], rows[first - 2]["phone"]
        shape = "".join("0" if char.isascii() and char.isdigit() else char for char in here if not char.isalpha())
        if shape not in seen:
            seen.add(shape)
            table.add_row(str(row), _visible(here), str(first), _visible(there))
        if len(seen) == 2 * _ROWS_SHOWN:
            break
    out.print(table)


def _visible(text: str) -> str:
    return escape(text.replace("\u200b", "<U+200B>").replace("\u00a0", "<nbsp>"))


def show_page(out: Console, customers: Sequence[Mapping[str, Any]]) -> None:
    """A page as every reader sees it: no number in it."""
    table = Table("id", "name", "phones", "kind", "place", "note", title="A page of the list", title_justify="left")
    for customer in customers:
        table.add_row(
            customer["id"][:12] + "...",
            escape(customer["display_name"] or ""),
            "\n".join(phone["masked"] or "" for phone in customer["phones"]),
            "\n".join(phone["kind"] for phone in customer["phones"]),
            escape(" ".join(filter(None, map(_place, customer["addresses"][:1])))),
            escape(customer["note"] or ""),
        )
    out.print(table)


def _place(address: Mapping[str, Any]) -> str:
    names = (address["province"], address["city"], address["district"])
    return "".join(dict.fromkeys(filter(None, names))) or address["country"]


def show_lookups(out: Console, found: Mapping[str, tuple[str, Sequence[str]]]) -> None:
    """One customer, asked for in every spelling."""
    table = Table("spelling", "asked for", "found", title="Found in any spelling", title_justify="left")
    for style, (number, ids) in found.items():
        table.add_row(style, _visible(number), ", ".join(identifier[:12] + "..." for identifier in ids) or "nobody")
    out.print(table)


def show_reveal(out: Console, opened: Mapping[str, Any], entry: Mapping[str, Any]) -> None:
    """A number opened with a reason, and the trace this left."""
    table = Table("what", "value", title="A number leaves only with a reason", title_justify="left")
    table.add_row("revealed", f"{opened['e164']}, extension {opened['extension'] or 'none'}")
    actor = entry["actor"]
    table.add_row("audited as", f"{entry['action']} of {entry['object_id']}, {entry['outcome']}")
    table.add_row("by", f"{actor['kind']} {actor['id'] or actor['client_id']}, reason {entry['reason']}")
    table.add_row("at", f"{entry['created_at']}, entry {entry['id']}")
    out.print(table)


def show_rotations(out: Console, rotations: Sequence[Rotation]) -> None:
    """Keys replaced under load."""
    table = Table("key", "seconds", "pages read meanwhile", "failed", title="Keys replaced while reading")
    table.title_justify = "left"
    for rotation in rotations:
        table.add_row(rotation.purpose, f"{rotation.seconds:.2f}", str(rotation.pages), str(rotation.failures))
    out.print(table)
