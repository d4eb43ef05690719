"""Who did what: an append-only log, chained, signed, verifiable."""
