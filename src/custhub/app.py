"""Wires everything: what a running hub is made of. Its routes stand in api.py."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from fastapi.routing import APIRoute
from starlette.routing import Route

from custhub.api import VERSION, build_api
from custhub.crypto.files import StoredFiles
from custhub.crypto.live import LiveKeys
from custhub.crypto.source import key_provider
from custhub.crypto.system import SystemVault
from custhub.events.relay import GATHER_SECONDS, EventRelay
from custhub.features.accounts.queries.people import mailbox_of
from custhub.features.accounts.service.hashing import HashingDesk
from custhub.features.accounts.service.operator import clean_up
from custhub.features.accounts.service.parts import ACCOUNTS, AccountParts, ObjectKind
from custhub.features.accounts.service.rights import AccountRights
from custhub.features.audit.deps import VERIFIER
from custhub.features.audit.service import AuditLog, AuditWriter, DenialLog
from custhub.features.bulk.tasks import BulkActionJob, BulkUndoJob
from custhub.features.consents.service.gate import ConsentGate
from custhub.features.customers.queries import is_reachable
from custhub.features.customers.queries.sources import identity_sources, source_ranks
from custhub.features.customers.rules import load_tables
from custhub.features.customers.service.candidates import NEW_CANDIDATES
from custhub.features.customers.service.contact_points import CustomerContactPoints
from custhub.features.customers.service.rendering import CustomerRenderer
from custhub.features.customers.service.selecting import SAVED_SELECTIONS
from custhub.features.customers.service.standards import STANDARDS, Standards
from custhub.features.customers.tasks import ContactPointMarking, SearchRebuild
from custhub.features.duplicates.queries.scoring import scoring_model
from custhub.features.duplicates.service.modelling import SCORING
from custhub.features.duplicates.tasks import SCHEDULES as DUPLICATE_SCHEDULES
from custhub.features.duplicates.tasks import BulkMergeJob, BulkMergeUndoJob, DuplicateScan
from custhub.features.exports.service.handing import LINK as EXPORT_LINK
from custhub.features.exports.service.handing import ExportDownload
from custhub.features.exports.tasks import ExportJob
from custhub.features.fields.service.catalogue import CATALOGUE, field_catalogue
from custhub.features.filters.service import SavedSelections
from custhub.features.imports.tasks import import_jobs
from custhub.features.keys.service.fence import KeyFence
from custhub.features.keys.service.states import KeyStates
from custhub.features.keys.service.token_keys import HubTokenKeys, HubTokenSigner
from custhub.features.keys.tasks import KeyRotation, KeyTender, KeyWatcher
from custhub.features.links.service import LINK_PURPOSES, LinkPurpose
from custhub.features.matching.service.candidates import CANDIDATES, CandidateSearch
from custhub.features.matching.service.checking import CandidatesOfNew
from custhub.features.matching.service.counting import OnlineScorers
from custhub.features.matching.service.keeping import MatchKeeper
from custhub.features.matching.service.rebuilding import MatchKeyRebuild
from custhub.features.matching.tasks import MatchKeyRebuildJob
from custhub.features.merges.service.merging import LINKS as MERGED_LINKS
from custhub.features.messages.tasks import message_sender
from custhub.features.operations.tasks import SCHEDULES, JobRetention
from custhub.features.quality.service.refusals import RefusalKeeper
from custhub.features.quality.service.verifying import VerificationKeeper
from custhub.features.quality.tasks import SCHEDULES as QUALITY_SCHEDULES
from custhub.features.quality.tasks import QualityScan
from custhub.features.selfservice.service.gate import ReminderGate
from custhub.features.selfservice.service.parts import SELF_SERVICE, SelfServiceParts
from custhub.features.selfservice.service.purposes import self_service_purposes
from custhub.features.suppressions.service.gate import SuppressionGate
from custhub.features.suppressions.service.points import CONTACT_POINTS
from custhub.features.webhooks.tasks import Webhooks
from custhub.http.edge import Edge
from custhub.http.hub import Hub
from custhub.http.limits import RateLimiter
from custhub.http.logs import AccessLog
from custhub.http.metrics import Metrics
from custhub.http.readiness import is_migrated
from custhub.http.routing import pattern_of
from custhub.http.tokens import TokenCache
from custhub.jobs.assembly import runner_of
from custhub.jobs.kinds import JobKind
from custhub.jobs.schedules import Scheduler
from custhub.kit.background import BackgroundTask, Every, Part, Supervisor, Turns
from custhub.kit.clock import Clock, SystemClock
from custhub.kit.followed import Follower
from custhub.kit.ids import Prefix
from custhub.kit.opening import database_of, egress_client, egress_policy
from custhub.kit.query import compile_queries
from custhub.kit.uow import SYSTEM
from custhub.links import LINKS
from custhub.recording import Recording
from custhub.security.addresses import networks_of
from custhub.security.issuers import ExternalIssuers, read_issuers
from custhub.security.tokens import AUDIENCE, TokenVerifier
from custhub.settings import Settings
from custhub.upkeep import Upkeep

#: Connections to consumers of webhooks stay open this long after a delivery: most of one's cost is the next handshake.
_KEEP_SECONDS = 5.0
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
            recorder=Recording(audit_writer, KeyFence(self.keys), lambda: self.relay.wake()),
            limiter=RateLimiter(settings.rate_limit_per_minute if settings.rate_limit == "on" else None, self.clock),
            metrics=Metrics(VERSION, settings.engine),
            version=VERSION,
        )
        self.api = build_api()
        routes = [route for route in self.api.router.routes if isinstance(route, Route | APIRoute)]
        self.hub.routes = tuple(pattern_of(route) for route in routes)
        self.hub.static_paths = frozenset(route.path for route in routes if "{" not in route.path)
        self.files = StoredFiles(self.database, self.keys, self.clock)
        self.asgi = Edge(self.api, self.hub, access_log)
        self.audit = AuditLog(
            self.database, self.keys, self.clock, settings, self.hub.unit_of_work, self.hub.metrics.audit_oldest.set
        )
        self.hub.parts[VERIFIER] = self.audit.verifier
        self.hub.parts[SAVED_SELECTIONS] = SavedSelections()
        #: What links for people are for, by name.
        self.link_purposes: dict[str, LinkPurpose] = {EXPORT_LINK: ExportDownload(self.files, self.clock)}
        self.hub.parts[LINK_PURPOSES] = self.link_purposes
        self.catalogue, self.ranks, self.personal = field_catalogue(), source_ranks(), identity_sources()
        self.scoring = self.hub.parts[SCORING] = scoring_model()
        self.follower = Follower(
            self.database, lambda: self.hub.migrated, self.catalogue, self.ranks, self.personal, self.scoring
        )
        self.hub.prepare = self.follower.look
        confirmed_for = timedelta(days=settings.confirmed_days)
        standards = Standards(
            self.catalogue,
            self.ranks,
            RefusalKeeper(self.keys),
            confirmed_for,
            VerificationKeeper(),
            MatchKeeper(self.keys, self.personal),
        )
        scorers = OnlineScorers(self.keys, self.clock.monotonic, self.scoring)
        candidates = CandidateSearch(self.keys, self.personal, scorers)
        self.hub.parts |= {CATALOGUE: self.catalogue, STANDARDS: standards}
        self.hub.parts |= {CANDIDATES: candidates, NEW_CANDIDATES: CandidatesOfNew(candidates)}
        self.imports = import_jobs(self.hub, self.files, standards)
        self.contact_points = self.hub.parts[CONTACT_POINTS] = CustomerContactPoints(self.keys)
        gates = (SuppressionGate(self.database, self.keys), ConsentGate(self.database), ReminderGate(self.database))
        self.messages = message_sender(self.hub, lambda: egress_client(settings), gates)
        self_service = SelfServiceParts(settings, self.keys, standards, self.messages.parts, self.hub.unit_of_work)
        self.hub.parts[SELF_SERVICE] = self_service
        self.link_purposes |= self_service_purposes(self_service)
        renderers = {"customer": CustomerRenderer(self.database, self.keys, self.catalogue)}
        owners = self.messages.owners(mailbox_of)
        self.webhooks = Webhooks(
            self.hub,
            egress_policy(settings),
            lambda: egress_client(settings, keep_seconds=_KEEP_SECONDS),
            renderers,
            owners,
        )
        self.events = EventRelay(self.database, self.clock, fan_outs=(self.webhooks.fan_out,))
        self.upkeep = Upkeep(self.hub, self.events, self.webhooks, self.files)
        #: One task gives events their positions and seals the audit log, one after the other (E-6, S-70).
        parts = [Part("event relay", self.events.turn, hurries=True), Part("audit relay", self.audit.relay.turn)]
        self.relay = Turns("relay", parts, gather_seconds=GATHER_SECONDS)
        self.links = self.hub.parts[MERGED_LINKS] = tuple(make(self.keys) for make in LINKS)
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
        self.jobs = runner_of(
            settings,
            self.database,
            self.clock,
            self.hub.unit_of_work,
            self._job_kinds(),
            self.hub.metrics.leases_lost.inc,
        )
        self.hub.is_worker_silent = lambda: self.jobs.is_silent
        #: What every process runs beside requests.
        self.tasks: list[BackgroundTask] = [
            Every("metrics", 5.0, self.upkeep.measure),
            KeyWatcher(self.hub, self.key_states),
            self.follower,
        ]
        #: What workers run beside it: `serve` too, unless told not to (J-10).
        self.work: list[BackgroundTask] = [
            self.jobs,
            Scheduler(
                self.database, self.clock, self.hub.unit_of_work, (*SCHEDULES, *QUALITY_SCHEDULES, *DUPLICATE_SCHEDULES)
            ),
            KeyTender(self.hub, self.key_states),
            self.relay,
            *self.webhooks.tasks,
            self.messages,
            Every("accounts", 3_600.0, lambda: clean_up(self.hub.unit_of_work(SYSTEM, "clean-up"))),
            Every("purge", 3_600.0, self.upkeep.purge),
        ]
        self._supervisor = Supervisor(self.tasks)
        self._workers = Supervisor(self.work)

    async def start(self) -> None:
        """Connect, compile every statement, check the keys.

        Raises DatabaseUnavailable, DirectoryLocked, KeysUnusable.
        """
        compile_queries(self.database.dialect)
        load_tables()
        await self.database.open()
        if await is_migrated(self.hub):
            await self.key_states.start()
            await self.follower.look()

    @property
    def has_tasks(self) -> bool:
        """Whether the work beside requests is done here."""
        return self._workers.is_running

    def start_tasks(self, *, work: bool = True) -> None:
        """Begin what runs beside requests; without `work` other processes do the jobs."""
        self._supervisor.start()
        if work:
            self._workers.start()

    def _job_kinds(self) -> tuple[JobKind, ...]:
        match_keys = MatchKeyRebuild(self.keys, self.personal)
        return (
            KeyRotation(self.hub, self.key_states, refill=match_keys.refill),
            JobRetention(self.database, self.clock),
            self.webhooks.replay,
            BulkActionJob(self.hub),
            BulkUndoJob(self.hub),
            SearchRebuild(),
            ContactPointMarking(self.contact_points),
            ExportJob(self.hub),
            QualityScan(self.hub),
            DuplicateScan(self.hub),
            BulkMergeJob(self.hub),
            MatchKeyRebuildJob(match_keys),
            BulkMergeUndoJob(self.hub),
            *self.imports,
        )

    def _rights(self) -> AccountRights:
        return AccountRights(
            self.database, self.clock, self.settings, self.issuers, lambda *who: self.hub.unit_of_work(*who)
        )

    async def stop(self) -> None:
        """Stop the work beside requests, then close connections."""
        # Together: neither has to wait for the other.
        await asyncio.gather(self._workers.stop(_STOP_SECONDS), self._supervisor.stop(_STOP_SECONDS))
        await self.issuers.aclose()
        await self.webhooks.aclose()
        await self.messages.aclose()
        self.accounts.hashing.close()
        await self.database.close()


def build(settings: Settings, *, clock: Clock | None = None, access_log: AccessLog | None = None) -> Application:
    """A hub for these settings; nothing is connected before `start`."""
    return Application(settings, clock=clock, access_log=access_log)
