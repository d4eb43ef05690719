"""An end for what nobody may ask for any more."""

from __future__ import annotations

from datetime import datetime

from custhub.features.selfservice.repository import CHANGES_KEPT, LINKS_KEPT, OLD_CHANGES, OLD_LINKS
from custhub.kit.db import Database


async def forget_self_service(database: Database, now: datetime) -> None:
    """Forget what waited for proof a day ago, and links of long ago."""
    await OLD_CHANGES.run(database, now - CHANGES_KEPT)
    await OLD_LINKS.run(database, now - LINKS_KEPT)
