"""Expected failures of bulk actions."""

from __future__ import annotations

from custhub.kit.errors import Conflict, NotFound, Text


class BulkActionNotFound(NotFound):
    """There is no such bulk action, or somebody else started it."""

    code = "bulk_action_not_found"
    title = "Bulk action not found"
    zh = Text("批量操作不存在", "没有这个批量操作，或由他人发起。")


class BulkActionRunning(Conflict):
    """The bulk action, or its undo, still runs. Wait for its job or cancel that first."""

    code = "bulk_action_running"
    title = "Bulk action running"
    zh = Text("批量操作进行中", "该批量操作或其撤销仍在进行，请等待任务结束或先取消任务。")


class BulkActionUndone(Conflict):
    """The bulk action was undone already."""

    code = "bulk_action_undone"
    title = "Bulk action undone"
    zh = Text("批量操作已撤销", "该批量操作已被撤销。")


class BulkActionDry(Conflict):
    """A dry run changed nothing, so there is nothing to undo."""

    code = "bulk_action_dry"
    title = "Dry run"
    zh = Text("仅为试运行", "试运行未做任何更改，无需撤销。")
