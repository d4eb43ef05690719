"""Models: weights as data, that the hub takes over when somebody says so and never by itself (MATCHING 1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from custhub.features.customers.service.context import CustomerContext
from custhub.features.duplicates.errors import (
    DuplicateModelExists,
    DuplicateModelInvalid,
    DuplicateModelNotFound,
    DuplicateModelUsed,
    ModelVersionReserved,
    TooFewDecisions,
)
from custhub.features.duplicates.events import DuplicateModelActivated
from custhub.features.duplicates.queries import MatchModelRow
from custhub.features.duplicates.queries.scans import stored_settings
from custhub.features.duplicates.queries.scoring import active_model, model_by_id, model_by_version
from custhub.features.duplicates.repository import ModelRepository, ScanRepository
from custhub.features.duplicates.rules import ModelState, bits_of
from custhub.features.duplicates.schemas.models import duplicate_model_etag
from custhub.features.matching.rules.proposing import LEAST_DECISIONS
from custhub.features.matching.rules.weights import flaws_of, weights_of
from custhub.features.matching.service.counting import Model
from custhub.http.issues import issue, pointer
from custhub.kit.errors import HubError
from custhub.kit.ids import Prefix, new_id, to_text
from custhub.kit.revisions import check_revision
from custhub.kit.uow import Note

#: Key of the model that everybody is scored by among the parts of the hub.
SCORING: Final = "duplicates.scoring"
_KIND: Final = "duplicate_model"
_MOST_ISSUES: Final = 100


class DuplicateModels:
    """Use cases of models, in one unit of work."""

    def __init__(self, context: CustomerContext, scoring: Model) -> None:
        self._context = context
        self._uow = context.uow
        self._scoring = scoring
        self._models = ModelRepository(context.uow)

    async def get(self, model_id: UUID) -> MatchModelRow:
        """One model. Raises DuplicateModelNotFound."""
        row = await model_by_id(self._uow, model_id)
        if row is None:
            raise DuplicateModelNotFound
        return row

    def propose(self, document: Mapping[str, Any], note: str | None) -> MatchModelRow:
        """Keep a document of the form of weights.json; nobody is scored by it.

        Raises ModelVersionReserved, DuplicateModelInvalid; DuplicateModelExists shows at commit.
        """
        uow, version = self._uow, document["model_version"]
        if version[0].isdigit():
            raise ModelVersionReserved(issues=[issue("#/document/model_version", ModelVersionReserved.code)])
        if flaws := flaws_of(document):
            code = DuplicateModelInvalid.code
            raise DuplicateModelInvalid(issues=[issue(pointer("document", *at), code) for at in flaws[:_MOST_ISSUES]])

        async def taken() -> HubError:
            known = await model_by_version(uow, version)
            named = {} if known is None else {"existing_id": to_text(Prefix.DUPLICATE_MODEL, known.id)}
            return DuplicateModelExists(members=named)

        row = MatchModelRow(
            id=new_id(),
            model_version=version,
            document=document,
            note=note,
            state=ModelState.PROPOSED.value,
            created_by=self._context.caller,
            created_at=uow.now,
            activated_by=None,
            activated_at=None,
            updated_at=uow.now,
            revision=1,
        )
        self._models.add(row, taken)
        uow.audit(Note("duplicate_model.proposed", _KIND, row.id))
        return row

    async def activate(self, model_id: UUID, reason: str, if_match: frozenset[int] | None) -> MatchModelRow:
        """Score everybody by this model from the next check and the next scan on; nothing joins by itself any more.

        Raises DuplicateModelNotFound, StaleRevision, TooFewDecisions.
        """
        uow, caller = self._uow, self._context.caller
        # First of all reads: of two who activate at once one finds other settings than it has read.
        settings = await stored_settings(uow)
        active, row = await active_model(uow), await self.get(model_id)
        check_revision(if_match, row.revision, duplicate_model_etag(row, active))
        if row.id == active.id:
            return row
        if not row.is_shipped and _decisions(row) < LEAST_DECISIONS:
            raise TooFewDecisions
        self._models.change(active, {"state": ModelState.RETIRED.value})
        changed = {"state": ModelState.ACTIVE.value, "activated_by": caller, "activated_at": uow.now}
        row = self._models.change(row, changed)
        # Counts of a dry run say nothing of another model.
        ScanRepository(uow).change_settings(settings, {"auto_merge": False, "updated_by": caller})
        told = {"model_version": row.model_version, "replaced_version": active.model_version}
        uow.emit(DuplicateModelActivated(row.id, row.revision, extra=told))
        fields = ["auto_merge"] if settings.auto_merge else []
        uow.audit(Note("duplicate_model.activated", _KIND, row.id, fields=fields, reason=reason))
        weights = weights_of(row.document).cut_at(bits_of(settings.review), bits_of(settings.merge))
        uow.on_commit(lambda: self._scoring.put(lambda _: weights))
        return row

    async def remove(self, model_id: UUID, if_match: frozenset[int] | None) -> None:
        """Forget a proposal. Raises DuplicateModelNotFound, StaleRevision, DuplicateModelUsed."""
        row, active = await self.get(model_id), await active_model(self._uow)
        check_revision(if_match, row.revision, duplicate_model_etag(row, active))
        if row.state != ModelState.PROPOSED:
            raise DuplicateModelUsed
        self._models.remove(row)
        self._uow.audit(Note("duplicate_model.deleted", _KIND, row.id))


def _decisions(row: MatchModelRow) -> int:
    return (row.document["estimated_from"] or {"decisions": 0})["decisions"]  # type: ignore[no-any-return]  # of JSON
