"""Errors on the wire: the one table family -> status, and the problem document of RFC 9457."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException  # noqa: TID251  # to translate the framework's own

from custhub.http.answers import Answer, dump
from custhub.http.hub import call_of
from custhub.http.issues import issues_of
from custhub.kit.errors import (
    REGISTRY,
    Conflict,
    Corrupt,
    FieldIssue,
    Forbidden,
    Gone,
    HubError,
    Malformed,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    RuleBroken,
    StorageFull,
    Text,
    TooMany,
    Unauthenticated,
    Unavailable,
    family_of,
)

STATUS: dict[type[HubError], int] = {
    Malformed: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Gone: 410,
    PreconditionFailed: 412,
    RuleBroken: 422,
    PreconditionRequired: 428,
    TooMany: 429,
    Corrupt: 500,
    Unavailable: 503,
    StorageFull: 507,
}
_PROBLEM = (b"content-type", b"application/problem+json")


class ValidationFailed(RuleBroken):
    """Members or parameters of the request break their rules; `errors` lists each with its place."""

    code = "validation_failed"
    title = "Validation failed"
    zh = Text("校验失败", "请求中的成员或参数不符合规则，`errors` 逐项列出其位置。")


class UnknownField(RuleBroken):
    """The request names members or parameters this operation does not have."""

    code = "unknown_field"
    title = "Unknown field"
    zh = Text("未知字段", "请求包含此操作不支持的成员或参数。")


class RouteNotFound(NotFound):
    """There is nothing at this address."""

    code = "not_found"
    title = "Not found"
    zh = Text("未找到", "此地址没有任何内容。")


class MethodNotAllowed(Malformed):
    """This address does not answer this method; `Allow` lists those it does."""

    code = "method_not_allowed"
    title = "Method not allowed"
    zh = Text("方法不允许", "此地址不支持该方法，`Allow` 列出了支持的方法。")
    status = 405


class PayloadTooLarge(Malformed):
    """The body is larger than this operation takes."""

    code = "payload_too_large"
    title = "Payload too large"
    zh = Text("请求体过大", "请求体超过此操作允许的大小。")
    status = 413


class UnreadableRequest(Malformed):
    """This is not a request of HTTP/1.1."""

    code = "unreadable_request"
    title = "Unreadable request"
    zh = Text("无法读取的请求", "这不是有效的 HTTP/1.1 请求。")


class HeadTooLarge(Malformed):
    """Address and headers of a request may have 64 KiB together."""

    code = "head_too_large"
    title = "Headers too large"
    zh = Text("请求头过大", "请求地址与请求头合计不得超过 64 KiB。")
    status = 431


class UnsupportedMediaType(Malformed):
    """This operation does not read this media type."""

    code = "unsupported_media_type"
    title = "Unsupported media type"
    zh = Text("不支持的媒体类型", "此操作不支持该媒体类型。")
    status = 415


class ShuttingDown(Unavailable):
    """This process is being stopped. Another one, or the next, answers."""

    code = "shutting_down"
    title = "Shutting down"
    zh = Text("正在关闭", "此进程正在停止，请由其他进程或稍后重试。")

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class InternalError(HubError):
    """Something went wrong inside the hub. It has been logged under this request id."""

    code = "internal_error"
    title = "Internal error"
    zh = Text("内部错误", "系统内部发生错误，已按此请求编号记录日志。")
    status = 500


def status_of(error: type[HubError]) -> int:
    """The status of an error class; a few of HTTP's own say theirs themselves."""
    own = getattr(error, "status", None)
    return int(own) if own is not None else STATUS[family_of(error)]


def language_of(accept: str) -> Literal["en", "zh"]:
    """The better supported language of an Accept-Language header; English without one."""
    best: tuple[float, Literal["en", "zh"]] = (0.0, "en")
    for part in accept[:200].split(","):
        tag, _, rest = part.strip().partition(";")
        quality = 1.0
        if rest.strip().startswith("q="):
            try:
                quality = float(rest.strip()[2:])
            except ValueError:
                continue
        primary = tag.strip().lower().split("-")[0]
        if primary in ("en", "zh") and quality > best[0]:
            best = (quality, "zh" if primary == "zh" else "en")
    return best[1]


