"""Expected failures of merges."""

from __future__ import annotations

from custhub.kit.errors import Conflict, NotFound, RuleBroken, Text


class MergeNotFound(NotFound):
    """There is no such merge, or its survivor is out of your reach."""

    code = "merge_not_found"
    title = "Merge not found"
    zh = Text("合并记录不存在", "没有这条合并记录，或其保留客户不在您的可见范围内。")


class MergeCustomerUnknown(RuleBroken):
    """One of these customers does not exist or is out of your reach."""

    code = "merge_customer_unknown"
    title = "Unknown customer"
    zh = Text("客户不存在", "其中有客户不存在，或不在您的可见范围内。")


class MergeTooFew(RuleBroken):
    """A merge needs at least two different customers; those that were merged before count as what they became."""

    code = "merge_too_few"
    title = "Too few customers"
    zh = Text("客户数量不足", "合并至少需要两个不同的客户；已被合并的客户按其合并后的客户计算。")


class MergeChoiceInvalid(RuleBroken):
    """A choice names a field that cannot be chosen, names one twice, or names a customer that is not being merged."""

    code = "merge_choice_invalid"
    title = "Invalid choice"
    zh = Text("选择无效", "选择中的字段不可选、重复，或所指客户不在本次合并之列。")


class MergeKindsDiffer(Conflict):
    """Persons and organisations cannot be merged with each other. Correct the kind of the wrong ones first."""

    code = "merge_kinds_differ"
    title = "Different kinds"
    zh = Text("客户类型不同", "个人与机构不能互相合并，请先更正类型。")


class MergeForbidden(Conflict):
    """Somebody decided that some of these are not the same. Leave them out, or send `override_not_the_same`."""

    code = "merge_forbidden"
    title = "Not the same"
    zh = Text("已判定为不同客户", "其中有客户已被判定为不是同一客户。请将其排除，或发送 `override_not_the_same`。")


class PlanChanged(Conflict):
    """What this plan was made of is another by now. Look at a new preview; `changed` names what differs."""

    code = "plan_changed"
    title = "Plan changed"
    zh = Text("合并方案已变更", "生成该方案后数据已发生变化。请重新预览；`changed` 列出了不同之处。")


class AlreadyUndone(Conflict):
    """This merge was undone before. Its outcome is part of it."""

    code = "already_undone"
    title = "Already undone"
    zh = Text("已撤销", "该合并此前已被撤销，结果可在合并记录中查看。")


class MergeNeeded(Conflict):
    """Later merges were built on this one. Undo those first, in the order of `merge_ids`."""

    code = "merge_needed"
    title = "Later merges depend on it"
    zh = Text("后续合并依赖于此", "有后续合并建立在本次合并之上。请先按 `merge_ids` 的顺序撤销它们。")
