"""Refusals about where values come from."""

from __future__ import annotations

from custhub.kit.errors import Conflict, Forbidden, RuleBroken, Text


class FieldConfirmed(Conflict):
    """A person confirmed these fields, and a program may not change them before that expires.

    Send it as an upsert or an import: what is refused there becomes a review item.
    """

    code = "field_confirmed"
    title = "Field confirmed"
    zh = Text(
        "字段已经人工确认",
        "这些字段已由人工确认，到期前程序不能直接修改；请通过 upsert 或导入提交，被拒绝的值会进入待审核列表。",
    )


class PersonRequired(Forbidden):
    """Only a person can confirm what a customer's fields say."""

    code = "person_required"
    title = "Person required"
    zh = Text("需要人工操作", "只有人员可以确认客户字段。")


class FieldNotConfirmable(RuleBroken):
    """There is no such member, or it is a list: parts are confirmed one by one, by verifying them."""

    code = "field_not_confirmable"
    title = "Field not confirmable"
    zh = Text("字段不可确认", "没有这个成员，或它是列表；列表中的各项请逐一核实。")