def problem(error: HubError, request_id: str, language: Literal["en", "zh"] = "en") -> Answer:
    """The answer of an expected failure."""
    kind = type(error)
    text = kind.text(language)
    status = status_of(kind)
    body: dict[str, Any] = {
        "type": f"/docs/errors/{kind.code}",
        "title": text.title,
        "status": status,
        "code": kind.code,
        "detail": text.detail,
        "request_id": request_id,
        "errors": [_issue(issue, language) for issue in error.issues],
        **error.members,
    }
    headers = [(name.encode().lower(), value.encode()) for name, value in error.headers.items()]
    if status == 401 and not any(name == b"www-authenticate" for name, _ in headers):
        headers.append((b"www-authenticate", f'Bearer error="{kind.code}"'.encode()))
    if status == 503 and not any(name == b"retry-after" for name, _ in headers):
        headers.append((b"retry-after", b"5"))
    answer = Answer(dump(body), status, (*headers, (b"content-language", language.encode())))
    answer.raw_headers = [h for h in answer.raw_headers if h[0] != b"content-type"] + [_PROBLEM]
    return answer


def _issue(issue: FieldIssue, language: Literal["en", "zh"]) -> dict[str, object]:
    detail = issue.detail_zh if language == "zh" else issue.detail
    if not detail and issue.code in REGISTRY:
        detail = REGISTRY[issue.code].text(language).detail
    told: dict[str, object] = {
        "pointer": issue.pointer,
        "location": issue.location,
        "code": issue.code,
        "detail": detail,
    }
    if issue.expected:
        told["expected"] = dict(issue.expected)
    return told


def validation_problem(raw: Sequence[Any]) -> HubError:
    """The refusal behind Pydantic's list of errors. The refused input is dropped: it may be personal."""
    issues = issues_of(raw)
    codes = {issue.code for issue in issues}
    named = REGISTRY.get(codes.pop()) if len(codes) == 1 else None
    # One broken rule is reported under its own code, several under a common one.
    kind = named if named is not None and issubclass(named, RuleBroken) else ValidationFailed
    error = kind.__new__(kind)
    HubError.__init__(error, issues=issues)
    return error


def expected(error: Exception, request: Request) -> HubError | None:
    """The expected failure behind an exception of the framework or of ours; None for a bug."""
    if isinstance(error, HubError):
        return error
    if isinstance(error, RequestValidationError):
        return validation_problem(error.errors())
    if isinstance(error, HTTPException):
        if isinstance(error.__cause__, HubError):
            return error.__cause__
        if error.status_code == 404:
            return RouteNotFound()
        if error.status_code == 405:
            return MethodNotAllowed(headers={"Allow": allowed_methods(request)})
        if error.status_code == 413:
            return PayloadTooLarge()
        if error.status_code in (400, 422):
            return ValidationFailed()
    return None


def allowed_methods(request: Request) -> str:
    """Every method of this path, not only those of the first route that matches it."""
    path, hub = request.scope["path"], call_of(request).hub
    is_static = path in hub.static_paths
    methods: set[str] = set()
    for route in hub.routes:
        # /v1/customers/lookup is no customer, so it has not the methods of one.
        if route.regex.match(path) and not (is_static and route.regex.groups):
            methods |= route.methods
    return ", ".join(sorted(methods))


def install_error_handlers(api: FastAPI) -> None:
    """Answer what is raised outside a route of ours: unknown paths, wrong methods, pages, bugs."""
    for kind in (HubError, HTTPException, RequestValidationError):
        api.add_exception_handler(kind, _refuse)
    # Starlette answers plain text otherwise; it raises the error again for the edge, which logs it.
    api.add_exception_handler(Exception, _fail)


async def _refuse(request: Request, error: Exception) -> Answer:
    call = call_of(request)
    known = expected(error, request)
    if known is None:
        raise error
    return problem(known, call.request_id, language_of(call.accept_language))


async def _fail(request: Request, _error: Exception) -> Answer:
    call = call_of(request)
    return problem(InternalError(), call.request_id, language_of(call.accept_language))
