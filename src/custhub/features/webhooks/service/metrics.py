"""What operators see of webhooks (R-9)."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_AGES = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3_600.0, 86_400.0)


class WebhookMetrics:
    """Attempts, ages and endpoints; labels are bounded."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.attempts = Counter("webhook_attempts", "Attempts by how they ended", ("result",), registry=registry)
        self.first_age = Histogram(
            "webhook_first_attempt_age_seconds",
            "Age of an event when its first attempt began",
            buckets=_AGES,
            registry=registry,
        )
        self.age = Histogram(
            "webhook_delivery_age_seconds", "Age of an event when it was delivered", buckets=_AGES, registry=registry
        )
        self.dead = Counter("webhook_dead", "Deliveries that were given up", registry=registry)
        self.disabled = Gauge(
            "webhook_endpoint_disabled", "Disabled endpoints", registry=registry, multiprocess_mode="mostrecent"
        )
        self.pending = Gauge(
            "webhook_pending",
            "Deliveries that wait, counted up to 100,000",
            registry=registry,
            multiprocess_mode="mostrecent",
        )
