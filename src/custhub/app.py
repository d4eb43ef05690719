"""Wires everything: the only place that knows all features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version as package_version
from ipaddress import ip_network
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Route

from custhub.crypto.live import LiveKeys
from custhub.crypto.source import key_provider
from custhub.crypto.system import SystemVault
from custhub.events.outbox import record_events
from custhub.features.accounts import router as accounts
from custhub.features.accounts.service.hashing import HashingDesk
from custhub.features.accounts.service.operator import clean_up
from custhub.features.accounts.service.parts import ACCOUNTS, AccountParts, ObjectKind
from custhub.features.accounts.service.rights import AccountRights
from custhub.features.audit import router as audit
from custhub.features.audit.deps import VERIFIER
from custhub.features.audit.service import AuditLog, AuditWriter, DenialLog
from custhub.features.customers.links import CustomerRows, CustomerTraces
from custhub.features.customers.queries import is_reachable
from custhub.features.customers.router import OTHERS, customers, listing, phones
from custhub.features.customers.rules import load_tables
from custhub.features.keys import router as keys
from custhub.features.keys.service.fence import KeyFence
from custhub.features.keys.service.states import KeyStates
from custhub.features.keys.service.token_keys import HubTokenKeys, HubTokenSigner
from custhub.features.keys.tasks import KeyWatcher, RotationRunner
from custhub.features.phones.links import CustomerNumbers
from custhub.features.phones.service.quotas import OLD_USES, USES_KEPT
from custhub.http import health
from custhub.http.edge import Edge
from custhub.http.errors import install_error_handlers
from custhub.http.hub import Hub, RoutePattern
from custhub.http.idempotency import EXPIRED_ANSWERS
from custhub.http.limits import RateLimiter
from custhub.http.logs import AccessLog
from custhub.http.metrics import Metrics
from custhub.http.openapi import build_document, dump
from custhub.http.pages import mount_pages
from custhub.http.readiness import is_migrated
from custhub.http.tokens import TokenCache
from custhub.kit.background import BackgroundTask, Every, Supervisor
from custhub.kit.clock import Clock, SystemClock
from custhub.kit.customer_link import CustomerLink
from custhub.kit.db import Database
from custhub.kit.egress import EgressClient
from custhub.kit.egress_policy import EgressPolicy
from custhub.kit.ids import Prefix
from custhub.kit.postgresql import PostgresDatabase
from custhub.kit.query import compile_queries
from custhub.kit.sqlite import SqliteDatabase
from custhub.kit.uow import SYSTEM, Actor, Fact, Note, UnitOfWork
from custhub.security.addresses import networks_of
from custhub.security.issuers import ExternalIssuers, read_issuers
from custhub.security.scopes import DESCRIPTIONS
from custhub.security.tokens import AUDIENCE, TokenVerifier
from custhub.settings import Settings

VERSION = package_version("custhub")

#: Hot ones first: routes are matched in order.
ROUTERS: tuple[APIRouter, ...] = (
    customers.router,
    listing.router,
    phones.router,
    *OTHERS,
    health.router,
    keys.router,
    keys.rotations_router,
    audit.router,
    *accounts.ROUTERS,
)

TAGS = [
    {"name": "customers", "description": "Customers with their parts: create, read, change, archive, restore."},
    {"name": "phones", "description": "Phone numbers of customers: add, change, verify, reveal."},
    {"name": "parts", "description": "E-mails, addresses, contacts, external ids and tags of customers."},
    {"name": "external-sources", "description": "Systems whose ids customers carry, and what those ids mean."},
    {"name": "forms", "description": "Schemas of bodies for front ends, as the caller may send them."},
    {"name": "operations", "description": "For operators: is the hub alive, ready, and how is it doing."},
    {"name": "keys", "description": "Root keys: which are in use, adding, rotating and retiring them."},
    {"name": "audit", "description": "The audit log: who did what, sealed, signed and verifiable."},
    *accounts.TAGS,
]
#: What merges, exports and erasure reach the rows of a customer through.
LINKS: tuple[Callable[[LiveKeys], CustomerLink], ...] = (CustomerRows, CustomerNumbers, lambda _: CustomerTraces())
#: Background tasks get this long to finish their step when the process stops.
_STOP_SECONDS = 5.0


class Application:
    """A hub ready to serve: the ASGI application and its parts."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None, access_log: AccessLog | None = None) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.database = database_of(settings)
        self.keys = LiveKeys(key_provider(settings))
        self.local_keys = HubTokenKeys(settings.issuer, self.keys)
        self.signer = HubTokenSigner(self.local_keys, self.clock)
        self.issuers = ExternalIssuers(
            read_issuers(settings.oidc_issuers, settings.issuer), lambda: egress_client(settings), self.clock
        )
        verifier = TokenVerifier(
            {settings.issuer: self.local_keys, **self.issuers.sources}, AUDIENCE, self.clock, rules=self.issuers.rules
        )
        audit_writer = AuditWriter(self.keys)
        self.hub = Hub(
            settings=settings,
            clock=self.clock,
            database=self.database,
            keys=self.keys,
            tokens=TokenCache(verifier, self._rights(), self.clock, self.issuers.learn),
            denials=DenialLog(lambda actor, request_id: self.hub.unit_of_work(actor, request_id)),
            recorder=_Recorder(audit_writer, KeyFence(self.keys)),
            limiter=RateLimiter(settings.rate_limit_per_minute if settings.rate_limit == "on" else None, self.clock),
            metrics=Metrics(VERSION, settings.engine),
            version=VERSION,
        )
        self.api = build_api()
        routes = [route for route in self.api.router.routes if isinstance(route, Route | APIRoute)]
        self.hub.routes = tuple(RoutePattern(route.path_regex, frozenset(route.methods or ())) for route in routes)
        self.hub.static_paths = frozenset(route.path for route in routes if "{" not in route.path)
        self.asgi = Edge(self.api, self.hub, access_log)
        self.audit = AuditLog(
            self.database, self.keys, self.clock, settings, self.hub.unit_of_work, self.hub.metrics.audit_oldest.set
        )
        self.hub.parts[VERIFIER] = self.audit.verifier
        self.links = tuple(make(self.keys) for make in LINKS)
        self.accounts = AccountParts(
            settings=settings,
            clock=self.clock,
            database=self.database,
            keys=self.keys,
            local_keys=self.local_keys,
            signer=self.signer,
            verifier=verifier,
            hashing=HashingDesk(),
            vault=SystemVault(self.database, self.keys, "accounts"),
            open_unit_of_work=self.hub.unit_of_work,
            kinds={"customer": ObjectKind(Prefix.CUSTOMER, is_reachable)},
        )
        self.hub.parts[ACCOUNTS] = self.accounts
        self.hub.trusted_proxies = networks_of(settings.trusted_proxies)
        self.key_states = KeyStates(self.database, self.keys, self.clock, self.hub.unit_of_work)
        for listener in (self.local_keys.renew, self.signer.renew, self.hub.tokens.forget):
            self.keys.on_change(listener)
        #: What `serve` runs beside requests; `start_tasks` begins it.
        self.tasks: list[BackgroundTask] = [
            Every("metrics", 5.0, self._measure),
            KeyWatcher(self.hub, self.key_states),
            RotationRunner(self.hub, self.key_states),
            self.audit.relay,
            Every("accounts", 3_600.0, self._clean_up),
            Every("purge", 3_600.0, self._purge),
        ]
        self._supervisor = Supervisor(self.tasks)

    async def start(self) -> None:
        """Connect, compile every statement, check the keys.

        Raises DatabaseUnavailable, DirectoryLocked, KeysUnusable.
        """
        compile_queries(self.database.dialect)
        load_tables()
        await self.database.open()
        if await is_migrated(self.hub):
            await self.key_states.start()

    @property
    def has_tasks(self) -> bool:
        """Whether the work beside requests is done here."""
        return self._supervisor.is_running

    def start_tasks(self) -> None:
        """Begin the work beside requests."""
        self._supervisor.start()

    def _rights(self) -> AccountRights:
        def open_unit_of_work(actor: Actor, request_id: str) -> UnitOfWork:
            return self.hub.unit_of_work(actor, request_id)

        return AccountRights(self.database, self.clock, self.settings, self.issuers, open_unit_of_work)

    async def stop(self) -> None:
        """Stop the work beside requests, then close connections."""
        await self._supervisor.stop(_STOP_SECONDS)
        await self.issuers.aclose()
        self.accounts.hashing.close()
        await self.database.close()

    async def _clean_up(self) -> None:
        await clean_up(self.hub.unit_of_work(SYSTEM, "clean-up"))

    async def _purge(self) -> None:
        now = self.clock.now()
        await EXPIRED_ANSWERS.run(self.database, now)
        await OLD_USES.run(self.database, now - USES_KEPT)

    async def _measure(self) -> None:
        self.hub.metrics.pool.set(self.database.in_use)


