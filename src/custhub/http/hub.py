"""What every request needs: the parts of a running hub, and the state of one call."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from custhub.crypto.live import LiveKeys
from custhub.http.limits import RateLimiter, RateState
from custhub.http.metrics import Metrics
from custhub.http.tokens import TokenCache
from custhub.kit.clock import Clock
from custhub.kit.db import Database
from custhub.kit.errors import HubError
from custhub.kit.uow import Actor, Recorder, UnitOfWork
from custhub.security.addresses import Network
from custhub.security.principal import Denials, Principal
from custhub.settings import Settings


@dataclass(frozen=True, slots=True)
class RoutePattern:
    """Path and methods of one route, for `Allow`, and whether it takes files: larger bodies than others."""

    regex: re.Pattern[str]
    methods: frozenset[str]
    is_upload: bool = False


@dataclass(slots=True)
class Hub:
    """The parts of a running hub that the edge and the features' dependencies use."""

    settings: Settings
    clock: Clock
    database: Database
    keys: LiveKeys
    tokens: TokenCache
    denials: Denials
    recorder: Recorder
    limiter: RateLimiter
    metrics: Metrics
    version: str
    routes: tuple[RoutePattern, ...] = ()
    static_paths: frozenset[str] = frozenset()
    draining: bool = False
    #: The code of the error that readiness answers, "" for none; requests are served all the same.
    not_ready: str = ""
    #: The revision this version was built for, and whether the database has been at it; `serve` sets both.
    head: str | None = None
    migrated: bool = True
    #: Reads what requests are held against, before the doors open.
    prepare: Callable[[], Awaitable[None]] | None = None
    #: While set, every request but those of health and metrics ends in this error.
    closed: type[HubError] | None = None
    #: Whether the worker of this process does not look for jobs any more; asked by readiness.
    is_worker_silent: Callable[[], bool] = lambda: False
    trusted_proxies: tuple[Network, ...] = ()
    parts: dict[str, Any] = field(default_factory=dict)

    def unit_of_work(self, actor: Actor, request_id: str, *, locking: bool = False) -> UnitOfWork:
        """A fresh unit of work, for jobs and commands; requests take theirs from the call."""
        return UnitOfWork(self.database, self.clock, self.recorder, actor, request_id, locking=locking)


class Call:
    """State of one request, kept in its ASGI scope."""

    __slots__ = ("headers", "hub", "idempotency_key", "locking", "principal", "rate", "request_id", "template", "work")

    def __init__(self, hub: Hub, request_id: str, headers: dict[bytes, bytes]) -> None:
        self.hub = hub
        self.request_id = request_id
        self.headers = headers
        self.principal: Principal | None = None
        self.work: UnitOfWork | None = None
        self.locking = False
        self.idempotency_key: str | None = None
        self.rate: RateState | None = None
        self.template: str | None = None

    @property
    def caller(self) -> Principal:
        """The verified caller; a route that asks for it without a scope is a bug."""
        if self.principal is None:
            raise RuntimeError("the route declares no scope")
        return self.principal

    @property
    def actor(self) -> Actor:
        """Who acts: the caller, or nobody known."""
        return _ANONYMOUS if self.principal is None else self.principal.actor

    def unit_of_work(self) -> UnitOfWork:
        """The one unit of work of this request, opened at first use."""
        if self.work is None:
            self.work = self.hub.unit_of_work(self.actor, self.request_id, locking=self.locking)
        return self.work

    def has_seen(self, etag: str) -> bool:
        """Whether If-None-Match names this entity tag, or any."""
        sent = self.headers.get(b"if-none-match")
        return sent is not None and (etag.encode() in sent or sent.strip() == b"*")

    @property
    def accept_language(self) -> str:
        """The Accept-Language header."""
        return self.headers.get(b"accept-language", b"").decode("latin-1")


_ANONYMOUS = Actor("anonymous", None)
CALL = "custhub.call"


def call_of(request: Request) -> Call:
    """The call behind a request."""
    call: Call = request.scope[CALL]
    return call
