"""What a request about phone numbers can be refused for. No text or member carries a number or a part of one."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from custhub.kit.errors import Conflict, FieldIssue, NotFound, RuleBroken, Text, TooMany


class InvalidReason(StrEnum):
    """Why a text is no phone number. Stable: clients read it as `reason` of the problem."""

    TOO_LONG = "too_long"
    NOT_A_NUMBER = "not_a_number"
    INVALID_COUNTRY_CODE = "invalid_country_code"
    TOO_SHORT = "too_short"
    TOO_MANY_DIGITS = "too_many_digits"
    EXTENSION_TOO_LONG = "extension_too_long"
    NOT_VALID_FOR_COUNTRY = "not_valid_for_country"


class PhoneInvalid(RuleBroken):
    """This is not a phone number of its country. Check the digits, and write the country code or name the country."""

    code = "phone_invalid"
    title = "Not a valid phone number"
    zh = Text("电话号码无效", "该号码不是所属国家或地区的有效电话号码。请核对号码，并写明国际区号或指定国家。")

    def __init__(self, reason: InvalidReason, *, issues: Sequence[FieldIssue] = ()) -> None:
        super().__init__(issues=issues, members={"reason": reason.value})
        self.reason = reason


class PhoneRepeated(RuleBroken):
    """This number stands twice in the request, perhaps in two spellings. Send it once."""

    code = "phone_repeated"
    title = "Phone number repeated"
    zh = Text("电话号码重复", "请求中同一号码出现了两次（写法可能不同），请只提交一次。")


class PhoneTaken(Conflict):
    """This number already belongs to another customer. Merge the two, detach it there, or mark it as shared."""

    code = "phone_taken"
    title = "Phone number already in use"
    zh = Text(
        "电话号码已被占用", "该号码已属于另一位客户。请合并两位客户、先在对方处解除该号码，或将其标记为共用号码。"
    )


class MaskAmbiguous(Conflict):
    """A masked number in this text could be one of several stored ones. Write those numbers out, or leave them out."""

    code = "mask_ambiguous"
    title = "Masked number ambiguous"
    zh = Text("掩码号码有歧义", "文本中的掩码号码可能对应多个已存号码，请写出完整号码或将其删除。")


class PhoneNotFound(NotFound):
    """This customer has no such phone number."""

    code = "phone_not_found"
    title = "Phone number not found"
    zh = Text("未找到电话号码", "该客户没有这个电话号码。")


class RevealQuotaExceeded(TooMany):
    """You have revealed as many phone numbers as you may for now. Try again after the time in Retry-After."""

    code = "reveal_quota_exceeded"
    title = "Reveal quota used up"
    zh = Text("查看号码次数已用完", "您在当前时段内可查看的完整号码数量已用完，请在 Retry-After 所示时间之后重试。")


class LookupQuotaExceeded(TooMany):
    """You have looked up as many phone numbers as you may for now. Try again after the time in Retry-After."""

    code = "lookup_quota_exceeded"
    title = "Lookup quota used up"
    zh = Text("号码查询次数已用完", "您在当前时段内可查询的号码数量已用完，请在 Retry-After 所示时间之后重试。")


class MaskProbing(TooMany):
    """Too many different numbers with the same last four digits were looked up today. Such lookups are refused."""

    code = "lookup_pattern_refused"
    title = "Lookup pattern refused"
    zh = Text("查询方式被拒绝", "今天查询的不同号码中，后四位相同的过多；此类查询已被拒绝。")
