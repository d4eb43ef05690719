"""Idempotency-Key: a repeated POST shows its first answer (CONTRACT D3, RELIABILITY R-3).

The answer is inserted with the effect, in the same statement. A twin that runs at the same time waits for the
unique key, loses, finds the stored answer and replays it; so no key is reserved beforehand and a first attempt
costs no extra statement.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import Column, Integer, LargeBinary, PrimaryKeyConstraint, String, Table, bindparam, select

from custhub.http.answers import NO_STORE, Answer
from custhub.http.errors import language_of, problem
from custhub.http.hub import Call
from custhub.http.json_body import canonical
from custhub.kit.db import Id, Instant, Violation, metadata
from custhub.kit.errors import Conflict, Gone, Malformed, RuleBroken, Text
from custhub.kit.purge import Purge
from custhub.kit.query import Query
from custhub.kit.uow import UnitOfWork

KEPT = timedelta(hours=24)
CONSTRAINT = "pk_idempotency_keys"
_KEY = re.compile(r'^"?([A-Za-z0-9_-]{8,255})"?$')

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("principal_id", Id, nullable=False),
    Column("method", String(8), nullable=False),
    Column("path", String(300), nullable=False),
    Column("key", String(255), nullable=False),
    Column("fingerprint", LargeBinary(32), nullable=False),
    Column("status", Integer, nullable=False),
    Column("media_type", String(80), nullable=False),
    Column("location", String(300)),
    Column("body", LargeBinary, nullable=False),
    Column("customer_id", Id, index=True),
    Column("expires_at", Instant, nullable=False, index=True),
    PrimaryKeyConstraint("principal_id", "method", "path", "key", name=CONSTRAINT),
)

#: Answers that were kept long enough.
EXPIRED_ANSWERS = Purge(idempotency_keys, idempotency_keys.c.expires_at)


class StoredAnswer(NamedTuple):
    """A row of idempotency_keys."""

    principal_id: UUID
    method: str
    path: str
    key: str
    fingerprint: bytes
    status: int
    media_type: str
    location: str | None
    body: bytes
    customer_id: UUID | None
    expires_at: datetime


_columns = idempotency_keys.c
_FIND = Query(
    select(idempotency_keys).where(
        _columns.principal_id == bindparam("principal_id"),
        _columns.method == bindparam("method"),
        _columns.path == bindparam("path"),
        _columns.key == bindparam("key"),
    ),
    StoredAnswer._make,
)


class KeyInvalid(Malformed):
    """An Idempotency-Key has 8 to 255 characters of A-Z, a-z, 0-9, _ and -."""

    code = "idempotency_key_invalid"
    title = "Invalid idempotency key"
    zh = Text("幂等键无效", "Idempotency-Key 须为 8 至 255 个字母、数字、下划线或连字符。")


class KeyRequired(Malformed):
    """This operation must carry an Idempotency-Key, so that a repeated attempt cannot happen twice."""

    code = "idempotency_key_required"
    title = "Idempotency key required"
    zh = Text("需要幂等键", "此操作必须携带 Idempotency-Key，以避免重复执行。")


class KeyNotSupported(Malformed):
    """This operation does not take an Idempotency-Key: its answers are never stored."""

    code = "idempotency_not_supported"
    title = "Idempotency key not supported"
    zh = Text("不支持幂等键", "此操作的响应不会被保存，因此不接受 Idempotency-Key。")


class KeyReused(RuleBroken):
    """This Idempotency-Key was used for another body. Take a new key for a new request."""

    code = "idempotency_key_reused"
    title = "Idempotency key reused"
    zh = Text("幂等键被重复使用", "该 Idempotency-Key 已用于另一个请求体，新请求请使用新的键。")


class InProgress(Conflict):
    """The first request with this Idempotency-Key is still running. Repeat it after Retry-After."""

    code = "idempotency_in_progress"
    title = "Request in progress"
    zh = Text("请求处理中", "使用该 Idempotency-Key 的首个请求仍在处理，请按 Retry-After 稍后重试。")

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class AnswerErased(Gone):
    """The stored answer named a person whose data has been erased."""

    code = "idempotency_answer_erased"
    title = "Stored answer erased"
    zh = Text("已保存的响应已删除", "已保存的响应涉及的个人数据已被删除。")


class Rule(Enum):
    """What a route does with the key."""

    IGNORED = 0
    ACCEPTED = 1
    REQUIRED = 2
    REFUSED = 3


def rule_of(template: str) -> Rule:
    """The rule of a POST route, by its path."""
    # A search may be a lookup, and its answer names many customers: none of them could be erased from it.
    if template.endswith(("/reveal", "/lookup", "/search", "/duplicates/check")) or template.startswith(
        ("/v1/auth/", "/v1/oauth/")
    ):
        return Rule.REFUSED
    if template.endswith("/batch") or template in ("/v1/merges", "/v1/imports"):
        return Rule.REQUIRED
    return Rule.ACCEPTED


def key_of(headers: Mapping[bytes, bytes], rule: Rule) -> str | None:
    """The key of a request. Raises KeyInvalid, KeyRequired, KeyNotSupported."""
    raw = headers.get(b"idempotency-key")
    if raw is None:
        if rule is Rule.REQUIRED:
            raise KeyRequired
        return None
    if rule is Rule.REFUSED:
        raise KeyNotSupported
    match = _KEY.match(raw.decode("latin-1"))
    if match is None:
        raise KeyInvalid
    return match[1]


async def _fingerprint(call: Call, request: Request) -> bytes:
    # Two spellings of one JSON value are the same request (RFC 8785); the query string is part of it.
    body = await request.body()
    text = canonical(await request.json()) if body else b""
    return call.hub.keys.cursors.fingerprint(request.scope["query_string"] + b"\0" + text)


def _where(call: Call, request: Request) -> dict[str, Any]:
    return {
        "principal_id": call.caller.id,
        "method": request.method,
        "path": request.scope["path"][:300],
        "key": call.idempotency_key,
    }


async def keep(call: Call, request: Request, work: UnitOfWork, response: Response) -> None:
    """Add the answer to the unit of work; 5xx and 429 are not kept."""
    if response.status_code >= 500 or response.status_code == 429:
        return
    replay = response.replay if isinstance(response, Answer) else None
    row = StoredAnswer(
        **_where(call, request),
        fingerprint=await _fingerprint(call, request),
        status=response.status_code,
        media_type=response.headers.get("content-type", ""),
        location=response.headers.get("location"),
        body=bytes(response.body) if replay is None else replay,
        customer_id=work.customer_id,
        expires_at=work.now + KEPT,
    )
    work.insert(idempotency_keys, row)


async def keep_refusal(call: Call, request: Request, response: Response) -> None:
    """Store a 4xx in a transaction of its own, never over a stored answer."""
    if not 400 <= response.status_code < 500 or response.status_code in (401, 429):
        return
    work = call.hub.unit_of_work(call.caller.actor, call.request_id)
    try:
        await keep(call, request, work, response)
        await work.commit()
    except Violation:
        return  # the twin stored first
    except Malformed:
        return  # a body that cannot be read has no fingerprint


async def find(call: Call, request: Request) -> Answer | None:
    """The stored answer of this key as a replay, or the refusal of a reused key; None without a live row."""
    stored = await _FIND.first(call.hub.database, **_where(call, request))
    if stored is None:
        return None
    now = call.hub.clock.now()
    if stored.expires_at <= now:
        work = call.hub.unit_of_work(call.caller.actor, call.request_id)
        # Exactly this row: a twin may have replaced it meanwhile by an answer that lives.
        work.delete(idempotency_keys, {**_where(call, request), "expires_at": stored.expires_at})
        await work.commit()
        return None
    language = language_of(call.accept_language)
    try:
        same = await _fingerprint(call, request) == stored.fingerprint
    except Malformed:
        same = False
    if not same:
        return problem(KeyReused(), call.request_id, language)
    if not stored.status:
        return problem(AnswerErased(), call.request_id, language)
    return _replay(stored)


def _replay(stored: StoredAnswer) -> Answer:
    headers = [(b"idempotency-replayed", b"true"), NO_STORE]
    if stored.location is not None:
        headers.append((b"location", stored.location.encode()))
    answer = Answer(stored.body or None, stored.status, headers)
    answer.raw_headers = [h for h in answer.raw_headers if h[0] != b"content-type"]
    if stored.media_type:
        answer.raw_headers.append((b"content-type", stored.media_type.encode()))
    return answer
