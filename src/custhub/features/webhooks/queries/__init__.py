"""Read statements over webhooks: endpoints, deliveries with their attempts, what is due."""

from custhub.features.webhooks.queries.deliveries import (
    DELIVERIES,
    DeliveryRecord,
    attempts_of,
    delivery_of,
    redeliverable,
)
from custhub.features.webhooks.queries.endpoints import (
    ENDPOINTS,
    EndpointRecord,
    all_endpoints,
    count_disabled,
    endpoint_of,
    failing_endpoints,
    secrets_of,
)

__all__ = [
    "DELIVERIES",
    "ENDPOINTS",
    "DeliveryRecord",
    "EndpointRecord",
    "all_endpoints",
    "attempts_of",
    "count_disabled",
    "delivery_of",
    "endpoint_of",
    "failing_endpoints",
    "redeliverable",
    "secrets_of",
]
