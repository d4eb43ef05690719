"""Expected failures of duplicates."""

from __future__ import annotations

from custhub.kit.errors import Conflict, NotFound, RuleBroken, Text


class DuplicateNotFound(NotFound):
    """There is no such pair, or one of its customers is out of your reach."""

    code = "duplicate_not_found"
    title = "Duplicate not found"
    zh = Text("重复项不存在", "没有这一对重复项，或其中的客户不在您的可见范围内。")


class DuplicateDecided(Conflict):
    """This pair was decided otherwise already. Undo the merge, or leave it: not the same is for good."""

    code = "duplicate_decided"
    title = "Duplicate decided"
    zh = Text("已有决定", "该重复项已有其他决定。请撤销合并，或保持不变：“非同一人”的决定不可更改。")


class DuplicateRetired(Conflict):
    """This is no pair any more: the last scan did not find it, or one of the two is not live."""

    code = "duplicate_retired"
    title = "No pair any more"
    zh = Text("已不再是重复项", "上次扫描未再发现该重复项，或其中一位客户已不在用。")


class DuplicateScanNotFound(NotFound):
    """There is no such scan, or it was forgotten after a year."""

    code = "duplicate_scan_not_found"
    title = "Scan not found"
    zh = Text("扫描不存在", "没有这次扫描，或一年后已被清除。")


class DuplicateScanRunning(Conflict):
    """A scan for duplicates runs already. Wait for its end or cancel its job."""

    code = "duplicate_scan_running"
    title = "Scan running"
    zh = Text("扫描进行中", "已有查重扫描正在进行，请等待其结束或取消任务。")


class ThresholdsCrossed(RuleBroken):
    """A pair is shown to people below the score at which it is joined: `merge_bits` is not less than `review_bits`."""

    code = "thresholds_crossed"
    title = "Thresholds crossed"
    zh = Text("阈值颠倒", "merge_bits 不得小于 review_bits。")


class DryRunRequired(Conflict):
    """Nothing is joined by itself before somebody has seen the counts: run a dry run at this threshold first."""

    code = "dry_run_required"
    title = "Dry run required"
    zh = Text("须先试运行", "在批量合并之前，请先以相同阈值完成一次试运行并查看数量。")


class BulkMergeNotFound(NotFound):
    """There is no such bulk merge, or somebody else asked for it."""

    code = "bulk_merge_not_found"
    title = "Bulk merge not found"
    zh = Text("批量合并不存在", "没有这次批量合并，或由他人发起。")


class BulkMergeRunning(Conflict):
    """A bulk merge, or the undo of this one, is at work. Wait for its end or cancel its job."""

    code = "bulk_merge_running"
    title = "Bulk merge running"
    zh = Text("批量合并进行中", "批量合并或其撤销正在进行，请等待其结束或取消任务。")


class BulkMergeDry(Conflict):
    """A dry run changed nothing, so there is nothing to undo."""

    code = "bulk_merge_dry"
    title = "Dry run"
    zh = Text("仅为试运行", "试运行未做任何更改，无需撤销。")


class BulkMergeUndone(Conflict):
    """This bulk merge was undone already."""

    code = "bulk_merge_undone"
    title = "Bulk merge undone"
    zh = Text("批量合并已撤销", "这次批量合并已被撤销。")


class DecisionUnclear(RuleBroken):
    """`until` goes with `later`, `survivor_id` with `merge`."""

    code = "duplicate_decision_unclear"
    title = "Decision unclear"
    zh = Text("决定不明确", "`until` 只能与 `later` 一起提供，`survivor_id` 只能与 `merge` 一起提供。")


class ThresholdTooLow(RuleBroken):
    """Nothing is joined in bulk below `merge_bits` of the settings."""

    code = "threshold_too_low"
    title = "Threshold too low"
    zh = Text("阈值过低", "批量合并的阈值不得低于设置中的 merge_bits。")
