"""Expected failures of callers who ask for jobs."""

from __future__ import annotations

from custhub.kit.errors import Conflict, NotFound, Text


class JobNotFound(NotFound):
    """There is no such job, or it is somebody else's and you lack the right to see all of them."""

    code = "job_not_found"
    title = "Job not found"
    zh = Text("任务不存在", "没有这个任务，或者它属于他人而您无权查看所有任务。")


class JobFinished(Conflict):
    """The job has ended, so it cannot be canceled any more."""

    code = "job_finished"
    title = "Job finished"
    zh = Text("任务已结束", "任务已经结束，无法再取消。")


class JobNotFailed(Conflict):
    """Only a job that failed is run again."""

    code = "job_not_failed"
    title = "Job has not failed"
    zh = Text("任务未失败", "只有失败的任务才能重新运行。")


class JobReplaced(Conflict):
    """Another job for the same thing is under way, so this one is not run again."""

    code = "job_replaced"
    title = "Job replaced"
    zh = Text("任务已被替代", "针对同一对象的另一个任务正在进行，此任务不再重新运行。")
