"""Expected failures of webhook endpoints and deliveries."""

from __future__ import annotations

from custhub.kit.errors import Conflict, FieldIssue, Forbidden, NotFound, RuleBroken, Text


class WebhookEndpointNotFound(NotFound):
    """There is no such webhook endpoint."""

    code = "webhook_endpoint_not_found"
    title = "Webhook endpoint not found"
    zh = Text("Webhook 端点不存在", "没有这个 Webhook 端点。")


class WebhookDeliveryNotFound(NotFound):
    """There is no such delivery; the log is kept for 30 days."""

    code = "webhook_delivery_not_found"
    title = "Delivery not found"
    zh = Text("投递记录不存在", "没有这条投递记录；投递日志保留 30 天。")


class WebhookEventTypeUnknown(RuleBroken):
    """No event has this type. `GET /v1/event-types` lists them; `*` and `customer.*` are allowed too."""

    code = "webhook_event_type_unknown"
    title = "Unknown event type"
    zh = Text("未知的事件类型", "没有这种事件类型。请查看 `GET /v1/event-types`，也可使用 `*` 或 `customer.*`。")

    def __init__(self, indexes: list[int] | None = None, member: str = "event_types") -> None:
        super().__init__(issues=[FieldIssue(f"#/{member}/{i}", self.code) for i in indexes or ()])


class WebhookOwnerUnknown(RuleBroken):
    """The owner must be an active user."""

    code = "webhook_owner_unknown"
    title = "Unknown owner"
    zh = Text("负责人不存在", "负责人必须是有效的用户。")

    def __init__(self) -> None:
        super().__init__(issues=[FieldIssue("#/owner_id", self.code)])


class WebhookReachRequired(Forbidden):
    """Webhooks tell of every customer: only a caller who reaches all of them may set one up."""

    code = "webhook_reach_required"
    title = "Reach of all customers required"
    zh = Text("需要全部客户的访问权限", "Webhook 会通知所有客户的变更，只有能访问全部客户的调用者才能设置。")


class WebhookEndpointDisabled(Conflict):
    """The endpoint is disabled: nothing is sent to it. Enable it first."""

    code = "webhook_endpoint_disabled"
    title = "Webhook endpoint is disabled"
    zh = Text("Webhook 端点已停用", "该端点已停用，不会向其发送任何内容，请先启用。")


class WebhookDeliveryInProgress(Conflict):
    """This delivery is being sent right now. Look at its attempts in a moment."""

    code = "webhook_delivery_in_progress"
    title = "Delivery in progress"
    zh = Text("正在投递", "该投递正在发送，请稍后查看其尝试记录。")


class WebhookReplayRunning(Conflict):
    """A replay to this endpoint is under way. Wait for its job, or cancel it."""

    code = "webhook_replay_running"
    title = "Replay under way"
    zh = Text("正在重放", "该端点正在重放，请等待任务完成或取消任务。")


class WebhookReplayUnclear(RuleBroken):
    """Give either `since` or `from_position`."""

    code = "webhook_replay_unclear"
    title = "Unclear where a replay begins"
    zh = Text("重放起点不明确", "请只提供 `since` 或 `from_position` 之一。")
