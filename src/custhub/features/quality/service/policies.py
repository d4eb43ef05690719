"""How often customers are verified: read by scans, set by people."""

from __future__ import annotations

from collections.abc import Mapping

from custhub.features.customers.schemas.extras import SCALARS
from custhub.features.customers.service.context import CustomerContext
from custhub.features.quality.errors import RequiredFieldUnknown
from custhub.features.quality.queries import PolicyRow
from custhub.features.quality.queries.scans import stored_policy
from custhub.features.quality.repository import ScanRepository
from custhub.features.quality.rules import Interval, VerificationPolicy
from custhub.features.quality.schemas.verification import VerificationPolicyPut, policy_etag
from custhub.http.issues import issue
from custhub.kit.query import Reader
from custhub.kit.revisions import check_revision
from custhub.kit.uow import Note

_PARTS = ("phones", "emails", "addresses", "contacts")
_CUSTOM = "custom_fields."
_FIELDS = frozenset(SCALARS) | frozenset(_PARTS)


async def policy_of(reader: Reader) -> VerificationPolicy:
    """The policy as it stands."""
    row = await stored_policy(reader)
    stages: Mapping[str, Mapping[str, object]] = row.stages
    return VerificationPolicy(
        Interval(row.default_interval),
        {stage: Interval(str(rule["interval"])) for stage, rule in stages.items()},
        {stage: _names(rule["required_fields"]) for stage, rule in stages.items()},
    )


def _names(stored: object) -> tuple[str, ...]:
    return tuple(str(name) for name in stored) if isinstance(stored, list) else ()


async def put_policy(
    context: CustomerContext, body: VerificationPolicyPut, if_match: frozenset[int] | None
) -> PolicyRow:
    """Replace the policy; the next scan goes by it. Raises VocabularyValueUnknown, RequiredFieldUnknown."""
    uow, catalogue = context.uow, context.standards.catalogue.value
    row = await stored_policy(uow)
    check_revision(if_match, row.revision, policy_etag(row))
    for i, rule in enumerate(body.stages):
        catalogue.require_entry("stage", rule.stage, f"#/stages/{i}/stage")
        for n, name in enumerate(rule.required_fields):
            known = name in _FIELDS
            if name.startswith(_CUSTOM):
                known = name.removeprefix(_CUSTOM) in catalogue.definitions
            if not known:
                pointer = f"#/stages/{i}/required_fields/{n}"
                raise RequiredFieldUnknown(issues=[issue(pointer, RequiredFieldUnknown.code)])
    stages = {
        rule.stage: {"interval": rule.interval.value, "required_fields": list(dict.fromkeys(rule.required_fields))}
        for rule in body.stages
    }
    values = {"default_interval": body.default.value, "stages": stages, "updated_by": context.caller}
    uow.audit(Note("verification_policy.updated", "verification_policy", None, fields=sorted(stages)))
    return ScanRepository(uow).change_policy(row, values)
