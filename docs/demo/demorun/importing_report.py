"""What a person reads of an import: the file, the preview, the error report, the undo."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from demorun.importing import Import

_SHOWN = 6
_REFUSED_SHOWN = 3


def show_preview(out: Console, made: Import) -> None:
    """What the hub found in the file, and what would become of its first rows."""
    file = made.file
    out.print(
        f"\nThe file of a shop: {file['rows']} rows, {file['format']} in {file['encoding']}, cells between "
        f"'{file['delimiter']}', its own columns: {escape(', '.join(file['columns']))}."
    )
    table = Table("row", "would", "name", "phones", "place", "why not", title="Preview of an import, nothing stored")
    table.title_justify = "left"
    rows = made.preview["rows"]
    refused = [row for row in rows if row["errors"]][:_REFUSED_SHOWN]
    for row in sorted([*rows[:_SHOWN], *(row for row in refused if row not in rows[:_SHOWN])], key=_number):
        customer = row["customer"] or {}
        table.add_row(
            str(row["row"]),
            row["outcome"],
            escape(customer.get("display_name") or ""),
            "\n".join(phone["masked"] or "" for phone in customer.get("phones", ())),
            "\n".join(address["district"] or "" for address in customer.get("addresses", ())),
            escape("; ".join(f"{error['column'] or ''}: {error['code']}" for error in row["errors"])),
        )
    out.print(table)


def _number(row: Mapping[str, int]) -> int:
    return row["row"]


def show_result(out: Console, made: Import) -> None:
    """How many rows became customers, and the beginning of the error report."""
    rate = made.file["rows"] / made.seconds if made.seconds else 0.0
    out.print(f"[bold]{made.counts['created']}[/bold] of {made.file['rows']} rows imported, {rate:,.0f} a second.")
    table = Table("row", "column", "field", "code", title="The error report names rows, never values")
    table.title_justify = "left"
    for line in made.report[:_SHOWN]:
        table.add_row(line["row"], line["column"], escape(line["field"]), line["code"])
    out.print(table)


def show_undo(out: Console, undone: Mapping[str, int]) -> None:
    """That it is gone again."""
    out.print(f"Taken back: {undone['removed']} customers are gone again, {undone['kept']} stay because they changed.")
