"""What a hub does for itself now and then: figures for its metrics, and an end for rows past their time."""

from __future__ import annotations

from custhub.crypto.files import StoredFiles
from custhub.events.relay import EventRelay
from custhub.events.retention import EventRetention
from custhub.features.bulk.tasks import forget_bulk_actions
from custhub.features.duplicates.tasks import look_after_duplicates
from custhub.features.exports.tasks import forget_exports
from custhub.features.imports.tasks import forget_imports
from custhub.features.links.service import forget_links
from custhub.features.phones.service.quotas import OLD_USES, USES_KEPT
from custhub.features.quality.tasks import forget_quality
from custhub.features.selfservice.service.upkeep import forget_self_service
from custhub.features.webhooks.tasks import Webhooks
from custhub.http.hub import Hub
from custhub.http.idempotency import EXPIRED_ANSWERS
from custhub.jobs.upkeep import measure_jobs


class Upkeep:
    """Purges and measurements of every feature."""

    def __init__(self, hub: Hub, events: EventRelay, webhooks: Webhooks, files: StoredFiles) -> None:
        self._hub = hub
        self._events = events
        self._webhooks = webhooks
        self._files = files
        self.retention = EventRetention(hub.database, hub.clock)

    async def purge(self) -> None:
        """Remove what nobody may ask for any more."""
        database, now = self._hub.database, self._hub.clock.now()
        await EXPIRED_ANSWERS.run(database, now)
        await OLD_USES.run(database, now - USES_KEPT)
        await self.retention.run()
        await self._webhooks.purge()
        await self._files.purge()
        await forget_bulk_actions(self._hub)
        await forget_links(database, now)
        await forget_exports(self._hub)
        await forget_imports(self._hub)
        await forget_self_service(database, now)
        await forget_quality(self._hub)
        await look_after_duplicates(self._hub)

    async def measure(self) -> None:
        """Set the gauges that somebody has to look for."""
        hub, metrics = self._hub, self._hub.metrics
        metrics.pool.set(hub.database.in_use)
        await self._events.measure(metrics.unassigned.set, metrics.outbox_oldest.set)
        await measure_jobs(
            hub.database, hub.clock, lambda q, s, n: metrics.jobs.labels(q, s).set(n), metrics.job_oldest.set
        )
