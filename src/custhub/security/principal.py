"""The caller of a request, with everything it may do decided before the endpoint runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol
from uuid import UUID

from custhub.kit.errors import FieldIssue, Forbidden, Text
from custhub.kit.uow import Actor
from custhub.security.addresses import Network
from custhub.security.fields import FieldPolicy
from custhub.security.reach import Reach
from custhub.security.tokens import Claims

PrincipalKind = Literal["user", "client", "operator", "customer", "system"]


class InsufficientScope(Forbidden):
    """The token does not carry the scope this operation needs."""

    code = "insufficient_scope"
    title = "Insufficient scope"
    zh = Text("权限不足", "令牌不包含此操作所需的权限范围。")

    def __init__(self, scope: str) -> None:
        super().__init__(
            members={"scope": scope},
            headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
        )


class MfaEnrolmentRequired(Forbidden):
    """Your role needs a second factor. Set it up before anything else."""

    code = "mfa_enrolment_required"
    title = "Second factor required"
    zh = Text("需要启用双重验证", "您的角色必须使用双重验证，请先完成设置。")


class FieldNotWritable(Forbidden):
    """Your role may not change these fields. Nothing was changed."""

    code = "field_not_writable"
    title = "Field not writable"
    zh = Text("字段不可修改", "您的角色无权修改这些字段，未做任何更改。")

    def __init__(self, names: list[str]) -> None:
        super().__init__(issues=[FieldIssue(f"#/{name}", self.code) for name in names])


class FieldHidden(Forbidden):
    """Your role does not see this field, so it cannot filter or sort by it."""

    code = "field_hidden"
    title = "Field hidden"
    zh = Text("字段不可见", "您的角色看不到此字段，因此不能按它筛选或排序。")

    def __init__(self, name: str, body: str | None = None) -> None:
        """`body` is the pointer to the filters where they stand in a body."""
        place = FieldIssue(f"#/{name}", self.code, "query")
        super().__init__(issues=[place if body is None else FieldIssue(f"{body}/{name}", self.code)])


@dataclass(frozen=True, slots=True)
class Quota:
    """How many numbers a principal may open or look up."""

    reveals_per_day: int | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified caller: effective scopes, field policy, reach.

    `token` is the digest under which its token can be denied, `networks` are the only ones it may call from, if any
    are named. `pending` is what a caller without its scopes
    must do first.
    """

    kind: PrincipalKind
    id: UUID
    client_id: str
    name: str
    scopes: frozenset[str]
    roles: tuple[str, ...]
    policy: FieldPolicy
    reach: Reach
    session_id: UUID | None = None
    token: bytes = b""
    quota: Quota = field(default_factory=Quota)
    networks: tuple[Network, ...] = ()
    pending: type[MfaEnrolmentRequired] | None = None

    @property
    def actor(self) -> Actor:
        """What units of work record."""
        return Actor(self.kind, self.id, self.client_id)

    def require_writable(self, names: set[str]) -> None:
        """Raise FieldNotWritable when a named field is not open for writing."""
        refused = sorted(names - self.policy.writable)
        if refused:
            raise FieldNotWritable(refused)

    def require_readable(self, name: str) -> None:
        """Raise FieldHidden when values of this field are not shown."""
        if not self.policy.may_read(name):
            raise FieldHidden(name)


class Rights(Protocol):
    """Answers what a token's subject may do now; the accounts feature implements it."""

    async def principal(self, claims: Claims) -> Principal:
        """The principal behind verified claims. Raises InvalidToken for a revoked or disabled one."""


class Denials(Protocol):
    """Records denied calls; the audit feature implements it."""

    async def denied(self, principal: Principal, request_id: str, operation: str, reason: str) -> None:
        """Leave an audit entry in a transaction of its own."""
