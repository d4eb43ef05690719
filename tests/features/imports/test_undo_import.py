"""An import is taken back as a whole: what it made is gone, what somebody has touched since stays and is named."""

from __future__ import annotations

from tests.customers import problem_of
from tests.features.imports.importing import content_of, csv_of, imported, make_import, ready, rows_of, start, undo
from tests.hub import HubUnderTest, make_customer, make_number

TABLES = (
    "customer_keys", "customer_phones", "phone_claims", "customer_emails", "customer_addresses", "customer_external_ids"
)  # fmt: skip
COLUMNS = ["display_name", "phones[0].number", "emails[0].email", "addresses[0].city", "external_ids[shop]"]


async def counts(hub: HubUnderTest) -> dict[str, int]:
    return {table: (await hub.rows(f"SELECT count(*) FROM {table}"))[0][0] for table in TABLES}  # noqa: S608  # no input


async def test_an_undo_leaves_what_was_there_before(fresh_hub: HubUnderTest) -> None:
    api = fresh_hub.api
    await api.post("/v1/customers", json=make_customer(phones=[{"number": make_number()}]))
    before, rows_before = await content_of(fresh_hub), await counts(fresh_hub)
    rows = [[f"n{i}", make_number(), f"a{i}@example.com", "深圳市", f"K{i}"] for i in range(70)]
    done = await imported(fresh_hub, csv_of([*rows, ["bad", "1", "", "", ""]], COLUMNS))
    assert done["counts"]["created"] == 70
    ids = [row["customer_id"] for row in await rows_of(api, done["id"], outcome="created")]
    undone = await undo(fresh_hub, done["id"])
    assert (undone["status"], undone["undo"]) == ("undone", {"removed": 70, "restored": 0, "kept": 0})
    assert await content_of(fresh_hub) == before
    assert await counts(fresh_hub) == rows_before
    problem_of(await api.get(f"/v1/customers/{ids[0]}"), 410, "erased")
    again = await imported(fresh_hub, csv_of(rows, COLUMNS))
    assert again["counts"]["created"] == 70
    await fresh_hub.app.events.drain()
    gone = (await api.get("/v1/events", params={"type": "customer.erased", "limit": 200})).json()["data"]
    assert sorted(event["subject"]["id"] for event in gone) == sorted(ids)
    assert {event["data"]["bulk_id"] for event in gone} == {undone["undo_job_id"]}


async def test_customers_that_were_touched_since_stay_and_are_named(fresh_hub: HubUnderTest) -> None:
    api = fresh_hub.api
    done = await imported(fresh_hub, csv_of([[f"n{i}", make_number(), "", "", ""] for i in range(4)], COLUMNS))
    ids = [row["customer_id"] for row in await rows_of(api, done["id"])]
    await api.patch(f"/v1/customers/{ids[1]}", json={"note": "calls back"})
    organisation = {"kind": "organisation", "company_name": "x", "contacts": [{"name": "n", "person_id": ids[2]}]}
    assert (await api.post("/v1/customers", json=organisation)).status_code == 201
    undone = await undo(fresh_hub, done["id"])
    assert undone["undo"] == {"removed": 2, "restored": 0, "kept": 2}
    kept = await rows_of(api, done["id"], outcome="kept")
    assert [(row["row"], row["customer_id"]) for row in kept] == [(3, ids[1]), (4, ids[2])]
    assert (await api.get(f"/v1/customers/{ids[1]}")).json()["note"] == "calls back"
    assert (await api.get(f"/v1/customers/{ids[2]}")).json()["revision"] == 1
    problem_of(await api.post(f"/v1/imports/{done['id']}/undo"), 409, "import_undone")


async def test_only_what_has_ended_is_taken_back(fresh_hub: HubUnderTest) -> None:
    api = fresh_hub.api
    made = await make_import(api)
    problem_of(await api.post(f"/v1/imports/{made['id']}/undo"), 409, "import_not_finished")
    made = await ready(api, csv_of([["a", "", "", "", ""]], COLUMNS))
    await start(api, made["id"])
    problem_of(await api.post(f"/v1/imports/{made['id']}/undo"), 409, "import_not_finished")
