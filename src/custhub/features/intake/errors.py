"""Expected failures of intake. None of them tells anything about who is known."""

from __future__ import annotations

from custhub.kit.errors import RuleBroken, Text


class IntakeNotYet(RuleBroken):
    """`occurred_at` lies in the future: check the clock of the device."""

    code = "intake_not_yet"
    title = "Not happened yet"
    zh = Text("发生时间无效", "`occurred_at` 晚于当前时间，请检查设备时钟。")


class PhoneInIntake(RuleBroken):
    """This text holds a phone number and is kept as it is. Numbers belong into `customer.phones`."""

    code = "phone_in_intake"
    title = "Phone number in a text"
    zh = Text("文本中含有电话号码", "该文本含有电话号码且不加密保存。号码请放在 `customer.phones` 中。")
