"""Saves links inside a unit of work; forgets those that expired long ago."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from custhub.features.links.models import OPEN, USED, LinkRow, link_tokens
from custhub.kit.purge import Purge
from custhub.kit.uow import UnitOfWork

#: Until then a link says that it was used or has expired, afterwards that there is none.
KEPT: Final = timedelta(days=30)
EXPIRED_LINKS: Final = Purge(link_tokens, link_tokens.c.expires_at)


class LinkRepository:
    """Links of one unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def add(self, row: LinkRow) -> None:
        """Store a new link."""
        self._uow.insert(link_tokens, row)

    def use_up(self, row: LinkRow) -> None:
        """It works no more; the unit of work is lost when a rival used it first."""
        key = {"hash": row.hash, "state": OPEN}
        self._uow.update(link_tokens, key, {"state": USED, "used_at": self._uow.now}, guard=True)

    def drop_of_subject(self, subject_id: UUID) -> None:
        """Forget the links to something that is gone."""
        self._uow.delete(link_tokens, {"subject_id": subject_id})

    def drop_of_customer(self, customer_id: UUID) -> None:
        """Forget the links of somebody who was erased."""
        self._uow.delete(link_tokens, {"customer_id": customer_id})
