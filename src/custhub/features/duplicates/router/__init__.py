"""Routes of duplicates: those with a name of their own before those with an id."""

from custhub.features.duplicates.router import hot_keys, models, pairs, plans, scans, settings

ROUTERS = (scans.router, settings.router, models.router, hot_keys.router, plans.router, pairs.router)
TAGS = [
    {"name": "duplicates", "description": "Pairs that may be one person: scans, decisions, merges in bulk."},
]
