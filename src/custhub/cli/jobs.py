"""`custhub jobs`."""

from __future__ import annotations

import sys
import time
from typing import Annotated, Any

import typer

from custhub.cli.output import ask, say, table, tell
from custhub.server.refusal import FAILED, Refusal

commands = typer.Typer(help="Long work: see, watch, cancel and repeat it.", no_args_is_help=True)

Job = Annotated[str, typer.Argument(help="Id of the job.")]
Status = Annotated[str | None, typer.Option(help="queued, running, canceling, succeeded, failed or canceled.")]
Kind = Annotated[str | None, typer.Option(help="What the jobs do.")]
Limit = Annotated[int, typer.Option(min=1, max=200, help="How many, newest first.")]

_POLL_SECONDS = 1.0


@commands.command("list")
def list_jobs(status: Status = None, kind: Kind = None, limit: Limit = 20) -> None:
    """List jobs, newest first."""
    found = ask("jobs.list", {"status": status, "kind": kind, "limit": limit})["jobs"]
    rows = [(job["id"], job["kind"], job["queue"], job["status"], _progress(job), job["created_at"]) for job in found]
    table(("id", "kind", "queue", "status", "progress", "created"), rows)


@commands.command("watch")
def watch_job(job: Job) -> None:
    """Show the progress of a job until it has ended; exit 1 unless it succeeded."""
    shown = ""
    # On a terminal one line that moves, elsewhere a line for every change.
    moves = sys.stderr.isatty()
    while True:
        found = ask("jobs.get", {"job": job})["job"]
        line = f"{found['status']} {_progress(found)}{_pace(found)}"
        if line != shown:
            typer.echo(f"\r\x1b[K{line}" if moves else line, err=True, nl=not moves)
            shown = line
        if not found["is_live"]:
            break
        time.sleep(_POLL_SECONDS)
    if moves:
        tell("")
    if found["status"] != "succeeded":
        raise Refusal(f"the job {found['status']}{_why(found)}", FAILED)
    say(found["result_url"] or "succeeded")


@commands.command("cancel")
def cancel_job(job: Job) -> None:
    """Cancel a job; what it has done stays."""
    found = ask("jobs.cancel", {"job": job})["job"]
    say(f"{found['id']} is {found['status']}")


@commands.command("retry")
def retry_job(job: Job) -> None:
    """Run a failed job again, with all its attempts; it goes on where it stopped."""
    found = ask("jobs.retry", {"job": job})["job"]
    say(f"{found['id']} is {found['status']}")


def _progress(job: dict[str, Any]) -> str:
    done, total = job["processed"], job["total"]
    parts = [f"{done}" if total is None else f"{done}/{total}"]
    parts += [f"{job[name]} {name}" for name in ("failed", "skipped") if job[name]]
    return ", ".join(parts)


def _pace(job: dict[str, Any]) -> str:
    if job["status"] != "running" or not job["rate_per_second"]:
        return _why(job)
    eta = "" if job["eta_seconds"] is None else f", {job['eta_seconds']} s left"
    return f", {job['rate_per_second']:g}/s{eta}"


def _why(job: dict[str, Any]) -> str:
    error = job["error"]
    return "" if error is None else f": {error['code']} (attempt {job['attempt']} of {job['max_attempts']})"
