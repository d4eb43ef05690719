"""What may be wrong with a customer, what would put it right, and when its numbers are due."""

from custhub.features.quality.rules.checks import PLACE, Measure, Problem, problems_of
from custhub.features.quality.rules.kinds import SCAN, FindingKind, FindingState, Fix, Severity
from custhub.features.quality.rules.seen import Seen, SeenAddress, SeenConsent, SeenCustomer, SeenEmail, SeenPhone
from custhub.features.quality.rules.verification import Due, Interval, VerificationPolicy, due_of, next_attempt

__all__ = [
    "PLACE",
    "SCAN",
    "Due",
    "FindingKind",
    "FindingState",
    "Fix",
    "Interval",
    "Measure",
    "Problem",
    "Seen",
    "SeenAddress",
    "SeenConsent",
    "SeenCustomer",
    "SeenEmail",
    "SeenPhone",
    "Severity",
    "VerificationPolicy",
    "due_of",
    "next_attempt",
    "problems_of",
]
