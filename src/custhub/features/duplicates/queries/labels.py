"""What people decided about pairs, to estimate weights from."""

from __future__ import annotations

from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import and_, bindparam, exists, or_, select

from custhub.features.duplicates.models import duplicates
from custhub.features.duplicates.rules import PairDecision
from custhub.features.matching.models import cannot_links
from custhub.kit.query import Query, Reader

_d, _c = duplicates.c, cannot_links.c
#: An undo says that a decision to merge was wrong before the next scan takes it back.
_TAKEN_BACK = exists().where(_c.left_id == _d.left_id, _c.right_id == _d.right_id)


class LabelRow(NamedTuple):
    """A decision of a person; `evidence` has the levels it was made by and no values."""

    id: UUID
    left_id: UUID
    right_id: UUID
    decision: str
    reason: str | None
    model_version: str
    evidence: Any


_LABELS: Final = Query(
    select(_d.id, _d.left_id, _d.right_id, _d.decision, _d.reason, _d.model_version, _d.evidence)
    .where(
        _d.id > bindparam("after", type_=_d.id.type),
        or_(
            _d.decision == PairDecision.NOT_SAME.value,
            and_(_d.decision == PairDecision.MERGE.value, ~_TAKEN_BACK),
        ),
    )
    .order_by(_d.id)
    .limit(bindparam("limit")),
    LabelRow._make,
    everyone="weights are estimated from all decisions; who asks is the operator, and no value is told",
)


async def labels_after(reader: Reader, after: UUID, limit: int) -> list[LabelRow]:
    """Decisions behind this pair, in the order of their ids."""
    return await _LABELS.all(reader, after=after, limit=limit)
