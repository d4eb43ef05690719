"""What a job does: one class per kind, in the tasks.py of its feature, registered by app.py."""

from __future__ import annotations

from typing import Protocol

from custhub.jobs.work import JobWork


class JobKind(Protocol):
    """A kind of job. Jobs are run at least once: `run` goes on from `work.cursor`, and its end must bear a repeat."""

    @property
    def name(self) -> str:
        """What `enqueue` calls it, `noun_verb`."""

    @property
    def queue(self) -> str:
        """Which queue its jobs usually stand in."""

    async def run(self, work: JobWork) -> None:
        """Do it, in batches. Returning means: succeeded. An exception means: again later, unless it is permanent."""
