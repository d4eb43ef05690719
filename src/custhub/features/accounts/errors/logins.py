"""What can go wrong with logins, passwords, second factors and tokens."""

from __future__ import annotations

from custhub.kit.errors import (
    Conflict,
    FieldIssue,
    Forbidden,
    Malformed,
    RuleBroken,
    Text,
    TooMany,
    Unauthenticated,
    Unavailable,
)


class LoginRefused(Unauthenticated):
    """Base of the 401 answers of this feature; each names its code in `WWW-Authenticate`."""

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": f'Bearer error="{self.code}"'})


class InvalidCredentials(LoginRefused):
    """The e-mail address or the password is wrong."""

    code = "invalid_credentials"
    title = "Invalid credentials"
    zh = Text("凭据无效", "邮箱地址或密码不正确。")


class MfaRequired(LoginRefused):
    """This account needs a one-time code besides the password. Send it as `totp_code`."""

    code = "mfa_required"
    title = "One-time code required"
    zh = Text("需要动态验证码", "除密码外，此账户还需要一次性验证码，请在 `totp_code` 中提供。")


class InvalidTotp(LoginRefused):
    """The one-time code is wrong, expired or already used. Wait for the next one."""

    code = "invalid_totp"
    title = "Invalid one-time code"
    zh = Text("动态验证码无效", "一次性验证码错误、已过期或已使用，请等待下一个验证码。")


class InvalidBootstrapToken(LoginRefused):
    """The bootstrap token is wrong, expired or already used. Run `custhub init` for a new one."""

    code = "invalid_bootstrap_token"
    title = "Invalid bootstrap token"
    zh = Text("初始化令牌无效", "初始化令牌错误、已过期或已使用，请运行 `custhub init` 重新获取。")


class MfaAlreadyEnabled(Conflict):
    """This account has a second factor already. Remove it before you set up another."""

    code = "mfa_already_enabled"
    title = "Second factor already enabled"
    zh = Text("双重验证已启用", "此账户已启用双重验证，如需重新设置请先移除。")


class AccountLocked(TooMany):
    """Too many failed logins for this account. Wait as long as `Retry-After` says."""

    code = "account_locked"
    title = "Account locked for a while"
    zh = Text("账户暂时锁定", "此账户登录失败次数过多，请按 `Retry-After` 指示的时间等待。")

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(headers={"Retry-After": str(retry_after_seconds)})


class TooManyLogins(TooMany):
    """Too many logins from this network address. Wait as long as `Retry-After` says."""

    code = "too_many_logins"
    title = "Too many logins"
    zh = Text("登录过于频繁", "来自此网络地址的登录过多，请按 `Retry-After` 指示的时间等待。")

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(headers={"Retry-After": str(retry_after_seconds)})


class LoginBusy(Unavailable):
    """Too many passwords are being checked at this moment. Try again shortly."""

    code = "login_busy"
    title = "Login is busy"
    zh = Text("登录繁忙", "当前正在验证的密码过多，请稍后重试。")

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class PasswordTooWeak(RuleBroken):
    """A password has 12 to 128 characters."""

    code = "password_too_weak"
    title = "Password too weak"
    zh = Text("密码强度不足", "密码长度须为 12 至 128 个字符。")

    def __init__(self) -> None:
        super().__init__(issues=[FieldIssue("#/password", self.code)])


class InvalidClient(LoginRefused):
    """The client is unknown, its secret is wrong, or it may not use this grant."""

    code = "invalid_client"
    title = "Invalid client"
    zh = Text("客户端无效", "客户端不存在、密钥错误，或不允许使用此授权方式。")


class InvalidGrant(Malformed):
    """The refresh token is unknown, expired, revoked or already used."""

    code = "invalid_grant"
    title = "Invalid grant"
    zh = Text("授权无效", "刷新令牌不存在、已过期、已撤销或已使用。")


class InvalidScope(Malformed):
    """The scope asked for is unknown or exceeds what this client may have."""

    code = "invalid_scope"
    title = "Invalid scope"
    zh = Text("权限范围无效", "请求的权限范围不存在，或超出此客户端的上限。")


class UnsupportedGrantType(Malformed):
    """Only `client_credentials` and `refresh_token` are offered."""

    code = "unsupported_grant_type"
    title = "Unsupported grant type"
    zh = Text("不支持的授权类型", "仅支持 `client_credentials` 和 `refresh_token`。")


class InvalidResetToken(LoginRefused):
    """The token for a new password is wrong, expired or already used. Ask an administrator for another."""

    code = "invalid_reset_token"
    title = "Invalid reset token"
    zh = Text("重置令牌无效", "重置密码的令牌错误、已过期或已使用，请向管理员重新索取。")


class MfaNotStarted(Conflict):
    """There is no second factor to confirm or remove. Start with `POST /v1/me/totp`."""

    code = "mfa_not_started"
    title = "No second factor"
    zh = Text("未设置双重验证", "没有可确认或移除的双重验证，请先调用 `POST /v1/me/totp`。")


class UsersOnly(Forbidden):
    """This is for people with an account here; clients and operators have none."""

    code = "users_only"
    title = "Users only"
    zh = Text("仅限用户", "此操作仅适用于拥有账户的用户，不适用于客户端和运维令牌。")


class InvalidRequest(Malformed):
    """A parameter is missing, repeated or malformed, or the client names itself in two ways."""

    code = "invalid_request"
    title = "Invalid token request"
    zh = Text("令牌请求无效", "参数缺失、重复或格式错误，或客户端以两种方式表明身份。")
