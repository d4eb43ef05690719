"""The limit: the same SQL without auth, audit, encryption, validation of rights or idempotency."""
