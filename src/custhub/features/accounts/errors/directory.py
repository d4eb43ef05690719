"""What can go wrong with users, roles, teams, clients and grants."""

from __future__ import annotations

from collections.abc import Iterable

from custhub.kit.errors import (
    Conflict,
    FieldIssue,
    Forbidden,
    NotFound,
    RuleBroken,
    Text,
)


class UserNotFound(NotFound):
    """There is no such user."""

    code = "user_not_found"
    title = "User not found"
    zh = Text("用户不存在", "没有这个用户。")


class EmailTaken(Conflict):
    """Another user has this e-mail address."""

    code = "email_taken"
    title = "E-mail address taken"
    zh = Text("邮箱已被使用", "此邮箱地址已属于另一用户。")


class LastAdministrator(Conflict):
    """This is the last active administrator. Name another one first."""

    code = "last_administrator"
    title = "Last administrator"
    zh = Text("最后一位管理员", "这是最后一位有效的管理员，请先指定另一位管理员。")


class ScopeNotGrantable(Forbidden):
    """Nobody can grant a scope that he does not have."""

    code = "scope_not_grantable"
    title = "Scope not grantable"
    zh = Text("权限不可授予", "不能授予自己不具备的权限。")

    def __init__(self, scopes: Iterable[str]) -> None:
        """`scopes` are the names that are missing; they come from the closed list, never from the request."""
        super().__init__(members={"scopes": sorted(scopes)})


class NetworkInvalid(RuleBroken):
    """A network is an IPv4 or IPv6 address or CIDR whose host bits are zero, such as 203.0.113.0/24."""

    code = "network_invalid"
    title = "Invalid network"
    zh = Text("网络地址无效", "网络须为 IPv4、IPv6 地址或主机位为零的 CIDR，例如 203.0.113.0/24。")


class ClientNotFound(NotFound):
    """There is no such client."""

    code = "client_not_found"
    title = "Client not found"
    zh = Text("客户端不存在", "没有这个客户端。")


class RoleNotFound(NotFound):
    """There is no such role."""

    code = "role_not_found"
    title = "Role not found"
    zh = Text("角色不存在", "没有这个角色。")


class RoleNameTaken(Conflict):
    """Another role has this name."""

    code = "role_name_taken"
    title = "Role name taken"
    zh = Text("角色名称已被使用", "此名称已属于另一角色。")


class RoleInUse(Conflict):
    """Users or clients still have this role. Take it from them first."""

    code = "role_in_use"
    title = "Role in use"
    zh = Text("角色正在使用", "仍有用户或客户端拥有此角色，请先移除。")


class RoleBuiltIn(Conflict):
    """Roles that come with the hub cannot be changed or removed. Make one of your own."""

    code = "role_built_in"
    title = "Built-in role"
    zh = Text("内置角色", "系统自带的角色不能修改或删除，请自行新建角色。")


class TeamNotFound(NotFound):
    """There is no such team."""

    code = "team_not_found"
    title = "Team not found"
    zh = Text("团队不存在", "没有这个团队。")


class TeamNameTaken(Conflict):
    """Another team has this name."""

    code = "team_name_taken"
    title = "Team name taken"
    zh = Text("团队名称已被使用", "此名称已属于另一团队。")


class TeamCycle(Conflict):
    """A team cannot stand below itself."""

    code = "team_cycle"
    title = "Team cycle"
    zh = Text("团队层级循环", "团队不能位于自身之下。")

    def __init__(self) -> None:
        super().__init__(issues=[FieldIssue("#/parent_id", self.code)])


class TeamInUse(Conflict):
    """This team still has members or teams below it. Move them first."""

    code = "team_in_use"
    title = "Team in use"
    zh = Text("团队正在使用", "此团队仍有成员或下级团队，请先移走。")


class ReferenceUnknown(Conflict):
    """The request names a user, role or team that does not exist."""

    code = "reference_unknown"
    title = "Unknown reference"
    zh = Text("引用不存在", "请求引用的用户、角色或团队不存在。")

    def __init__(self, pointer: str) -> None:
        super().__init__(issues=[FieldIssue(pointer, self.code)])


class AccessNotGrantable(Forbidden):
    """Nobody can grant more rows or fields than he sees himself."""

    code = "access_not_grantable"
    title = "Access not grantable"
    zh = Text("访问范围不可授予", "不能授予超出自己可见范围的数据或字段。")


class ExternalUser(Conflict):
    """An external issuer decides on password, second factor and roles of this user."""

    code = "external_user"
    title = "External user"
    zh = Text("外部用户", "此用户的密码、双重验证和角色由外部身份提供方管理。")


class AdministratorRequired(Forbidden):
    """Only administrators propose and approve grants."""

    code = "administrator_required"
    title = "Administrator required"
    zh = Text("需要管理员", "只有管理员可以提出和批准临时授权。")


class SecondAdministratorRequired(Forbidden):
    """A grant is approved by another administrator than the one who proposed it, and not by who receives it."""

    code = "second_administrator_required"
    title = "Second administrator required"
    zh = Text("需要另一位管理员", "临时授权须由提出者和被授权者以外的另一位管理员批准。")


class GrantNotFound(NotFound):
    """There is no such grant."""

    code = "grant_not_found"
    title = "Grant not found"
    zh = Text("临时授权不存在", "没有这项临时授权。")


class GrantClosed(Conflict):
    """This grant was approved, revoked or has run out already."""

    code = "grant_closed"
    title = "Grant closed"
    zh = Text("临时授权已结束", "此临时授权已批准、已撤销或已到期。")


class GrantTooLong(Conflict):
    """A grant ends in the future: within 24 hours for `exports:pii`, within 30 days for `phones:reveal`."""

    code = "grant_too_long"
    title = "Grant too long"
    zh = Text("授权期限过长", "授权须在未来结束：`exports:pii` 不超过 24 小时，`phones:reveal` 不超过 30 天。")

    def __init__(self) -> None:
        super().__init__(issues=[FieldIssue("#/expires_at", self.code)])
