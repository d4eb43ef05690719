"""External sources: declare, change, remove."""

from __future__ import annotations

from custhub.features.customers.errors import ExternalSourceInUse, ExternalSourceNotFound
from custhub.features.customers.models import ExternalSourceRow
from custhub.features.customers.queries.claims import is_source_in_use
from custhub.features.customers.repository import SourceRepository
from custhub.features.customers.schemas.sources import ExternalSourcePut
from custhub.features.customers.schemas.views import etag_of
from custhub.features.customers.service.standards import Standards
from custhub.kit.errors import HubError
from custhub.kit.revisions import StaleRevision, check_revision
from custhub.kit.uow import Note, UnitOfWork
from custhub.kit.writes import LostRace
from custhub.security.principal import Principal

_MEMBERS = ExternalSourcePut.model_fields


class ExternalSources:
    """Use cases of external sources. They belong to no customer, so nobody's reach narrows them."""

    def __init__(self, uow: UnitOfWork, who: Principal, standards: Standards) -> None:
        self._uow = uow
        self._who = who
        self._ranks = standards.ranks
        self._matching = standards.matching
        self._sources = SourceRepository(uow)

    async def put(
        self, source: str, body: ExternalSourcePut, if_match: frozenset[int] | None
    ) -> tuple[ExternalSourceRow, bool]:
        """Store all of a source; True when it is new. Raises StaleRevision; the same body again stores nothing."""
        row = await self._sources.find(source)
        if row is None:
            if if_match is not None:
                raise StaleRevision
            now = self._uow.now
            row = ExternalSourceRow(source, body.identity, body.description, body.priority, now, now, 1)
            self._sources.add(row, self._run_again)
            self._told("external_source.created", row)
            self._matching.declared(self._uow, source, was=False, now=row.identity is not None)
            return row, True
        self._check(row, if_match)
        sent = body.model_dump()
        if any(getattr(row, name) != value for name, value in sent.items()):
            old, row = row, self._sources.change(row, sent)
            self._told("external_source.updated", row)
            self._matching.declared(self._uow, source, was=old.identity is not None, now=row.identity is not None)
        return row, False

    async def remove(self, source: str, if_match: frozenset[int] | None) -> None:
        """Forget a source. Raises ExternalSourceNotFound, StaleRevision, and ExternalSourceInUse while it has ids."""
        row = await self._sources.find(source)
        if row is None:
            raise ExternalSourceNotFound
        self._check(row, if_match)
        if await is_source_in_use(self._uow, source):
            raise ExternalSourceInUse
        self._sources.remove(row)
        self._told("external_source.removed", row)
        self._matching.declared(self._uow, source, was=row.identity is not None, now=False)

    def _check(self, row: ExternalSourceRow, if_match: frozenset[int] | None) -> None:
        check_revision(if_match, row.revision, etag_of(row.revision, self._who.policy.digest))

    def _told(self, action: str, row: ExternalSourceRow) -> None:
        self._uow.audit(Note(action, "external_source", None, fields=sorted(_MEMBERS), reason=row.source))
        left = {} if action.endswith("removed") else {row.source: row.priority}
        self._uow.on_commit(
            lambda: self._ranks.put(
                lambda known: {**{name: rank for name, rank in known.items() if name != row.source}, **left}
            )
        )

    @staticmethod
    async def _run_again() -> HubError:
        # Somebody declared it at the same moment: now it is there, and this becomes a change of it.
        raise LostRace
