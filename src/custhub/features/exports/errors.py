"""Expected failures of exports."""

from __future__ import annotations

from custhub.kit.errors import Conflict, Gone, NotFound, RuleBroken, Text


class ExportNotFound(NotFound):
    """There is no such export, or somebody else asked for it."""

    code = "export_not_found"
    title = "Export not found"
    zh = Text("导出不存在", "没有这个导出，或由他人发起。")


class ExportNotReady(Conflict):
    """The file is not written yet, or its job did not succeed. Look at the job."""

    code = "export_not_ready"
    title = "Export not ready"
    zh = Text("导出未完成", "文件尚未生成，或任务未成功，请查看任务。")


class ExportExpired(Gone):
    """The file had its time and was deleted. Ask for a new export."""

    code = "export_expired"
    title = "Export expired"
    zh = Text("导出已过期", "文件已过保存期限并被删除，请重新导出。")


class ExportRemoved(Gone):
    """The file held somebody whose data was erased, so it was deleted. Ask for a new export."""

    code = "export_removed"
    title = "Export removed"
    zh = Text("导出已移除", "文件中有客户的数据已被应要求删除，文件随之移除，请重新导出。")


class ExportColumnUnknown(RuleBroken):
    """There is no such column. Columns are named as imports read them, such as `phones[0].number`."""

    code = "export_column_unknown"
    title = "Unknown column"
    zh = Text("列不存在", "没有这样的列。列名与导入一致，例如 `phones[0].number`。")


class ExportPurposeUnclear(RuleBroken):
    """What a file is for is a purpose and a channel: give both or none."""

    code = "export_purpose_unclear"
    title = "Purpose unclear"
    zh = Text("用途不明确", "导出用途由 `purpose` 与 `channel` 共同给出，须同时提供或都不提供。")


class ExportPurposeRequired(RuleBroken):
    """Your role exports people who agreed to a purpose only: give `purpose` and `channel`."""

    code = "export_purpose_required"
    title = "Purpose required"
    zh = Text("需要用途", "您的角色只能导出已同意某一用途的客户，请提供 `purpose` 与 `channel`。")


class ExportReasonRequired(RuleBroken):
    """Full numbers leave the hub with a reason only: say it in `reason`."""

    code = "export_reason_required"
    title = "Reason required"
    zh = Text("需要理由", "导出完整号码必须在 `reason` 中说明理由。")
