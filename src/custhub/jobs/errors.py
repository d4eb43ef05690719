"""How jobs fail, and the signals between a job and its worker."""

from __future__ import annotations

from custhub.kit.errors import HubError, Text, Unavailable


class WorkerLost(Unavailable):
    """The worker that had this job died three times in a row without any progress, so the job may be the cause."""

    code = "worker_lost"
    title = "Worker lost"
    zh = Text("工作进程中断", "执行此任务的工作进程连续三次中断且毫无进展，任务本身可能就是原因。")


class JobCrashed(Unavailable):
    """The work ended in an unexpected error of the hub; the log of the worker says where."""

    code = "job_crashed"
    title = "Job crashed"
    zh = Text("任务异常终止", "任务因系统内部的意外错误而终止，详情见工作进程的日志。")


class JobInterrupted(Exception):
    """Base of the signals that end a run early. A kind lets them pass."""


class JobCanceled(JobInterrupted):
    """Somebody canceled the job: what is committed stays."""


class Stopping(JobInterrupted):
    """This process stops; another one goes on from the cursor. The run does not count."""


class LeaseLost(JobInterrupted):
    """Another worker has the job by now. Nothing of this batch was written."""


class PermanentFailure(Exception):
    """The job failed for good: trying again would not help."""

    def __init__(self, error: HubError) -> None:
        super().__init__(error.code)
        self.error = error
