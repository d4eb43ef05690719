"""Read statements over accounts."""

from custhub.features.accounts.queries.placement import Placement, reachable_owner, reachable_team

__all__ = ["Placement", "reachable_owner", "reachable_team"]
