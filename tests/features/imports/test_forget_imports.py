"""What is kept of the rows of an import has an end."""

from __future__ import annotations

from datetime import timedelta

from custhub.features.imports.tasks import KEPT
from tests.features.imports.importing import csv_of, imported
from tests.hub import HubUnderTest

TABLES = ("imports", "import_batches", "import_images")


async def counts(hub: HubUnderTest) -> list[int]:
    return [(await hub.rows(f"SELECT count(*) FROM {table}"))[0][0] for table in TABLES]  # noqa: S608  # constants


async def test_rows_and_images_go_with_their_time_and_customers_stay(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    rows = [["a", "A"], ["b", "B"]]
    columns = ["display_name", "external_ids[shop]"]
    await imported(hub, csv_of(rows, columns), mode="upsert", match_on=["external_id"])
    assert await counts(hub) == [1, 1, 2]
    hub.clock.advance((KEPT - timedelta(minutes=1)).total_seconds())
    await hub.app.upkeep.purge()
    assert await counts(hub) == [1, 1, 2]
    hub.clock.advance(120)
    await hub.app.upkeep.purge()
    assert await counts(hub) == [0, 0, 0]
    assert (await hub.rows("SELECT count(*) FROM customers"))[0][0] == 2
