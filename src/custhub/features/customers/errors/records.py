"""The customer itself: whether it is there, and what it refers to."""

from __future__ import annotations

from custhub.kit.errors import Conflict, Forbidden, Gone, NotFound, Text


class CustomerNotFound(NotFound):
    """There is no such customer, or it is out of your reach."""

    code = "customer_not_found"
    title = "Customer not found"
    zh = Text("客户不存在", "没有这个客户，或不在您的可见范围内。")


class CustomerErased(Gone):
    """The data of this person was erased on request and cannot be brought back."""

    code = "erased"
    title = "Erased"
    zh = Text("已删除", "此人的数据已应要求删除，无法恢复。")


class CustomerArchived(Conflict):
    """The customer is archived. Restore it before changing it."""

    code = "customer_archived"
    title = "Customer archived"
    zh = Text("客户已归档", "该客户已归档，请先恢复再修改。")


class CustomerNotArchived(Conflict):
    """The customer is not archived, so there is nothing to restore."""

    code = "customer_not_archived"
    title = "Customer not archived"
    zh = Text("客户未归档", "该客户未归档，无需恢复。")


class OwnerUnknown(Conflict):
    """There is no such owner within your reach."""

    code = "owner_unknown"
    title = "Unknown owner"
    zh = Text("负责人不存在", "在您的权限范围内没有此负责人。")


class TeamUnknown(Conflict):
    """There is no such team within your reach."""

    code = "team_unknown"
    title = "Unknown team"
    zh = Text("团队不存在", "在您的权限范围内没有此团队。")


class SourceNotGranted(Forbidden):
    """Your client may only send customers of its own sources."""

    code = "source_not_granted"
    title = "Source not granted"
    zh = Text("来源未授权", "您的客户端只能提交其自身来源的客户。")
