"""Expected failures of messages."""

from __future__ import annotations

from custhub.kit.errors import Gone, NotFound, RuleBroken, Text, Unauthenticated


class MessageNotFound(NotFound):
    """There is no such message, or its time in the log is over."""

    code = "message_not_found"
    title = "Message not found"
    zh = Text("消息不存在", "没有此消息，或其日志保留期已过。")


class RecipientInvalid(RuleBroken):
    """This is no address that a message can go to."""

    code = "recipient_invalid"
    title = "Recipient invalid"
    zh = Text("收件人无效", "这不是可以接收消息的地址。")


class RecipientGone(Gone):
    """The customer was erased: nobody may write to it any more."""

    code = "recipient_gone"
    title = "Recipient gone"
    zh = Text("收件人已删除", "该客户已被删除，不能再向其发送消息。")


class CallbackRefused(Unauthenticated):
    """The callback does not prove that it comes from the provider: token or signature is missing, wrong or too old."""

    code = "callback_refused"
    title = "Callback refused"
    zh = Text("回调被拒绝", "回调无法证明来自服务商：令牌或签名缺失、错误或已过期。")

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
