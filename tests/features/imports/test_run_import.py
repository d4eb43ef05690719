"""Rows of a file become customers: each by the rules of a create, with exact counts and every refusal named."""

from __future__ import annotations

from custhub.kit.ids import Prefix, from_text
from tests.customers import problem_of
from tests.features.imports.importing import (
    COLUMNS,
    csv_of,
    get_import,
    imported,
    make_import,
    ready,
    rows_of,
    rule,
    run_job,
    start,
    upload,
    worker,
)
from tests.features.jobs.working import job_of, make_due, work_until
from tests.hub import HubUnderTest, make_number


async def test_a_file_becomes_customers(fresh_hub: HubUnderTest) -> None:
    api, number = fresh_hub.api, make_number()
    rows = [["李娜", number, "li@example.com"], ["王伟", "12", "w@example.com"], ["", "", ""], ["张三", "", "nobody"]]
    done = await imported(fresh_hub, csv_of(rows))
    assert done["status"] == "succeeded"
    assert done["counts"] == {
        "total": 4,
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "refused": 0,
        "failed": 2,
        "skipped": 1,
    }
    results = await rows_of(api, done["id"])
    assert [(r["row"], r["outcome"]) for r in results] == [
        (2, "created"), (3, "failed"), (4, "skipped"), (5, "failed"),
    ]  # fmt: skip
    assert [(e["column"], e["field"], e["code"]) for e in results[1]["errors"]] == [
        ("phones[0].number", "phones[0].number", "phone_invalid")
    ]
    assert [(e["column"], e["code"]) for e in results[3]["errors"]] == [("emails[0].email", "email_invalid")]
    customer = (await api.get(f"/v1/customers/{results[0]['customer_id']}")).json()
    assert (customer["display_name"], customer["source"]) == ("李娜", "shop")
    assert customer["phones"][0]["masked"] == f"+86 {number[:3]}****{number[-4:]}"
    assert customer["emails"][0]["email"] == "li@example.com"
    found = await api.post("/v1/customers/lookup", json={"phone": number})
    assert [hit["id"] for hit in found.json()["data"]] == [customer["id"]]


async def test_taken_numbers_and_ids_refuse_their_rows_alone(fresh_hub: HubUnderTest) -> None:
    api, taken, twice = fresh_hub.api, make_number(), make_number()
    holder = (await api.post("/v1/customers", json={"display_name": "x", "phones": [{"number": taken}]})).json()
    await api.post("/v1/customers", json={"display_name": "y", "external_ids": [{"source": "shop", "id": "1"}]})
    columns = ["display_name", "phones[0].number", "external_ids[shop]"]
    rows = [["a", taken, ""], ["b", twice, ""], ["c", twice, ""], ["d", "", "1"], ["e", "", "2"]]
    done = await imported(fresh_hub, csv_of(rows, columns))
    assert (done["counts"]["created"], done["counts"]["failed"]) == (2, 3)
    failed = await rows_of(api, done["id"], outcome="failed")
    assert [(row["row"], row["errors"][0]["code"], row["errors"][0]["column"]) for row in failed] == [
        (2, "phone_taken", "phones[0].number"),
        (4, "phone_taken", "phones[0].number"),
        (5, "external_id_taken", "external_ids[shop]"),
    ]
    assert (await api.get(f"/v1/customers/{holder['id']}")).json()["revision"] == 1
    for table, count in (("customers", 4), ("customer_keys", 4), ("customer_phones", 2), ("phone_claims", 2)):
        assert (await fresh_hub.rows(f"SELECT count(*) FROM {table}"))[0][0] == count  # noqa: S608  # constants


async def test_e08_events_of_rows_carry_the_job_and_one_sums_up(fresh_hub: HubUnderTest) -> None:
    done = await imported(fresh_hub, csv_of([["a", make_number(), ""], ["b", make_number(), ""], ["c", "1", ""]]))
    await fresh_hub.app.events.drain()
    events = (await fresh_hub.api.get("/v1/events")).json()["data"]
    created = [event for event in events if event["type"] == "customer.created"]
    assert [event["data"]["bulk_id"] for event in created] == [done["job_id"]] * 2
    summary = next(event for event in events if event["type"] == "import.completed")
    assert summary["subject"] == {"type": "import", "id": done["id"], "revision": done["revision"]}
    assert {name: summary["data"][name] for name in ("created", "failed")} == {"created": 2, "failed": 1}


