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


class DeviceIncomplete(RuleBroken):
    """`device_id` and `sequence` belong together: the count is the device's own."""

    code = "device_incomplete"
    title = "Incomplete device"
    zh = Text("设备信息不完整", "`device_id` 与 `sequence` 须同时提供。")


class SourceTwice(RuleBroken):
    """`source` stands beside `customer`, not in it."""

    code = "source_twice"
    title = "Source in the customer"
    zh = Text("来源位置错误", "`source` 应与 `customer` 并列，不应在其内。")
