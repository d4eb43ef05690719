"""A file of a shop becomes customers, with a mapping and a preview; then it is taken back."""

from __future__ import annotations

import csv
import io
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from rich.progress import Progress

_PATIENCE_SECONDS = 600.0
_ENDS = ("succeeded", "failed", "canceled")


class ImportFailed(Exception):
    """A job of the import ended otherwise than in success, or not in time."""


@dataclass(slots=True)
class Import:
    """One import: where it is, what was found in its file, and what became of it."""

    path: str
    file: Mapping[str, Any]
    preview: Mapping[str, Any]
    counts: Mapping[str, int] = field(default_factory=dict)
    report: list[dict[str, str]] = field(default_factory=list)
    seconds: float = 0.0

    def rows_by_code(self) -> dict[str, list[int]]:
        """Refusal code -> row numbers, as the error report names them."""
        rows: dict[str, list[int]] = {}
        for line in self.report:
            rows.setdefault(line["code"], []).append(int(line["row"]))
        return dict(sorted(rows.items()))


def prepare(client: httpx.Client, content: bytes, mapping: Mapping[str, Any]) -> Import:
    """Send the file and ask what would become of it. Nothing is stored yet."""
    headers = {"Idempotency-Key": f"demo-import-{secrets.token_hex(8)}"}
    body = {"source": "shop", "mapping": mapping}
    made = client.post("/v1/imports", json=body, headers=headers).raise_for_status().json()
    path = f"/v1/imports/{made['id']}"
    kind = {"Content-Type": "application/octet-stream"}
    known = client.put(f"{path}/file", content=content, headers=kind).raise_for_status().json()
    preview = client.get(f"{path}/preview").raise_for_status().json()
    return Import(path, known["file"], preview)


def run(client: httpx.Client, made: Import, progress: Progress) -> None:
    """Import it, and fetch the counts and the error report. Raises ImportFailed."""
    started = time.perf_counter()
    _work(client, f"{made.path}/start", "importing", made.file["rows"], progress)
    made.seconds = time.perf_counter() - started
    made.counts = client.get(made.path).raise_for_status().json()["counts"]
    text = client.get(f"{made.path}/errors").raise_for_status().text
    made.report = list(csv.DictReader(io.StringIO(text)))


def take_back(client: httpx.Client, made: Import, progress: Progress) -> Mapping[str, int]:
    """Undo it: how many customers are gone, and how many stay. Raises ImportFailed."""
    _work(client, f"{made.path}/undo", "taking it back", made.counts["created"], progress)
    undone: Mapping[str, int] = client.get(made.path).raise_for_status().json()["undo"]
    return undone


def _work(client: httpx.Client, path: str, title: str, rows: int, progress: Progress) -> None:
    task = progress.add_task(title, total=rows)
    job = client.post(path).raise_for_status().json()
    until = time.monotonic() + _PATIENCE_SECONDS
    while job["status"] not in _ENDS and time.monotonic() < until:
        time.sleep(0.1)
        job = client.get(f"/v1/jobs/{job['id']}").raise_for_status().json()
        progress.update(task, completed=job["processed"])
    if job["status"] != "succeeded":
        raise ImportFailed(f"{title}: {job['status']}")
