"""Requests about many customers, or about finding some."""

from __future__ import annotations

from custhub.kit.errors import Conflict, NotFound, RuleBroken, Text


class BatchRefused(RuleBroken):
    """Nothing was stored: the batch was to be stored whole, and `errors` lists the items that cannot be."""

    code = "batch_refused"
    title = "Batch refused"
    zh = Text("批次被拒绝", "未保存任何数据：该批次要求全部成功，`errors` 列出了无法保存的条目。")


class FilterNotSupported(RuleBroken):
    """Nothing can be filtered or sorted by this.

    Numbers and sensitive custom fields are encrypted: find numbers with `POST /v1/customers/lookup`. Other custom
    fields can be filtered where they are declared so.
    """

    code = "filter_not_supported"
    title = "Filter not supported"
    zh = Text(
        "不支持此筛选",
        "不能按此筛选或排序：号码与敏感字段已加密（号码请用 `POST /v1/customers/lookup`），其他字段须声明为可筛选。",
    )


class SearchRebuildRunning(Conflict):
    """The search index is being rebuilt already. Wait for that job to end."""

    code = "search_rebuild_running"
    title = "Rebuild running"
    zh = Text("正在重建", "搜索索引正在重建，请等待该任务结束。")


class LookupAmbiguous(RuleBroken):
    """Give either `phone` or `phone_last4`."""

    code = "lookup_ambiguous"
    title = "Ambiguous lookup"
    zh = Text("查询条件不明确", "请只提供 `phone` 或 `phone_last4` 之一。")


class SavedFilterNotFound(NotFound):
    """There is no such saved filter, or it is not shared with you."""

    code = "saved_filter_not_found"
    title = "Saved filter not found"
    zh = Text("筛选器不存在", "没有这个已保存的筛选器，或未与您共享。")


class SelectionUnclear(RuleBroken):
    """Name the customers in exactly one way: `filter`, `saved_filter_id` or `ids`."""

    code = "selection_unclear"
    title = "Unclear selection"
    zh = Text("选择不明确", "请仅用一种方式指定客户：`filter`、`saved_filter_id` 或 `ids`。")
