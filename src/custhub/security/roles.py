"""The roles every hub starts with. They are rows like any other; this is what the first migration seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from custhub.security.fields import Access, Field, PhoneMask, everything
from custhub.security.scopes import ALL, READ_ONLY, Scope

RoleReach = Literal["all", "own_team", "team_tree", "granted"]

#: Roles whose holders need a second factor while the setting `mfa_required` is on (S-50).
MFA_ROLES: frozenset[str] = frozenset({"admin", "privacy_officer"})

_CORE = everything(Access.READ)
_NOTHING = everything(Access.HIDDEN)


@dataclass(frozen=True, slots=True)
class RoleSeed:
    """One role: scopes, which rows, which fields, how numbers look, reveals a day."""

    description: str
    scopes: frozenset[str]
    reach: RoleReach
    fields: Mapping[str, Access]
    phone_mask: PhoneMask
    reveals_per_day: int = 0


def _scopes(*scopes: Scope) -> frozenset[str]:
    return frozenset(scope.value for scope in scopes)


_S = Scope
_SALES = _scopes(
    _S.CUSTOMERS_READ, _S.CUSTOMERS_CREATE, _S.PHONES_LOOKUP, _S.PHONES_REVEAL, _S.TAGS_WRITE, _S.ORDERS_READ,
    _S.INTERACTIONS_READ, _S.INTERACTIONS_WRITE, _S.FOLLOWUPS_READ, _S.FOLLOWUPS_WRITE, _S.FEEDBACK_READ,
    _S.FEEDBACK_WRITE, _S.COMPLAINTS_READ, _S.SEGMENTS_READ, _S.CONSENTS_READ,
)  # fmt: skip
_SUPPORT = _scopes(
    _S.CUSTOMERS_READ, _S.CUSTOMERS_WRITE, _S.PHONES_LOOKUP, _S.PHONES_REVEAL, _S.TAGS_WRITE, _S.ORDERS_READ,
    _S.INTERACTIONS_READ, _S.INTERACTIONS_WRITE, _S.FOLLOWUPS_READ, _S.FOLLOWUPS_WRITE, _S.FEEDBACK_READ,
    _S.FEEDBACK_WRITE, _S.COMPLAINTS_READ, _S.COMPLAINTS_WRITE, _S.SEGMENTS_READ, _S.CONSENTS_READ,
    _S.CONSENTS_WRITE,
)  # fmt: skip
_MARKETING = _scopes(
    _S.CUSTOMERS_READ, _S.TAGS_WRITE, _S.INTERACTIONS_READ, _S.FEEDBACK_READ, _S.SURVEYS_MANAGE, _S.SEGMENTS_READ,
    _S.SEGMENTS_WRITE, _S.EXPORTS_RUN, _S.CONSENTS_READ,
)  # fmt: skip
_MANAGER = _scopes(
    _S.CUSTOMERS_READ, _S.CUSTOMERS_CREATE, _S.CUSTOMERS_WRITE, _S.CUSTOMERS_ARCHIVE, _S.PHONES_LOOKUP,
    _S.PHONES_REVEAL, _S.TAGS_WRITE, _S.ORDERS_READ, _S.ORDERS_WRITE, _S.INTERACTIONS_READ, _S.INTERACTIONS_WRITE,
    _S.FOLLOWUPS_READ, _S.FOLLOWUPS_WRITE, _S.FEEDBACK_READ, _S.FEEDBACK_WRITE, _S.SURVEYS_MANAGE,
    _S.COMPLAINTS_READ, _S.COMPLAINTS_WRITE, _S.SEGMENTS_READ, _S.SEGMENTS_WRITE, _S.TIERS_MANAGE, _S.MERGES_READ,
    _S.MERGES_EXECUTE, _S.CONSENTS_READ, _S.CONSENTS_WRITE, _S.IMPORTS_RUN, _S.EXPORTS_RUN, _S.QUALITY_READ,
    _S.QUALITY_WRITE,
)  # fmt: skip
_PRIVACY = READ_ONLY - {_S.OPS_READ.value, _S.EVENTS_READ.value} | _scopes(
    _S.PHONES_LOOKUP, _S.PHONES_REVEAL, _S.PRIVACY_MANAGE, _S.RETENTION_MANAGE, _S.SUPPRESSIONS_MANAGE,
    _S.CONSENTS_WRITE, _S.EXPORTS_PII,
)  # fmt: skip
#: Full numbers leave in bulk, or open one by one, only by a grant of their own; not with a role.
_ADMIN = ALL - {_S.EXPORTS_PII.value, _S.PHONES_REVEAL.value}

ROLES: dict[str, RoleSeed] = {
    "sales": RoleSeed("Own customers and those of the team", _SALES, "own_team",
                      _CORE | {Field.TAGS: Access.WRITE}, "mask", 50),
    "support": RoleSeed("Serves every customer", _SUPPORT, "all",
                        _CORE | dict.fromkeys((Field.ADDRESSES, Field.LANGUAGE, Field.PREFERRED_CHANNEL, Field.TAGS),
                                              Access.WRITE), "last4", 50),
    "marketing": RoleSeed("Segments and campaigns", _MARKETING, "all", _CORE | {Field.TAGS: Access.WRITE}, "none"),
    "manager": RoleSeed("Leads a tree of teams", _MANAGER, "team_tree", everything(Access.WRITE), "mask", 100),
    "privacy_officer": RoleSeed("Answers privacy requests", _PRIVACY, "all", _CORE, "mask", 100),
    "auditor": RoleSeed("Reads the audit log", _scopes(_S.AUDIT_READ, _S.CUSTOMERS_READ), "all", _NOTHING, "none"),
    "admin": RoleSeed("Runs the hub", _ADMIN, "all", everything(Access.WRITE), "mask"),
    "partner": RoleSeed("A partner's program, for the rows of its own source",
                        _scopes(_S.CUSTOMERS_READ, _S.CUSTOMERS_CREATE, _S.CUSTOMERS_INTAKE, _S.ORDERS_READ,
                                _S.ORDERS_WRITE, _S.INTERACTIONS_READ, _S.INTERACTIONS_WRITE),
                        "granted",
                        _NOTHING | dict.fromkeys((Field.KIND, Field.DISPLAY_NAME, Field.STAGE, Field.SOURCE,
                                                  Field.EXTERNAL_IDS), Access.READ), "none"),
    "read_only": RoleSeed("Every read right", READ_ONLY, "all", _CORE, "mask"),
}  # fmt: skip
