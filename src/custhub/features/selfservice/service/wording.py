"""What the pages of self-service say, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Language = Literal["en", "zh"]

#: name -> (English, Chinese)
LABELS: Final[Mapping[str, tuple[str, str]]] = {
    "display_name": ("Name", "姓名"),
    "family_name": ("Family name", "姓"),
    "given_name": ("Given name", "名"),
    "company_name": ("Company", "公司名称"),
    "tax_id": ("Tax id", "税号"),
    "gender": ("Gender", "性别"),
    "birthday": ("Birthday", "生日"),
    "birthday_calendar": ("Calendar of the birthday", "生日历法"),
    "phones": ("New mobile number", "新手机号码"),
    "emails": ("New e-mail address", "新邮箱地址"),
    "addresses": ("Address", "地址"),
    "addresses.country": ("Country", "国家或地区"),
    "addresses.province": ("Province or state", "省份"),
    "addresses.city": ("City", "城市"),
    "addresses.district": ("District", "区县"),
    "addresses.street": ("Street and number", "详细地址"),
    "addresses.postcode": ("Postcode", "邮政编码"),
    "language": ("Language", "语言"),
    "time_zone": ("Time zone", "时区"),
    "preferred_channel": ("How to reach you", "希望的联系方式"),
}
#: field -> value -> (English, Chinese)
CHOICES: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "gender": {
        "unknown": ("Not told", "不透露"),
        "female": ("Female", "女"),
        "male": ("Male", "男"),
        "other": ("Other", "其他"),
    },
    "birthday_calendar": {"solar": ("Solar", "公历"), "lunar": ("Lunar", "农历")},
    "language": {
        "": ("Not told", "未填写"),
        "zh-CN": ("Chinese (simplified)", "简体中文"),
        "zh-TW": ("Chinese (traditional)", "繁体中文"),
        "en": ("English", "英语"),
    },
    "preferred_channel": {
        "": ("No preference", "无偏好"),
        "phone": ("Phone", "电话"),
        "sms": ("Text message", "短信"),
        "email": ("E-mail", "邮件"),
        "wechat": ("WeChat", "微信"),
        "whatsapp": ("WhatsApp", "WhatsApp"),
        "mail": ("Letter", "信件"),
        "app": ("App", "应用程序"),
        "none": ("Not at all", "不联系"),
    },
}
YES_NO: Final = {"": ("Not told", "未填写"), "true": ("Yes", "是"), "false": ("No", "否")}
TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("Your details", "您的资料"),
    "intro": (
        "Please check what we keep about you, and correct what is wrong.",
        "请核对我们保存的您的资料，并更正有误之处。",
    ),
    "once": (
        "This link works once: send the form when all is right.",
        "此链接只能使用一次，请确认无误后再提交。",
    ),
    "send": ("Send", "提交"),
    "wrong": (
        "Something is not right yet. Nothing was changed; please look at the marked entries.",
        "有内容需要更正，尚未做任何更改，请查看标出的项目。",
    ),
    "current": ("Now: {}. Leave it empty to keep it.", "当前：{}。不修改请留空。"),
    "none": ("There is none yet.", "目前没有。"),
    "code_phone": ("A code is sent to the new number.", "验证码将发送到新号码。"),
    "code_email": ("A code is sent to the new address.", "验证码将发送到新邮箱。"),
    "date": (
        "Year, month and day, such as 1990-05-03; without a year --05-03.",
        "年-月-日，例如 1990-05-03；不含年份则为 --05-03。",
    ),
    "country": ("Two letters, such as CN", "两位字母代码，例如 CN"),
    "thanks_title": ("Thank you", "谢谢"),
    "thanks": ("Your details were received.", "您的资料已收到。"),
    "proof_title": ("Enter the code", "请输入验证码"),
    "proof_intro": (
        "We have sent a code of six digits. It is valid for ten minutes; nothing changes without it.",
        "我们已发送六位数验证码，十分钟内有效。没有验证码不会有任何更改。",
    ),
    "code_for": ("Code sent to {}", "发送至 {} 的验证码"),
    "confirm": ("Confirm", "确认"),
    "resend": ("Send a new code to {}", "重新发送验证码至 {}"),
    "sent": ("A new code is on its way.", "新的验证码已发送。"),
    "too_soon": ("Please wait a minute before you ask for another code.", "请等待一分钟后再重新获取验证码。"),
    "too_many": ("No further code can be sent.", "无法再发送验证码。"),
    "enter": ("Please enter the code.", "请输入验证码。"),
    "wrong_code": ("This is not the code.", "验证码不正确。"),
    "old_code": ("This code is no longer valid. Ask for a new one.", "验证码已过期，请重新获取。"),
    "dead_title": ("Not confirmed", "未能确认"),
    "dead": (
        "Too many wrong codes: nothing was changed. Ask for a new link.",
        "验证码错误次数过多，未做更改。请重新获取链接。",
    ),
}


def say(name: str, language: Language, *values: str) -> str:
    """A text of the pages."""
    return pick(TEXTS[name], language).format(*values)


def label(name: str, language: Language) -> str:
    """What a field is called."""
    return pick(LABELS[name], language)


def pick(pair: tuple[str, str], language: Language) -> str:
    """The one in this language."""
    return pair[1] if language == "zh" else pair[0]
