"""Metrics with bounded labels: routes as templates (RELIABILITY R-9).

One process keeps its counts in memory. Several workers of one `custhub serve` keep them in files of a directory
that `MULTIPROCESS_DIRECTORY` names, before this module is imported: a scrape of any worker shows the totals, and
those of a worker that died stay in them. A gauge therefore says how the values of workers make one.
"""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

MULTIPROCESS_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """A registry of its own, so that several hubs of one test process do not share counts."""

    def __init__(self, version: str, engine: str) -> None:
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Duration of requests",
            ("method", "route", "status"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._observers: dict[tuple[str, str, int], Histogram] = {}
        self.pool = Gauge(
            "db_pool_in_use", "Connections handed out", registry=self.registry, multiprocess_mode="livesum"
        )
        self.unassigned = self.shared_gauge("outbox_unassigned", "Events without a position")
        self.outbox_oldest = self.shared_gauge("outbox_oldest_seconds", "Age of the oldest event without a position")
        self.audit_oldest = self.shared_gauge(
            "audit_unsealed_oldest_seconds", "Age of the oldest audit entry outside the chain"
        )
        self.jobs = Gauge(
            "jobs",
            "Jobs that wait, run or have failed",
            ("queue", "state"),
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )
        self.job_oldest = self.shared_gauge(
            "job_oldest_available_seconds", "How long the oldest job has been waiting for a worker"
        )
        self.leases_lost = Counter("job_lease_lost", "Jobs whose worker died or stood still", registry=self.registry)
        self.integrity = Counter("integrity_errors", "Sealed values that did not open", registry=self.registry)
        build = Gauge(
            "build_info",
            "Version and engine",
            ("version", "engine"),
            registry=self.registry,
            multiprocess_mode="livemax",
        )
        build.labels(version, engine).set(1)

    def shared_gauge(self, name: str, text: str) -> Gauge:
        """A gauge of something all workers see alike: the last value that any of them set counts."""
        return Gauge(name, text, registry=self.registry, multiprocess_mode="mostrecent")

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        key = (method, route, status)
        child = self._observers.get(key)
        if child is None:
            child = self._observers[key] = self._seconds.labels(method, route, str(status))
        child.observe(seconds)

    def render(self) -> tuple[bytes, str]:
        """The text of a scrape and its media type."""
        registry = self.registry
        if MULTIPROCESS_DIRECTORY in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_LATEST
