"""An undo makes customers that rows met what they were, and leaves those that somebody has changed since."""

from __future__ import annotations

from typing import Any

from custhub.kit.ids import Prefix, from_text
from custhub.kit.uow import SYSTEM
from tests.customers import problem_of
from tests.features.imports.importing import (
    content_of,
    csv_of,
    get_import,
    imported,
    ready,
    rows_of,
    run_job,
    start,
    undo,
)
from tests.hub import HubUnderTest, make_number

COLUMNS = [
    "display_name", "phones[0].number", "phones[0].label", "emails[0].email", "external_ids[shop]", "external_ids[erp]",
    "tags", "note", "birthday", "addresses[0].city", "needs", "custom_fields.size", "custom_fields.secret",
]  # fmt: skip
BY_ID = {"mode": "upsert", "match_on": ["external_id"]}


async def declare_fields(hub: HubUnderTest) -> None:
    for key, sensitive in (("size", False), ("secret", True)):
        body = {"key": key, "labels": {"en": key, "zh": key}, "schema": {"type": "string", "maxLength": 20}}
        answer = await hub.api.post(
            "/v1/field-definitions", json={**body, "sensitive": sensitive, "filterable": not sensitive}
        )
        assert answer.status_code == 201, answer.text


async def whole(hub: HubUnderTest, i: int, number: str) -> str:
    """A customer with something of everything."""
    body = {
        "display_name": f"before {number}",
        "source": "web",
        "phones": [{"number": number}],
        "emails": [{"email": f"b{i}@example.com", "is_primary": True}],
        "external_ids": [{"source": "shop", "id": f"K{i}"}],
        "tags": ["old"],
        "needs": ["purchase"],
        "note": f"call {make_number()} please",
        "custom_fields": {"size": "M", "secret": "s1"},
        "gender": "female",
    }
    answer = await hub.api.post("/v1/customers", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def row_of(i: int, number: str, **more: str) -> list[str]:
    cells = {
        "display_name": f"changed {make_number()}", "phones[0].number": number, "phones[0].label": "work",
        "emails[0].email": f"n{i}@example.com", "external_ids[shop]": f"K{i}", "external_ids[erp]": f"E{i}",
        "tags": "new;newer", "note": f"now {make_number()}", "birthday": "1990-01-01", "addresses[0].city": "深圳市",
        "needs": "quotation", "custom_fields.size": "XL", "custom_fields.secret": "s2",
    }  # fmt: skip
    return [(cells | more)[name] for name in COLUMNS]


async def test_an_undo_restores_updated_customers_too(fresh_hub: HubUnderTest) -> None:
    """MATCHING 5: the business content of before is that of after. What lists and search find is so again, too."""
    hub = fresh_hub
    await declare_fields(hub)
    numbers = [make_number() for _ in range(12)]
    ids = [await whole(hub, i, number) for i, number in enumerate(numbers)]
    finders = ("search_tokens", "customer_field_values", "phone_claims")
    before = await content_of(hub)
    found = [sorted(await hub.rows(f"SELECT * FROM {table}"), key=str) for table in finders]  # noqa: S608  # constants
    rows = [row_of(i, number if i % 2 else make_number()) for i, number in enumerate(numbers)]
    news = [row_of(i, make_number()) for i in range(20, 24)]
    # One is met three times, and one that this import makes, twice.
    more = [row_of(3, numbers[3], tags="third"), row_of(3, "", tags="x"), row_of(20, "", tags="once more")]
    done = await imported(hub, csv_of([*rows, *news, *more], COLUMNS), **BY_ID)
    told = [
        (r["row"], r["errors"])
        for r in await rows_of(hub.api, done["id"])
        if r["outcome"] not in ("updated", "created")
    ]
    assert told == []
    assert (done["counts"]["updated"], done["counts"]["created"]) == (15, 4)
    assert await content_of(hub) != before
    raw = str(await hub.rows("SELECT * FROM import_images"))
    assert "please" not in raw
    assert numbers[0] not in raw
    undone = await undo(hub, done["id"])
    assert (undone["status"], undone["undo"]) == ("undone", {"removed": 5, "restored": 14, "kept": 0})
    assert await content_of(hub) == before
    assert [sorted(await hub.rows(f"SELECT * FROM {table}"), key=str) for table in finders] == found  # noqa: S608  # no input
    outcomes = [row["outcome"] for row in await rows_of(hub.api, done["id"])]
    assert outcomes == ["restored"] * 12 + ["removed"] * 4 + ["restored"] * 2 + ["removed"]
    assert (await hub.rows("SELECT count(*) FROM import_images WHERE before IS NOT NULL"))[0][0] == 0
    await hub.app.events.drain()
    events = (await hub.api.get("/v1/events", params={"type": "customer.updated", "limit": 200})).json()["data"]
    back = [event["subject"]["id"] for event in events if event["data"].get("bulk_id") == undone["undo_job_id"]]
    assert sorted(back) == sorted(ids)
    problem_of(await hub.api.post(f"/v1/imports/{done['id']}/undo"), 409, "import_undone")


async def test_who_was_changed_since_stays_and_is_named(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    columns = ["display_name", "external_ids[shop]", "tags"]
    for i in range(5):
        body = {"display_name": "a", "external_ids": [{"source": "shop", "id": f"K{i}"}]}
        assert (await hub.api.post("/v1/customers", json=body)).status_code == 201
    before = await content_of(hub)
    rows = [["b", f"K{i}", "vip"] for i in range(5)] + [["n", "K8", ""], ["n", "K9", ""]]
    done = await imported(hub, csv_of(rows, columns), **BY_ID)
    ids = [row["customer_id"] for row in await rows_of(hub.api, done["id"])]
    for i, change in ((1, {"note": "calls back"}), (5, {"note": "calls back"})):
        assert (await hub.api.patch(f"/v1/customers/{ids[i]}", json=change)).status_code == 200
    await hub.api.post(f"/v1/customers/{ids[2]}/archive")
    uow = hub.app.hub.unit_of_work(SYSTEM, "test")
    for link in hub.app.links:
        await link.erase(uow, from_text(Prefix.CUSTOMER, ids[3]))
    await uow.commit()
    undone = await undo(hub, done["id"])
    assert undone["undo"] == {"removed": 1, "restored": 2, "kept": 4}
    kept = await rows_of(hub.api, done["id"], outcome="kept")
    assert [(row["row"], row["customer_id"]) for row in kept] == [(i + 2, ids[i]) for i in (1, 2, 3, 5)]
    after = {content["customer"]["id"]: content for content in await content_of(hub)}
    known = {content["customer"]["id"]: content for content in before}
    assert [after[i] == known[i] for i in (ids[0], ids[4])] == [True, True]
    assert after[ids[1]]["customer"]["display_name"] == "b"


async def test_s89_images_go_with_their_customer(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    made = (
        await hub.api.post("/v1/customers", json={"display_name": "a", "external_ids": [{"source": "shop", "id": "A"}]})
    ).json()
    await imported(hub, csv_of([["b", "A"]], ["display_name", "external_ids[shop]"]), **BY_ID)
    assert (await hub.rows("SELECT count(*) FROM import_images"))[0][0] == 1
    uow = hub.app.hub.unit_of_work(SYSTEM, "test")
    for link in hub.app.links:
        await link.erase(uow, from_text(Prefix.CUSTOMER, made["id"]))
    await uow.commit()
    assert (await hub.rows("SELECT count(*) FROM import_images"))[0][0] == 0


async def test_findings_of_what_was_taken_back_are_withdrawn(fresh_hub: HubUnderTest) -> None:
    """A customer that one row made and another met is gone for good, whatever waited for a decision about it."""
    hub = fresh_hub
    for source, priority in (("crm", 900), ("shop", 500), ("low", 100)):
        await hub.api.put(f"/v1/external-sources/{source}", json={"priority": priority})
    body = {"display_name": "a", "source": "crm", "gender": "female", "external_ids": [{"source": "shop", "id": "A"}]}
    made = (await hub.api.post("/v1/customers", json=body)).json()
    rows = [["A", "male", "shop", "a"], ["N", "male", "shop", "n"], ["N", "female", "low", "n"]]
    columns = ["external_ids[shop]", "gender", "source", "display_name"]
    done = await imported(hub, csv_of(rows, columns), **BY_ID, on_conflict={"keep": ["source"]})
    assert [row["outcome"] for row in await rows_of(hub.api, done["id"])] == ["refused", "created", "refused"]
    assert (await hub.rows("SELECT count(*) FROM findings"))[0][0] == 2
    undone = await undo(hub, done["id"])
    assert undone["undo"] == {"removed": 1, "restored": 0, "kept": 0}
    assert (await hub.rows("SELECT count(*) FROM findings"))[0][0] == 0
    assert (await hub.api.get(f"/v1/customers/{made['id']}")).json()["revision"] == 1
    await hub.app.events.drain()
    told = (await hub.api.get("/v1/events", params={"type": "finding.withdrawn"})).json()["data"]
    assert len(told) == 2


async def test_an_import_that_was_canceled_can_be_undone(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    made: dict[str, Any] = await ready(hub.api, csv_of([["b", "A"]], ["display_name", "external_ids[shop]"]), **BY_ID)
    job = await start(hub.api, made["id"])
    assert (await hub.api.post(f"/v1/jobs/{job}/cancel")).status_code in (200, 202)
    await run_job(hub, job)
    undone = await undo(hub, made["id"])
    assert undone["undo"] == {"removed": 0, "restored": 0, "kept": 0}
    assert (await get_import(hub.api, made["id"]))["status"] == "undone"