async def test_a_mapping_joins_translates_and_fills_in(fresh_hub: HubUnderTest) -> None:
    columns = ["姓", "名", "手机", "性别", "标签"]
    mapping = {
        "rules": [
            rule("姓", "display_name") | {"columns": ["姓", "名"], "join": ""},
            rule("手机", "phones[0].number"),
            rule("性别", "gender", values={"女": "female", "未知": ""}),
            rule("标签", "tags"),
        ],
        "constants": {"stage": "active", "phones[0].label": "mobile"},
    }
    rows = [["李", "娜", make_number(), "女", "VIP; 深圳"], ["王", "伟", "", "未知", ""]]
    done = await imported(fresh_hub, csv_of(rows, columns, ";"), mapping=mapping)
    made = [
        (await fresh_hub.api.get(f"/v1/customers/{row['customer_id']}")).json()
        for row in await rows_of(fresh_hub.api, done["id"])
    ]
    assert [c["display_name"] for c in made] == ["李娜", "王伟"]
    assert [c["gender"] for c in made] == ["female", "unknown"]
    assert [c["stage"] for c in made] == ["active", "active"]
    assert [tag["tag"] if isinstance(tag, dict) else tag for tag in made[0]["tags"]] == ["VIP", "深圳"]
    assert [phone["label"] for phone in made[0]["phones"]] == ["mobile"]
    assert made[1]["phones"] == []


async def test_s108_the_error_report_names_rows_and_codes_and_no_value(fresh_hub: HubUnderTest) -> None:
    done = await imported(fresh_hub, csv_of([["a", "99", ""], ["b", make_number(), "secret-not-a-mail"]]))
    answer = await fresh_hub.api.get(f"/v1/imports/{done['id']}/errors")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.splitlines() == [
        "row,column,field,code",
        "2,phones[0].number,phones[0].number,phone_invalid",
        "3,emails[0].email,emails[0].email,email_invalid",
    ]
    stored = str(await fresh_hub.rows("SELECT * FROM import_batches")) + str(await fresh_hub.rows("SELECT * FROM jobs"))
    assert "secret-not-a-mail" not in stored


async def test_s107_a_quote_that_kept_a_cell_from_being_a_formula_is_taken_off(fresh_hub: HubUnderTest) -> None:
    rows = [["'=1+1", "", ""], ["'quoted", "", ""], ["=cmd|'/c calc'!A1", "", ""], ["@x", "'+86 138 9999 0001", ""]]
    done = await imported(fresh_hub, csv_of(rows))
    results = await rows_of(fresh_hub.api, done["id"])
    names = [
        (await fresh_hub.api.get(f"/v1/customers/{row['customer_id']}")).json()["display_name"]
        for row in results
        if row["customer_id"]
    ]
    assert names == ["=1+1", "'quoted", "@x"]
    assert [(e["column"], e["code"]) for e in results[2]["errors"]] == [("display_name", "formula_cell")]


async def test_an_import_starts_once_and_not_without_a_file(fresh_hub: HubUnderTest) -> None:
    api = fresh_hub.api
    made = await make_import(api)
    problem_of(await api.post(f"/v1/imports/{made['id']}/start"), 409, "import_file_missing")
    await upload(api, made["id"], csv_of([["a", "", ""]]))
    job = await start(api, made["id"])
    problem_of(await api.post(f"/v1/imports/{made['id']}/start"), 409, "import_started")
    problem_of(await upload(api, made["id"], csv_of([["b", "", ""]])), 409, "import_started")
    assert (await get_import(api, made["id"]))["status"] == "queued"
    assert (await run_job(fresh_hub, job)).result == {"result_url": f"/v1/imports/{made['id']}"}


async def test_rights_of_the_starter_hold_for_every_row(fresh_hub: HubUnderTest) -> None:
    """S-61: a field that the role does not see is not written by a file either."""
    made = await ready(fresh_hub.api, csv_of([["a", make_number(), ""]]))
    other = fresh_hub.client(["imports:run", "customers:create", "jobs:manage"], ["sales"])
    without = fresh_hub.client(["imports:run"])
    problem_of(await without.post(f"/v1/imports/{made['id']}/start"), 403, "insufficient_scope")
    job = await start(other, made["id"])
    assert (await run_job(fresh_hub, job)).state == "succeeded"