class _Recorder:
    """Rows of events and audit entries of a unit of work."""

    def __init__(self, audit: AuditWriter, fence: KeyFence) -> None:
        self._audit = audit
        self._fence = fence

    def record(self, uow: UnitOfWork, facts: Sequence[Fact], notes: Sequence[Note]) -> None:
        """Add them to the write set. Raises LostRace when keys moved on since its rows were built."""
        self._fence.check(uow)
        record_events(uow, facts)
        self._audit.write(uow, notes)


def database_of(settings: Settings) -> Database:
    """The engine these settings name."""
    if settings.engine == "postgresql":
        return PostgresDatabase(
            settings.database_url,
            pool_min=settings.pool_min,
            pool_max=settings.pool_max,
            statement_timeout_ms=settings.statement_timeout_ms,
            lock_timeout_ms=settings.lock_timeout_ms,
        )
    return SqliteDatabase(settings.sqlite_path, read_seconds=settings.statement_timeout_ms / 1000)


def egress_client(settings: Settings) -> EgressClient:
    """Calls to places that somebody else named, as far as the configuration allows (S-105)."""
    allow = [ip_network(text) for text in settings.egress_allow]
    ports = (443, 80, *settings.egress_ports)
    return EgressClient(EgressPolicy(allow=allow, allow_http=settings.egress_http, ports=ports))


def build_api() -> FastAPI:
    """The FastAPI application with every route."""
    api = FastAPI(
        title="custhub",
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        openapi_tags=TAGS,
        generate_unique_id_function=lambda route: route.name,
    )
    for router in ROUTERS:
        # Flat, not included: an included router is matched through a wrapper of its own.
        api.router.routes.extend(router.routes)
    mount_pages(api, lambda: api.openapi())
    install_error_handlers(api)
    scopes = {scope.value: text for scope, text in DESCRIPTIONS.items()}
    document: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not document:
            document.update(build_document(api, version=VERSION, scopes=scopes))
        return document

    api.openapi = openapi  # type: ignore[method-assign]
    return api


def build(settings: Settings, *, clock: Clock | None = None, access_log: AccessLog | None = None) -> Application:
    """A hub for these settings; nothing is connected before `start`."""
    return Application(settings, clock=clock, access_log=access_log)


@cache
def document() -> str:
    """The OpenAPI document of this version as text, without a database or keys."""
    return dump(build_api().openapi())
