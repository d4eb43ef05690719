"""Expected failures of self-service, of those who make links and of those who use them."""

from __future__ import annotations

from custhub.kit.errors import Conflict, NotFound, RuleBroken, Text


class SelfServiceLinkNotFound(NotFound):
    """There is no such link of this customer."""

    code = "self_service_link_not_found"
    title = "Self-service link not found"
    zh = Text("自助链接不存在", "该客户没有这个自助链接。")


class SelfServiceLinkClosed(Conflict):
    """The link was used, revoked or has expired, so there is nothing to revoke."""

    code = "self_service_link_closed"
    title = "Self-service link closed"
    zh = Text("自助链接已失效", "该链接已被使用、撤销或过期，无需撤销。")


class FieldNotOffered(RuleBroken):
    """Customers cannot correct this field by a link."""

    code = "field_not_offered"
    title = "Field not offered"
    zh = Text("字段不可自助修改", "客户不能通过链接修改此字段。")


class ContactPointMissing(Conflict):
    """The customer has no address of this kind that the link could be sent to."""

    code = "contact_point_missing"
    title = "No contact point"
    zh = Text("没有联系方式", "该客户没有可用于发送链接的此类联系方式。")


class ChannelMissing(Conflict):
    """This hub has no way to send such messages. Configure one, or leave it out."""

    code = "channel_missing"
    title = "Channel not configured"
    zh = Text("渠道未配置", "系统尚未配置此类消息的发送方式。")


class ReminderInvalid(RuleBroken):
    """A reminder needs a link that is sent, and a time before it expires."""

    code = "reminder_invalid"
    title = "Reminder not possible"
    zh = Text("无法提醒", "只有由系统发送的链接才能提醒，且提醒时间必须早于链接过期时间。")


class FieldOutsideLink(RuleBroken):
    """The form holds a field that this link is not for. Nothing was changed."""

    code = "field_outside_link"
    title = "Field not part of this link"
    zh = Text("字段不属于此链接", "表单包含此链接未开放的字段，未做任何更改。")


class MobileNeeded(RuleBroken):
    """A code is sent there as a text message: give a mobile number without an extension."""

    code = "mobile_needed"
    title = "Mobile number needed"
    zh = Text("需要手机号码", "验证码将以短信发送，请填写不带分机的手机号码。")