async def test_a_row_with_more_cells_than_columns_is_refused(fresh_hub: HubUnderTest) -> None:
    done = await imported(fresh_hub, csv_of([["a", "", "", "", "x"], ["b", "", ""]], COLUMNS))
    assert [row["errors"][0]["code"] for row in await rows_of(fresh_hub.api, done["id"], outcome="failed")] == [
        "column_count"
    ]


async def test_s85_the_suppression_list_holds_for_files(fresh_hub: HubUnderTest) -> None:
    """A number or address of an erased person refuses its row; one that may not be contacted is stored and says so."""
    api, gone, quiet = fresh_hub.api, make_number(), make_number()
    for body in ({"phone": gone, "kind": "erased"}, {"phone": quiet, "kind": "do_not_contact"}):
        answer = await api.post("/v1/suppressions", json={**body, "reason": "person_asked"})
        assert answer.status_code == 201, answer.text
    done = await imported(fresh_hub, csv_of([["a", gone, ""], ["b", quiet, ""], ["c", make_number(), "c@example.com"]]))
    results = await rows_of(api, done["id"])
    assert [row["outcome"] for row in results] == ["failed", "created", "created"]
    assert [(e["column"], e["code"]) for e in results[0]["errors"]] == [("phones[0].number", "suppressed")]
    made = [(await api.get(f"/v1/customers/{row['customer_id']}")).json() for row in results[1:]]
    assert [customer["phones"][0]["contactable"] for customer in made] == [False, True]


async def test_s85_who_is_erased_while_a_file_runs_does_not_come_back_by_it(fresh_hub: HubUnderTest) -> None:
    """The list named nobody when the run began: rows made since then are made again."""
    gone, count = make_number(), 2_500
    rows = [[f"n{i}", "", ""] for i in range(count - 1)] + [["last", gone, ""]]
    made = await ready(fresh_hub.api, csv_of(rows))
    job_id = await start(fresh_hub.api, made["id"])
    key = from_text(Prefix.JOB, job_id)
    runner = worker(fresh_hub)

    async def is_done() -> bool:
        job = await job_of(fresh_hub, key)
        if 0 < job.processed < count and not asked:
            body = {"phone": gone, "kind": "erased", "reason": "person_asked"}
            asked.append((await fresh_hub.api.post("/v1/suppressions", json=body)).status_code)
        return job.finished_at is not None

    asked: list[int] = []
    await work_until(runner, is_done, 60.0)
    await runner.settled()
    assert asked == [201]
    [failed] = await rows_of(fresh_hub.api, made["id"], outcome="failed")
    assert (failed["row"], failed["errors"][0]["code"]) == (count + 1, "suppressed")
    assert (await fresh_hub.rows("SELECT count(*) FROM customers"))[0][0] == count - 1


async def test_j05_a_run_that_died_goes_on_with_exact_counts(fresh_hub: HubUnderTest) -> None:
    """A worker that stops in the middle: the next run goes on behind the last batch."""
    rows = [[f"n{i}", make_number() if i % 10 else "1", ""] for i in range(1_500)]
    made = await ready(fresh_hub.api, csv_of(rows))
    job_id = await start(fresh_hub.api, made["id"])
    runner = worker(fresh_hub)
    key = from_text(Prefix.JOB, job_id)

    async def has_begun() -> bool:
        return (await job_of(fresh_hub, key)).processed > 0

    await work_until(runner, has_begun, 60.0)
    await runner.drain()
    between = await job_of(fresh_hub, key)
    assert 0 < between.processed <= 1_500
    await make_due(fresh_hub, key)
    done = await run_job(fresh_hub, job_id)
    assert (done.state, done.processed, done.succeeded, done.failed) == ("succeeded", 1_500, 1_350, 150)
    after = await get_import(fresh_hub.api, made["id"])
    assert (after["counts"]["created"], after["counts"]["failed"]) == (1_350, 150)
    assert (await fresh_hub.rows("SELECT count(*) FROM customers"))[0][0] == 1_350
