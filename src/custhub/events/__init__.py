"""The event envelope and its outbox."""
