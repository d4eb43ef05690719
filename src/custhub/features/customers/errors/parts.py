"""Parts of a customer."""

from __future__ import annotations

from custhub.kit.errors import Conflict, NotFound, Text


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


class PersonUnknown(Conflict):
    """There is no such customer within your reach."""

    code = "person_unknown"
    title = "Unknown person"
    zh = Text("客户不存在", "在您的权限范围内没有此客户。")
