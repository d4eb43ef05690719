"""Bulk actions on customers that were merged: the survivor is changed only where it was selected."""

from __future__ import annotations

from tests.customers import create_customer, read_customer
from tests.features.bulk.desk import Desk, counts
from tests.merges import choices_of, merge


async def test_an_undo_leaves_alone_who_absorbed_a_customer(desk: Desk) -> None:
    """MATCHING 4: the value that it gives back was the absorbed one's, and stays in the merge."""
    survivor = await create_customer(desk.api, stage="active")
    old = await create_customer(desk.api, stage="lead")
    done = await desk.do({"type": "set_stage", "stage": "active"}, ids=[old["id"]])
    await merge(desk.api, [survivor, old])
    undone = await desk.undo(done)
    assert (undone["restored"], undone["kept"]) == (0, 1)
    (kept,) = await desk.rows(done, undo_outcome="kept")
    assert (kept["customer_id"], kept["undo_error"]) == (old["id"], "customer_archived")
    assert (await read_customer(desk.api, survivor))["stage"] == "active"


async def test_ids_of_merged_customers_are_the_survivor_once(desk: Desk) -> None:
    """MATCHING 4: and its own value comes back."""
    survivor = await create_customer(desk.api, stage="lead")
    gone = [await create_customer(desk.api, stage="active") for _ in range(2)]
    await merge(desk.api, [survivor, *gone], choices=choices_of({"stage": survivor}))
    done = await desk.do({"type": "set_stage", "stage": "prospect"}, ids=[one["id"] for one in (*gone, survivor)])
    assert (counts(done), done["total"]) == ((1, 0, 0), 1)
    assert [row["customer_id"] for row in await desk.rows(done)] == [survivor["id"]]
    assert (await read_customer(desk.api, survivor))["stage"] == "prospect"
    assert (await desk.undo(done))["restored"] == 1
    assert (await read_customer(desk.api, survivor))["stage"] == "lead"
