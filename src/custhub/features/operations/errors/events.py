"""Expected failures of readers of the feed."""

from __future__ import annotations

from custhub.kit.errors import Conflict, FieldIssue, Gone, Text


class CursorExpired(Gone):
    """Events behind this cursor are not kept any more. Go on from `oldest`, or read without a cursor and rebuild."""

    code = "cursor_expired"
    title = "Cursor expired"
    zh = Text("游标已过期", "此游标之后的部分事件已不再保留。请从 oldest 继续，或不带游标从头重建。")

    def __init__(self, oldest: str) -> None:
        super().__init__(issues=[FieldIssue("#/cursor", self.code, "query")], members={"oldest": oldest})


class EpochChanged(Conflict):
    """The hub was restored from a backup since, and what came after it was undone. Rebuild your copy from `start`."""

    code = "epoch_changed"
    title = "Feed begun anew"
    zh = Text("事件流已重新开始", "系统已从备份恢复，备份之后的事件已撤销。请从 start 开始重建您的副本。")

    def __init__(self, start: str, epoch: int) -> None:
        issue = FieldIssue("#/cursor", self.code, "query")
        super().__init__(issues=[issue], members={"start": start, "epoch": epoch})
