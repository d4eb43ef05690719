"""Use cases of webhooks: endpoints, deliveries, sending, health."""
