"""Show custhub at work: send `customers.csv` to a hub and compare what it makes of it with `manifest.json`.

Without options a hub of its own is started in a temporary directory and removed at the end. With `--url` and
`--token` the customers are written to a hub that is up, and its keys are rotated: never use one that matters.
Exit status: 0 when every figure is as expected, 1 when one differs, 2 when the demonstration could not run.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from demodata.shop import MAPPING
from demorun import importing_report, report
from demorun.hub import EmbeddedHub, HubNotStarted
from demorun.importing import ImportFailed, prepare, take_back
from demorun.importing import run as run_import
from demorun.proving import RotationFailed, found_by, refused_again, reveal, rotate
from demorun.reading import figures_of, shows_a_number, walk
from demorun.sending import Outcome, rows_of, send
from rich.console import Console
from rich.progress import Progress

HERE = Path(__file__).parent
_NOBODYS_NUMBER = "+86 199 0000 0000"


def main() -> int:
    """Run the demonstration."""
    options = _options()
    # A plain SIGTERM would leave the hub behind.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    out = report.console()
    try:
        with ExitStack() as stack:
            if options.url:
                url = options.url.rstrip("/")
                status = demonstrate(out, url, options.token)
            else:
                hub = stack.enter_context(EmbeddedHub(keep=options.keep))
                url = hub.url
                out.print(f"A hub of its own is ready at {url}")
                status = demonstrate(out, url, hub.token())
                if options.keep:
                    out.print(f"\nThe hub goes on at {url}: process {hub.pid}, files in {hub.home}.")
                    out.print(f"A token: CUSTHUB_HOME={hub.home / 'hub'} python -m custhub token issue --scope all")
            if options.url or options.keep:
                out.print(f"Next: try every operation at {url}/docs, or read README.md.")
            else:
                out.print("Next: README.md; or again with --keep, then try every operation at /docs of the hub.")
            return status
    except KeyboardInterrupt:
        return 130
    except (HubNotStarted, ImportFailed, RotationFailed, httpx.HTTPError) as error:
        out.print(f"The demonstration could not run: {error}", style="red", markup=False)
        if isinstance(error, httpx.HTTPStatusError):
            out.print(error.response.text[:1_000], markup=False)
        return 2


def demonstrate(out: Console, url: str, token: str) -> int:
    """Every step against the hub at `url`: 0 when all figures are as expected, else 1."""
    manifest = json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))
    file = (HERE / "customers.csv").read_bytes()
    rows = rows_of(HERE / "customers.csv")
    verdict = report.Verdict()
    verdict.compare("file", manifest["file"], _file_figures(file, len(rows)))
    connect = partial(
        httpx.Client, base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False
    )
    with connect() as client:
        with Progress(console=out) as progress:
            outcome = send(client, rows, f"demo-{manifest['file']['sha256'][:12]}", progress)
        report.show_outcome(out, outcome, len(rows))
        report.show_twins(out, outcome, rows, manifest["already_there"]["phone_taken"])
        _compare_outcome(verdict, manifest, outcome)
        _read(out, client, verdict, manifest, outcome, rows)
        customer_id = outcome.ids.get(manifest["lookup"]["row"], "")
        _look_up(out, client, verdict, manifest, customer_id)
        _reveal(out, client, verdict, manifest, outcome)
        _import(out, client, verdict, manifest, outcome)
        with out.status("Replacing keys while reading: this takes half a minute, every process must know the new ones"):
            rotations = [rotate(client, purpose, connect) for purpose in ("field", "bidx")]
        report.show_rotations(out, rotations)
        for done in rotations:
            verdict.compare(f"pages that failed while the {done.purpose} key was replaced", 0, done.failures)
            verdict.compare(f"pages were read while the {done.purpose} key was replaced", True, done.pages > 0)
        _still_so(client, verdict, manifest, customer_id)
    verdict.show(out)
    return 1 if verdict.failures else 0


def _file_figures(file: bytes, rows: int) -> dict[str, Any]:
    return {"rows": rows, "bytes": len(file), "sha256": hashlib.sha256(file).hexdigest()}


def _compare_outcome(verdict: report.Verdict, manifest: dict[str, Any], outcome: Outcome) -> None:
    verdict.compare("created", manifest["created"], len(outcome.ids))
    verdict.compare("refused", manifest["refused"], len(outcome.refusals))
    verdict.compare("created, as the batches sum up", manifest["created"], outcome.said_succeeded)
    verdict.compare("refused, as the batches sum up", manifest["refused"], outcome.said_failed)
    verdict.compare("refused", manifest["refused_by_code"], outcome.rows_by_code())
    verdict.compare("a batch sent twice under one key is answered from memory", True, outcome.replayed)
    for code, firsts in manifest["already_there"].items():
        named = sum(
            outcome.refusals.get(int(row), {}).get("existing_id") == outcome.ids.get(first)
            for row, first in firsts.items()
        )
        verdict.compare(f"{code} names the customer of the first row", len(firsts), named)


def _read(
    out: Console,
    client: httpx.Client,
    verdict: report.Verdict,
    manifest: dict[str, Any],
    outcome: Outcome,
    rows: list[dict[str, str]],
) -> None:
    page = client.get("/v1/customers", params={"limit": "8"}).raise_for_status().json()
    report.show_page(out, page["data"])
    row_of = {identifier: row for row, identifier in outcome.ids.items()}
    ours = {customer["id"]: customer for customer in walk(client) if customer["id"] in row_of}
    verdict.compare("customers listed", manifest["created"], len(ours))
    verdict.compare("customers", manifest["customers"], figures_of(ours))
    readable = sum(shows_a_number(customer, rows[row_of[key] - 2]) for key, customer in ours.items())
    verdict.compare("customers whose number can be read in the list", 0, readable)


def _look_up(
    out: Console, client: httpx.Client, verdict: report.Verdict, manifest: dict[str, Any], customer_id: str
) -> None:
    spellings: dict[str, str] = manifest["lookup"]["spellings"]
    found = {style: (number, found_by(client, number)) for style, number in spellings.items()}
    report.show_lookups(out, found)
    hits = sum(ids == [customer_id] for _, ids in found.values())
    verdict.compare("spellings in which the customer is found", len(spellings), hits)
    verdict.compare("customers found by a number nobody has", 0, len(found_by(client, _NOBODYS_NUMBER)))


def _reveal(
    out: Console, client: httpx.Client, verdict: report.Verdict, manifest: dict[str, Any], outcome: Outcome
) -> None:
    expected = manifest["reveal"]
    customer_id = outcome.ids.get(expected["row"])
    if customer_id is None:
        verdict.compare("revealed number", expected["e164"], "row was not taken")
        return
    opened, entry = reveal(client, customer_id)
    report.show_reveal(out, opened, entry)
    verdict.compare("revealed number", expected["e164"], opened["e164"])
    verdict.compare("revealed extension", expected["extension"], opened["extension"])
    verdict.compare("reason in the audit entry", "call_back", entry["reason"])


def _import(
    out: Console, client: httpx.Client, verdict: report.Verdict, manifest: dict[str, Any], outcome: Outcome
) -> None:
    """A file of a shop comes in by a mapping, and goes again."""
    expected = manifest["shop"]
    ours = set(outcome.ids.values())
    before = {customer["id"]: customer["revision"] for customer in walk(client) if customer["id"] in ours}
    made = prepare(client, (HERE / "shop.csv").read_bytes(), MAPPING)
    importing_report.show_preview(out, made)
    found = {name: made.file[name] for name in ("rows", "encoding", "delimiter")}
    verdict.compare("import", {name: expected[name] for name in found}, found)
    nowhere = made.preview["unmapped_columns"]
    verdict.compare("columns that go nowhere", expected["columns_that_go_nowhere"], nowhere)
    with Progress(console=out) as progress:
        run_import(client, made, progress)
    importing_report.show_result(out, made)
    verdict.compare("imported", expected["created"], made.counts["created"])
    verdict.compare("not imported", expected["refused"], made.counts["failed"])
    verdict.compare("not imported", expected["refused_by_code"], made.rows_by_code())
    number = expected["number_of_the_first_row"]
    verdict.compare("customers found by a number that was imported", 1, len(found_by(client, number)))
    with Progress(console=out) as progress:
        undone = take_back(client, made, progress)
    importing_report.show_undo(out, undone)
    verdict.compare("undo of the import", {"removed": expected["created"], "restored": 0, "kept": 0}, dict(undone))
    verdict.compare("customers found by that number after the undo", 0, len(found_by(client, number)))
    after = {customer["id"]: customer["revision"] for customer in walk(client) if customer["id"] in ours}
    verdict.compare("customers of before are as they were", True, before == after)


def _still_so(client: httpx.Client, verdict: report.Verdict, manifest: dict[str, Any], customer_id: str) -> None:
    number = manifest["lookup"]["spellings"]["spaced"]
    verdict.compare("found by number with the new keys", customer_id, ", ".join(found_by(client, number)))
    taken = refused_again(client, number)
    verdict.compare("a second customer with the number is still refused", customer_id, taken.get("existing_id"))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="a hub that is up, to use instead of one of its own")
    parser.add_argument("--token", default=os.environ.get("CUSTHUB_TOKEN", ""), help="its token (or CUSTHUB_TOKEN)")
    parser.add_argument("--keep", action="store_true", help="leave the hub of its own running")
    options = parser.parse_args()
    if options.url and not options.token:
        parser.error("--url needs --token")
    return options


if __name__ == "__main__":
    sys.exit(main())
