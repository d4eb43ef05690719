"""Routes of webhooks, in the order in which they are matched."""

from custhub.features.webhooks.router import deliveries, endpoints, replays
from custhub.features.webhooks.router.catalogue import declare_webhooks

ROUTERS = (endpoints.router, deliveries.router, replays.router)
TAGS = [
    {
        "name": "webhooks",
        "description": "Events told to addresses of yours: endpoints, the delivery log, and what is sent.",
    },
]

__all__ = ["ROUTERS", "TAGS", "declare_webhooks"]
