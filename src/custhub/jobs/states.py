"""The life of a job (J-1)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class JobState(StrEnum):
    """Where a job is. `retryable` failed or was given back and runs again at `run_at`."""

    SCHEDULED = "scheduled"
    AVAILABLE = "available"
    RUNNING = "running"
    RETRYABLE = "retryable"
    CANCELING = "canceling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class JobStatus(StrEnum):
    """What clients see of it (CONTRACT D5)."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELING = "canceling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class Queue(StrEnum):
    """Which jobs stand behind each other; every queue has workers of its own (J-9)."""

    DEFAULT = "default"
    BULK = "bulk"
    DELIVERY = "delivery"
    MESSAGE = "message"
    MAINTENANCE = "maintenance"


#: Waiting for a worker.
QUEUED: Final = (JobState.SCHEDULED, JobState.AVAILABLE, JobState.RETRYABLE)
#: A worker has it, or had it when it died.
HELD: Final = (JobState.RUNNING, JobState.CANCELING)
LIVE: Final = (*QUEUED, *HELD)
FINISHED: Final = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELED)

#: Every change of state there is. A job that waits is canceled at once; `failed -> available` is the operator's.
TRANSITIONS: Final = frozenset(
    {
        (JobState.SCHEDULED, JobState.AVAILABLE),
        (JobState.SCHEDULED, JobState.CANCELED),
        (JobState.AVAILABLE, JobState.RUNNING),
        (JobState.AVAILABLE, JobState.CANCELED),
        (JobState.RUNNING, JobState.SUCCEEDED),
        (JobState.RUNNING, JobState.RETRYABLE),
        (JobState.RUNNING, JobState.FAILED),
        (JobState.RUNNING, JobState.CANCELING),
        (JobState.RETRYABLE, JobState.AVAILABLE),
        (JobState.RETRYABLE, JobState.CANCELED),
        (JobState.CANCELING, JobState.CANCELED),
        (JobState.FAILED, JobState.AVAILABLE),
    }
)

_STATUS: Final = dict.fromkeys(QUEUED, JobStatus.QUEUED)


def status_of(state: str) -> JobStatus:
    """The status of a state."""
    return _STATUS.get(JobState(state)) or JobStatus(state)


def states_of(status: JobStatus) -> tuple[JobState, ...]:
    """The states that show as this status."""
    return QUEUED if status is JobStatus.QUEUED else (JobState(status.value),)
