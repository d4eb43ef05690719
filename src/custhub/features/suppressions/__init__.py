"""The suppression list: numbers and mailboxes that nobody stores or contacts, kept as keyed hashes (S-85)."""
