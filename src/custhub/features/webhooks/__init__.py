"""Webhooks: events told to addresses that somebody named, signed, retried, logged (RELIABILITY W-1 to W-13)."""
