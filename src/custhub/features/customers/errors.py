"""Expected failures of the customers feature.

A rule that refuses a value says which kind of value; the caller adds the pointer of the member. No text ever
holds the value itself.
"""

from __future__ import annotations

from custhub.kit.errors import Conflict, Forbidden, Gone, NotFound, RuleBroken, Text


class CustomerNotFound(NotFound):
    """There is no such customer, or it is out of your reach."""

    code = "customer_not_found"
    title = "Customer not found"
    zh = Text("客户不存在", "没有这个客户，或不在您的可见范围内。")


class EmailNotFound(NotFound):
    """This customer has no such e-mail address."""

    code = "email_not_found"
    title = "E-mail address not found"
    zh = Text("邮箱不存在", "该客户没有这个邮箱。")


class AddressNotFound(NotFound):
    """This customer has no such postal address."""

    code = "address_not_found"
    title = "Address not found"
    zh = Text("地址不存在", "该客户没有这个地址。")


class ContactNotFound(NotFound):
    """This organisation has no such contact."""

    code = "contact_not_found"
    title = "Contact not found"
    zh = Text("联系人不存在", "该组织没有这个联系人。")


class TagNotFound(NotFound):
    """There is no such tag, or the customer does not carry it."""

    code = "tag_not_found"
    title = "Tag not found"
    zh = Text("标签不存在", "没有这个标签，或客户未打此标签。")


class ExternalIdNotFound(NotFound):
    """This customer has no such external id."""

    code = "external_id_not_found"
    title = "External id not found"
    zh = Text("外部编号不存在", "该客户没有这个外部编号。")


class ExternalSourceNotFound(NotFound):
    """There is no such external source."""

    code = "external_source_not_found"
    title = "External source not found"
    zh = Text("外部来源不存在", "没有这个外部来源。")


class CustomerErased(Gone):
    """The data of this person was erased on request and cannot be brought back."""

    code = "erased"
    title = "Erased"
    zh = Text("已删除", "此人的数据已应要求删除，无法恢复。")


class ExternalIdTaken(Conflict):
    """This external id already belongs to another customer. Each id is unique within its source."""

    code = "external_id_taken"
    title = "External id taken"
    zh = Text("外部编号已被占用", "该外部编号已属于另一个客户；同一来源内编号唯一。")


class ExternalSourceInUse(Conflict):
    """Customers still carry ids of this source. Remove those first."""

    code = "external_source_in_use"
    title = "External source in use"
    zh = Text("外部来源使用中", "仍有客户带有此来源的编号，请先移除这些编号。")


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


class EmailInvalid(RuleBroken):
    """The e-mail address is malformed or longer than 254 characters."""

    code = "email_invalid"
    title = "Invalid e-mail address"
    zh = Text("邮箱无效", "邮箱格式不正确或超过 254 个字符。")


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


class ContactNotAllowed(Conflict):
    """Only an organisation has contacts."""

    code = "contact_not_allowed"
    title = "Contact not allowed"
    zh = Text("不可添加联系人", "只有组织可以有联系人。")


class TooManyParts(Conflict):
    """The customer already holds as many of these parts as one customer may."""

    code = "too_many_parts"
    title = "Too many parts"
    zh = Text("数量超出上限", "该客户的此类信息已达到上限。")


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


class PersonUnknown(Conflict):
    """There is no such customer within your reach."""

    code = "person_unknown"
    title = "Unknown person"
    zh = Text("客户不存在", "在您的权限范围内没有此客户。")


class BatchRefused(RuleBroken):
    """Nothing was stored: the batch was to be stored whole, and `errors` lists the items that cannot be."""

    code = "batch_refused"
    title = "Batch refused"
    zh = Text("批次被拒绝", "未保存任何数据：该批次要求全部成功，`errors` 列出了无法保存的条目。")


class FilterNotSupported(RuleBroken):
    """Numbers cannot be filtered, sorted or searched in part: they are encrypted. Use `POST /v1/customers/lookup`."""

    code = "filter_not_supported"
    title = "Filter not supported"
    zh = Text("不支持此筛选", "号码已加密，无法按部分号码筛选、排序或搜索，请使用 `POST /v1/customers/lookup`。")


class LookupAmbiguous(RuleBroken):
    """Give either `phone` or `phone_last4`."""

    code = "lookup_ambiguous"
    title = "Ambiguous lookup"
    zh = Text("查询条件不明确", "请只提供 `phone` 或 `phone_last4` 之一。")
