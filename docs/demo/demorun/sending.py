"""From the rows of the file to customers of the hub."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from rich.progress import Progress

FIRST_ROW = 2  # the header is row 1, as in a spreadsheet
CHUNK = 200

_PLAIN = (
    "source", "kind", "display_name", "family_name", "given_name", "company_name", "tax_id", "gender", "language",
    "time_zone", "preferred_channel", "stage", "note",
)  # fmt: skip


@dataclass(slots=True)
class Outcome:
    """What became of the rows. Keys are row numbers as a spreadsheet shows them."""

    ids: dict[int, str] = field(default_factory=dict)
    refusals: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    said_succeeded: int = 0
    said_failed: int = 0
    seconds: float = 0.0
    remembered: int = 0
    replayed: bool = False

    def rows_by_code(self) -> dict[str, list[int]]:
        """Refusal code -> row numbers."""
        rows: dict[str, list[int]] = {}
        for row, problem in sorted(self.refusals.items()):
            rows.setdefault(code_of(problem), []).append(row)
        return dict(sorted(rows.items()))


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, cells by column."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def body_of(cells: Mapping[str, str]) -> dict[str, Any]:
    """A row as the body of a customer create. An empty cell is an absent member; nothing is cleaned here."""
    body: dict[str, Any] = {name: cells[name] for name in _PLAIN if cells[name]}
    numbers = [cells[name] for name in ("phone", "phone2") if cells[name]]
    body["phones"] = [_present(number=number, country=cells["phone_country"]) for number in numbers]
    body["emails"] = [{"email": cells["email"]}] if cells["email"] else []
    if cells["address"]:
        body["addresses"] = [_present(full_text=cells["address"], country=cells["country"], postcode=cells["postcode"])]
    if cells["birthday"]:
        body["birthday"] = _present(date=cells["birthday"], calendar=cells["birthday_calendar"])
    if cells["external_id"]:
        body["external_ids"] = [{"source": cells["source"], "id": cells["external_id"]}]
    body["tags"] = cells["tags"].split(";") if cells["tags"] else []
    return body


def _present(**members: str) -> dict[str, str]:
    return {name: value for name, value in members.items() if value}


def code_of(problem: Mapping[str, Any]) -> str:
    """Why a row was refused: the code of the refused member where the problem only says that one is wrong."""
    return str(problem["errors"][0]["code"] if problem["code"] == "validation_failed" else problem["code"])


def send(client: httpx.Client, rows: Sequence[Mapping[str, str]], name: str, progress: Progress) -> Outcome:
    """Send every row in batches, then the first batch once more under its key: it must be answered from memory.

    `name` makes the idempotency keys, so a run that broke off goes on where it stopped. Raises httpx.HTTPStatusError.
    """
    outcome = Outcome()
    task = progress.add_task("sending", total=len(rows))
    started = time.perf_counter()
    first: tuple[str, dict[str, Any], dict[str, Any]] | None = None
    for start, chunk in _chunks(rows):
        key = f"{name}-{start:06d}"
        body = {"items": [body_of(cells) for cells in chunk]}
        answer = _batch(client, key, body)
        first = first or (key, body, answer.json())
        outcome.remembered += _is_replay(answer)
        outcome.said_succeeded += answer.json()["succeeded"]
        outcome.said_failed += answer.json()["failed"]
        for result in answer.json()["results"]:
            row = start + result["index"] + FIRST_ROW
            if result.get("error"):
                outcome.refusals[row] = result["error"]
            else:
                outcome.ids[row] = result["id"]
        progress.advance(task, len(chunk))
    outcome.seconds = time.perf_counter() - started
    if first is not None:
        again = _batch(client, first[0], first[1])
        outcome.replayed = _is_replay(again) and again.json() == first[2]
    return outcome


def _batch(client: httpx.Client, key: str, body: Mapping[str, Any]) -> httpx.Response:
    answer = client.post("/v1/customers/batch", json=body, headers={"Idempotency-Key": key})
    return answer.raise_for_status()


def _is_replay(answer: httpx.Response) -> bool:
    return bool(answer.headers.get("Idempotency-Replayed") == "true")


def _chunks(rows: Sequence[Mapping[str, str]]) -> Iterator[tuple[int, Sequence[Mapping[str, str]]]]:
    for start in range(0, len(rows), CHUNK):
        yield start, rows[start : start + CHUNK]
