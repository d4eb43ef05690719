"""Expected failures of saved filters."""

from __future__ import annotations

from custhub.kit.errors import Conflict, Forbidden, Text


class SavedFilterExists(Conflict):
    """You have a saved filter of this name already."""

    code = "saved_filter_exists"
    title = "Saved filter exists"
    zh = Text("筛选器已存在", "您已有同名的已保存筛选器。")


class SavedFilterNotYours(Forbidden):
    """Only its owner changes or deletes a saved filter."""

    code = "saved_filter_not_yours"
    title = "Not your saved filter"
    zh = Text("不是您的筛选器", "只有所有者可以修改或删除已保存的筛选器。")
