"""Expected failures of the suppression list."""

from __future__ import annotations

from custhub.kit.errors import Conflict, NotFound, RuleBroken, Text


class Suppressed(Conflict):
    """The person behind this number or address was erased: it is not stored again."""

    code = "suppressed"
    title = "Suppressed"
    zh = Text("已被屏蔽", "该号码或邮箱的所有者已要求删除数据，不得再次保存。")


class SuppressionNotFound(NotFound):
    """There is no such entry of the suppression list."""

    code = "suppression_not_found"
    title = "Suppression not found"
    zh = Text("屏蔽记录不存在", "没有这条屏蔽记录。")


class SuppressionLifted(Conflict):
    """This entry was lifted before; it suppresses nothing any more."""

    code = "suppression_lifted"
    title = "Suppression lifted"
    zh = Text("屏蔽已解除", "该屏蔽记录此前已解除，不再生效。")


class PointAmbiguous(RuleBroken):
    """Give either `phone` or `email`."""

    code = "point_ambiguous"
    title = "Ambiguous contact point"
    zh = Text("联系方式不明确", "请只提供 `phone` 或 `email` 之一。")
