"""Pure rules of merges: which value stands, how good a value is, what a plan is known by."""

from custhub.features.merges.rules.digests import PlanDigest
from custhub.features.merges.rules.survivorship import Candidate, Pick, SurvivorRule, pick
from custhub.features.merges.rules.worth import birthday_worth, name_worth, text_worth

__all__ = [
    "Candidate",
    "Pick",
    "PlanDigest",
    "SurvivorRule",
    "birthday_worth",
    "name_worth",
    "pick",
    "text_worth",
]
