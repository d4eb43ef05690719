"""Bodies and views of webhooks."""
