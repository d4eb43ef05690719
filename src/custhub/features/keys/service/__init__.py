"""Use cases of keys: checking them, adding, rotating, retiring."""
