"""Values that break a rule of their kind.

A rule that refuses a value says which kind of value; the caller adds the pointer of the member. No text ever
holds the value itself.
"""

from __future__ import annotations

from custhub.kit.errors import RuleBroken, Text


class NameInvalid(RuleBroken):
    """The name is empty, has no visible character, or is longer than 200 characters."""

    code = "name_invalid"
    title = "Invalid name"
    zh = Text("名称无效", "名称为空、没有可见字符，或超过 200 个字符。")


class BirthdayInvalid(RuleBroken):
    """The birthday is no date of its calendar, before 1900, or in the future.

    Write `YYYY-MM-DD`, or `--MM-DD` when the year is unknown; say when it is a date of the lunar calendar.
    """

    code = "birthday_invalid"
    title = "Invalid birthday"
    zh = Text(
        "生日无效",
        "生日不是该历法中的日期、早于 1900 年或晚于今天。请写作 YYYY-MM-DD；年份未知时写作 --MM-DD；农历请注明。",
    )


class GenderInvalid(RuleBroken):
    """The gender is none of female, male, other, unknown."""

    code = "gender_invalid"
    title = "Invalid gender"
    zh = Text("性别无效", "性别须为 female（女）、male（男）、other（其他）或 unknown（未知）。")


class TaxIdInvalid(RuleBroken):
    """The tax id is malformed; a Chinese unified social credit code needs 18 characters and a correct check digit."""

    code = "tax_id_invalid"
    title = "Invalid tax id"
    zh = Text("税号无效", "税号格式不正确；统一社会信用代码须为 18 位且校验位正确。")


class CountryInvalid(RuleBroken):
    """The country is no ISO 3166-1 alpha-2 code."""

    code = "country_invalid"
    title = "Invalid country"
    zh = Text("国家或地区代码无效", "国家或地区须为 ISO 3166-1 两位字母代码。")


class PostcodeInvalid(RuleBroken):
    """The postcode has not the form its country uses."""

    code = "postcode_invalid"
    title = "Invalid postcode"
    zh = Text("邮政编码无效", "邮政编码不符合该国家或地区的格式。")


class AddressInvalid(RuleBroken):
    """The address is empty, a part is too long, or the division code is unknown."""

    code = "address_invalid"
    title = "Invalid address"
    zh = Text("地址无效", "地址为空、某一部分过长，或行政区划代码不存在。")


class AddressInconsistent(RuleBroken):
    """Province, city, district and division code do not belong together."""

    code = "address_inconsistent"
    title = "Inconsistent address"
    zh = Text("地址前后不一致", "省、市、区县与行政区划代码相互矛盾。")


class LanguageInvalid(RuleBroken):
    """The language is no BCP 47 tag, such as `zh-CN` or `en`."""

    code = "language_invalid"
    title = "Invalid language"
    zh = Text("语言无效", "语言须为 BCP 47 标签，例如 zh-CN、en。")


class TimeZoneInvalid(RuleBroken):
    """The time zone is no IANA name, such as `Asia/Shanghai`."""

    code = "time_zone_invalid"
    title = "Invalid time zone"
    zh = Text("时区无效", "时区须为 IANA 名称，例如 Asia/Shanghai。")


class TagInvalid(RuleBroken):
    """The tag is empty, has no visible character, or is longer than 64 characters."""

    code = "tag_invalid"
    title = "Invalid tag"
    zh = Text("标签无效", "标签为空、没有可见字符，或超过 64 个字符。")


class ExternalIdInvalid(RuleBroken):
    """The external id needs a source of `a-z 0-9 _ . -` (at most 40) and an id of 1 to 128 printable characters."""

    code = "external_id_invalid"
    title = "Invalid external id"
    zh = Text("外部编号无效", "来源须由 a-z、0-9、_ . - 组成（至多 40 个字符），编号须为 1 至 128 个可打印字符。")
