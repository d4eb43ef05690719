"""What happens by itself behind a scan: off until somebody has seen a dry run and switched it on."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from custhub.features.duplicates.errors import BulkMergeRunning, DryRunRequired
from custhub.features.duplicates.queries.scans import stored_settings
from custhub.features.duplicates.service.planning import start_bulk_merge
from custhub.jobs.work import JobWork
from custhub.kit.db import Database
from custhub.security.fields import Access, everything, policy
from custhub.security.principal import Principal
from custhub.security.reach import ALL_ROWS
from custhub.security.scopes import Scope

#: Who joins by itself: every customer, every field, nothing else.
_HUB: Final = Principal(
    "system",
    UUID(int=0),
    "",
    "custhub",
    frozenset({Scope.MERGES_EXECUTE.value, Scope.CUSTOMERS_WRITE.value}),
    (),
    policy(everything(Access.WRITE), "none"),
    ALL_ROWS,
)
_TRIGGER: Final = "scan"


async def merge_what_is_sure(database: Database, work: JobWork) -> None:
    """Queue a bulk merge, where the settings say so; nothing where one runs, or where the model is a new one."""
    settings = await stored_settings(database)
    if not settings.auto_merge:
        return
    uow = work.unit_of_work()
    try:
        await start_bulk_merge(uow, _HUB, settings.merge, _TRIGGER, is_dry=False)
        await work.batch(uow)
    except (BulkMergeRunning, DryRunRequired):
        # The next scan asks again; after another model somebody has to look at a dry run first.
        await uow.rollback()
