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


class DuplicateModelNotFound(NotFound):
    """There is no such model, or it came with another release of the hub."""

    code = "duplicate_model_not_found"
    title = "Model not found"
    zh = Text("模型不存在", "没有这个模型，或它属于系统的另一版本。")


class DuplicateModelExists(Conflict):
    """There is a model of this version already, `existing_id`. Another one needs another version."""

    code = "duplicate_model_exists"
    title = "Model exists"
    zh = Text("模型已存在", "已有该版本的模型（`existing_id`），请使用其他版本名。")


class DuplicateModelInvalid(RuleBroken):
    """By this document nobody can be scored: it has other levels than the shipped model, or weights that cannot be."""

    code = "duplicate_model_invalid"
    title = "No model"
    zh = Text("模型无效", "无法按该文件评分：其级别与系统自带模型不同，或权重不成立。")


class ModelVersionReserved(RuleBroken):
    """A version that begins with a digit is the hub's own."""

    code = "model_version_reserved"
    title = "Version reserved"
    zh = Text("版本名已保留", "以数字开头的版本名由系统保留。")


class TooFewDecisions(Conflict):
    """Nobody is scored by a model that was estimated from less than 500 decisions of people."""

    code = "too_few_decisions"
    title = "Too few decisions"
    zh = Text("人工决定过少", "模型须由至少 500 个人工决定估算，方可启用。")


class DuplicateModelUsed(Conflict):
    """Only a proposal is deleted: people were scored by this model, and their scores name it."""

    code = "duplicate_model_used"
    title = "Model was used"
    zh = Text("模型已被使用", "只能删除未启用过的模型：已有评分引用该模型。")


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
