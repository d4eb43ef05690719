"""Expected failures of links; people see them as pages."""

from __future__ import annotations

from custhub.kit.errors import Gone, NotFound, Text


class LinkNotFound(NotFound):
    """There is no such link. Perhaps it was cut off when it was copied."""

    code = "link_not_found"
    title = "Link not found"
    zh = Text("链接不存在", "没有这个链接，可能复制时不完整。")


class LinkUsed(Gone):
    """This link was used already; it works once. Ask for a new one."""

    code = "link_used"
    title = "Link used"
    zh = Text("链接已使用", "此链接只能使用一次，且已被使用。请重新获取。")


class LinkExpired(Gone):
    """This link has expired. Ask for a new one."""

    code = "link_expired"
    title = "Link expired"
    zh = Text("链接已过期", "此链接已过期，请重新获取。")
