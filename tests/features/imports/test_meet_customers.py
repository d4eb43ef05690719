"""Rows that meet customers who are there: by the rules of an upsert, whoever else writes at the same moment."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.customers import problem_of
from tests.features.imports.importing import (
    csv_of,
    get_import,
    imported,
    make_import,
    ndjson_of,
    ready,
    rows_of,
    rule,
    run_job,
    start,
)
from tests.hub import HubUnderTest, make_number

COLUMNS = ["display_name", "phones[0].number", "emails[0].email", "external_ids[shop]", "tags", "stage"]
BY_ID = {"mode": "upsert", "match_on": ["external_id"]}


async def made(hub: HubUnderTest, **members: Any) -> dict[str, Any]:
    answer = await hub.api.post("/v1/customers", json={"display_name": "before", "source": "shop"} | members)
    assert answer.status_code == 201, answer.text
    customer: dict[str, Any] = answer.json()
    return customer


async def read(hub: HubUnderTest, customer_id: str) -> dict[str, Any]:
    answer = await hub.api.get(f"/v1/customers/{customer_id}")
    assert answer.status_code == 200, answer.text
    customer: dict[str, Any] = answer.json()
    return customer


def key(text: str) -> list[dict[str, str]]:
    return [{"source": "shop", "id": text}]


async def test_an_upsert_creates_updates_and_leaves_alone(fresh_hub: HubUnderTest) -> None:
    hub, number = fresh_hub, make_number()
    known = await made(hub, external_ids=key("A"))
    same = await made(hub, display_name="same", external_ids=key("B"), tags=["x"])
    rows = [
        ["later", number, "", "A", "vip", ""],
        ["same", "", "", "B", "x", ""],
        ["new", "", "n@example.com", "C", "", ""],
        ["", "", "", "", "", ""],
        ["bad", "12", "", "D", "", ""],
        ["nobody can tell", "", "", "", "", ""],
    ]
    done = await imported(hub, csv_of(rows, COLUMNS), **BY_ID)
    assert done["counts"] == {
        "total": 6, "created": 1, "updated": 1, "unchanged": 1, "refused": 0, "failed": 2, "skipped": 1,
    }  # fmt: skip
    assert (done["mode"], done["match_on"], done["on_conflict"]["default"]) == ("upsert", ["external_id"], "replace")
    results = await rows_of(hub.api, done["id"])
    assert [row["outcome"] for row in results] == ["updated", "unchanged", "created", "skipped", "failed", "failed"]
    assert [row["customer_id"] for row in results[:2]] == [known["id"], same["id"]]
    assert [(e["column"], e["code"]) for row in results[4:] for e in row["errors"]] == [
        ("phones[0].number", "phone_invalid"), (None, "match_key_missing"),
    ]  # fmt: skip
    after = await read(hub, known["id"])
    assert (after["display_name"], len(after["phones"]), after["revision"]) == ("later", 1, 2)
    assert [tag["tag"] if isinstance(tag, dict) else tag for tag in after["tags"]] == ["vip"]
    assert (await read(hub, same["id"]))["revision"] == 1
    again = await imported(hub, csv_of(rows[:3], COLUMNS), **BY_ID)
    assert (again["counts"]["unchanged"], again["counts"]["updated"]) == (3, 0)


async def test_an_update_creates_nobody(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    known = await made(hub, external_ids=key("A"))
    rows = [["later", "", "", "A", "", ""], ["nobody", "", "", "B", "", ""]]
    done = await imported(hub, csv_of(rows, COLUMNS), mode="update", match_on=["external_id"])
    assert (done["counts"]["updated"], done["counts"]["failed"], done["counts"]["created"]) == (1, 1, 0)
    failed = await rows_of(hub.api, done["id"], outcome="failed")
    assert [(row["row"], row["errors"][0]["code"]) for row in failed] == [(3, "match_not_found")]
    assert (await read(hub, known["id"]))["display_name"] == "later"
    assert (await hub.rows("SELECT count(*) FROM customers"))[0][0] == 1


async def test_conflict_rules_hold_row_by_row(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    known = await made(hub, external_ids=key("A"), stage="active", note="")
    rules = {"default": "keep", "replace": ["tags"], "fill_empty": ["emails"]}
    row = ["later", "", "a@example.com", "A", "vip", "lead"]
    done = await imported(hub, csv_of([row], COLUMNS), **BY_ID, on_conflict=rules)
    assert done["counts"]["updated"] == 1
    after = await read(hub, known["id"])
    assert (after["display_name"], after["stage"], len(after["tags"]), len(after["emails"])) == (
        "before",
        "active",
        1,
        1,
    )


async def test_two_rows_of_one_customer_give_one(fresh_hub: HubUnderTest) -> None:
    """One batch, one customer: the second row finds what the first wrote, by whatever key."""
    hub, number = fresh_hub, make_number()
    rows = [
        ["first", number, "", "", "a", ""],
        ["second", number, "s@example.com", "", "b", ""],
        ["third", "", "S@example.com", "", "c", ""],
    ]
    done = await imported(hub, csv_of(rows, COLUMNS), mode="upsert", match_on=["phone", "email"])
    assert (done["counts"]["created"], done["counts"]["updated"]) == (1, 2)
    assert len({row["customer_id"] for row in await rows_of(hub.api, done["id"])}) == 1
    assert (await hub.rows("SELECT count(*) FROM customers"))[0][0] == 1
    customer = await read(hub, (await rows_of(hub.api, done["id"]))[0]["customer_id"])
    assert (customer["display_name"], len(customer["tags"])) == ("third", 3)


async def test_what_a_believed_source_said_stands_and_waits_as_a_finding(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    for source, priority in (("crm", 900), ("shop", 100)):
        answer = await hub.api.put(f"/v1/external-sources/{source}", json={"priority": priority})
        assert answer.status_code in (200, 201), answer.text
    members = {"source": "crm", "birthday": {"date": "1990-01-01"}, "gender": "female"}
    one, two = await made(hub, external_ids=key("A"), **members), await made(hub, external_ids=key("B"), **members)
    columns = ["external_ids[shop]", "birthday", "gender", "tags"]
    rows = [["A", "1991-02-02", "female", ""], ["B", "1991-02-02", "male", "vip"]]
    done = await imported(hub, csv_of(rows, columns), mode="update", match_on=["external_id"])
    counts = done["counts"]
    assert (counts["refused"], counts["updated"], counts["unchanged"]) == (1, 1, 0)
    results = await rows_of(hub.api, done["id"])
    assert [(row["outcome"], row["customer_id"]) for row in results] == [("refused", one["id"]), ("updated", two["id"])]
    told = [[(e["column"], e["code"]) for e in row["errors"] if e["column"]] for row in results]
    assert told == [
        [("birthday", "source_priority")],
        [("birthday", "source_priority"), ("gender", "source_priority")],
    ]
    findings = (await hub.api.get("/v1/findings", params={"state": "open"})).json()["data"]
    assert {f["field"] for f in findings} >= {"birthday", "gender"}
    assert (await read(hub, two["id"]))["gender"] == "female"
    report = await hub.api.get(f"/v1/imports/{done['id']}/errors")
    assert (
        "2,birthday,birthday.date,source_priority" in report.text
        or "2,birthday,birthday,source_priority" in report.text
    )
    assert "1991" not in report.text


async def test_a_file_is_no_persons_word(fresh_hub: HubUnderTest) -> None:
    """Whoever uploads it has not looked at each value: what a person has confirmed stands against it."""
    hub = fresh_hub
    known = await made(hub, external_ids=key("A"), gender="female")
    done = await imported(hub, csv_of([["A", "male"]], ["external_ids[shop]", "gender"]), **BY_ID)
    assert done["counts"]["updated"] == 1
    told = (await hub.api.get(f"/v1/customers/{known['id']}", params={"include": "provenance"})).json()["provenance"]
    assert "person" not in str(told)


async def test_s85_s14_suppressed_and_taken_numbers_refuse_their_rows_alone(fresh_hub: HubUnderTest) -> None:
    hub, gone, taken = fresh_hub, make_number(), make_number()
    await hub.api.post("/v1/suppressions", json={"phone": gone, "kind": "erased", "reason": "person_asked"})
    holder = await made(hub, phones=[{"number": taken}])
    known = await made(hub, external_ids=key("A"))
    rows = [
        ["a", gone, "", "A", "x", ""],
        ["b", taken, "", "A", "y", ""],
        ["c", taken, "", "N", "z", ""],
        ["d", "", "", "A", "ok", ""],
    ]
    done = await imported(hub, csv_of(rows, COLUMNS), **BY_ID)
    assert (done["counts"]["failed"], done["counts"]["updated"], done["counts"]["created"]) == (3, 1, 0)
    failed = await rows_of(hub.api, done["id"], outcome="failed")
    assert [row["errors"][0]["code"] for row in failed] == ["suppressed", "phone_taken", "phone_taken"]
    assert {row["errors"][0]["column"] for row in failed} == {"phones[0].number"}
    after = await read(hub, known["id"])
    assert (after["display_name"], len(after["tags"]), after["phones"]) == ("d", 1, [])
    assert (await read(hub, holder["id"]))["revision"] == 1
    audit = await hub.rows("SELECT action FROM audit_entries WHERE action IN ('tag.added', 'phone.added')")
    assert [row[0] for row in audit] == ["tag.added"]  # refused rows leave no trace of what they nearly did


async def test_rows_and_calls_of_one_customer_at_one_moment_give_one(fresh_hub: HubUnderTest) -> None:
    """The same keys by the API and by a file: claims decide, nobody is created twice, nothing is lost."""
    hub = fresh_hub
    numbers = [make_number() for _ in range(40)]
    made_import = await ready(
        hub.api,
        csv_of([[f"n{i}", number, "", "", "file", ""] for i, number in enumerate(numbers)], COLUMNS),
        mode="upsert",
        match_on=["phone"],
    )
    job = await start(hub.api, made_import["id"])

    async def call(number: str) -> str:
        body = {
            "match_on": ["phone"],
            "customer": {"display_name": "api", "phones": [{"number": number}], "tags": ["api"]},
        }
        answer = await hub.api.post("/v1/customers/upsert", json=body)
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["customer"]["id"])

    row, *ids = await asyncio.gather(run_job(hub, job), *(call(number) for number in reversed(numbers)))
    assert (row.state, row.succeeded) == ("succeeded", 40)
    results = await rows_of(hub.api, made_import["id"])
    assert [r["customer_id"] for r in results] == list(reversed(ids))
    assert (await hub.rows("SELECT count(*) FROM customers"))[0][0] == 40
    assert [len((await read(hub, customer_id))["tags"]) for customer_id in ids[:5]] == [2] * 5


@pytest.mark.parametrize("mode", ["update", "upsert"])
async def test_who_may_not_change_customers_may_not_by_a_file(fresh_hub: HubUnderTest, mode: str) -> None:
    api = fresh_hub.client(["imports:run", "customers:create"])
    ours = await ready(api, csv_of([["a", "", "", "A", "", ""]], COLUMNS), mode=mode)
    for path, verb in (("preview", "get"), ("start", "post"), ("undo", "post")):
        problem_of(await getattr(api, verb)(f"/v1/imports/{ours['id']}/{path}"), 403, "insufficient_scope")


async def test_a_preview_says_what_would_happen_and_stores_nothing(fresh_hub: HubUnderTest) -> None:
    hub, number, taken = fresh_hub, make_number(), make_number()
    await hub.api.put("/v1/external-sources/crm", json={"priority": 900})
    known = await made(hub, external_ids=key("A"), source="crm", gender="female")
    same = await made(hub, display_name="same", external_ids=key("B"))
    holder = await made(hub, phones=[{"number": taken}])
    columns = ["display_name", "phones[0].number", "external_ids[shop]", "gender"]
    rows = [
        ["", number, "A", ""],
        ["", "", "A", "male"],
        ["same", "", "B", ""],
        ["new", "", "C", ""],
        ["newer", "", "C", ""],
        ["x", taken, "D", ""],
        ["", "", "", ""],
    ]
    ours = await ready(hub.api, csv_of(rows, columns), **BY_ID, on_conflict={"keep": ["source"]})
    before = await hub.rows("SELECT revision FROM customers ORDER BY id")
    answer = await hub.api.get(f"/v1/imports/{ours['id']}/preview")
    assert answer.status_code == 200, answer.text
    shown = answer.json()["rows"]
    assert [(row["outcome"], row["existing_id"]) for row in shown] == [
        ("update", known["id"]),
        ("refuse", known["id"]),
        ("unchanged", same["id"]),
        ("create", None),
        ("update", None),
        ("fail", holder["id"]),
        ("skip", None),
    ]
    assert [error["code"] for error in shown[1]["errors"]] == ["source_priority"]
    assert shown[4]["customer"]["display_name"] == "newer"
    assert len(shown[0]["customer"]["phones"]) == 1
    assert await hub.rows("SELECT revision FROM customers ORDER BY id") == before
    for table in ("import_images", "findings", "import_batches"):
        assert (await hub.rows(f"SELECT count(*) FROM {table}"))[0][0] == 0  # noqa: S608  # constants
    job = await run_job(hub, await start(hub.api, ours["id"]))
    assert job.state == "succeeded"
    done = [(row["outcome"], row["customer_id"]) for row in await rows_of(hub.api, ours["id"])]
    assert [outcome for outcome, _ in done] == [
        "updated", "refused", "unchanged", "created", "updated", "failed", "skipped",
    ]  # fmt: skip


async def test_keys_that_name_two_customers_refuse_the_row(fresh_hub: HubUnderTest) -> None:
    hub, number = fresh_hub, make_number()
    await made(hub, external_ids=key("A"))
    await made(hub, phones=[{"number": number}])
    done = await imported(hub, csv_of([["x", number, "", "A", "", ""]], COLUMNS), mode="upsert")
    assert [row["errors"][0]["code"] for row in await rows_of(hub.api, done["id"])] == ["match_ambiguous"]


async def test_ndjson_rows_and_mapped_columns_meet_too(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    known = await made(hub, external_ids=key("A"))
    body = {
        "external_ids": key("A"),
        "addresses": [{"city": "深圳市", "country": "CN"}],
        "birthday": {"date": "1990-01-01"},
    }
    done = await imported(hub, ndjson_of([body, {"external_ids": key("A"), "phones": [{"number": "1"}]}]), **BY_ID)
    assert (done["counts"]["updated"], done["counts"]["failed"]) == (1, 1)
    failed = (await rows_of(hub.api, done["id"], outcome="failed"))[0]["errors"]
    assert [(e["column"], e["field"], e["code"]) for e in failed] == [(None, "phones.0.number", "phone_invalid")]
    mapping = {"rules": [rule("编号", "external_ids[shop]"), rule("手机2", "phones[1].number"), rule("备注", "note")]}
    rows = [["A", make_number(), "calls back"], ["A", "1", ""]]
    done = await imported(hub, csv_of(rows, ["编号", "手机2", "备注"]), **BY_ID, mapping=mapping)
    failed = (await rows_of(hub.api, done["id"], outcome="failed"))[0]["errors"]
    assert [(e["column"], e["code"]) for e in failed] == [("手机2", "phone_invalid")]
    after = await read(hub, known["id"])
    assert (after["note"], len(after["addresses"]), len(after["phones"])) == ("calls back", 1, 1)


async def test_how_rows_meet_is_told_and_create_meets_nobody(fresh_hub: HubUnderTest) -> None:
    told = await make_import(
        fresh_hub.api,
        mode="update",
        match_on=["email"],
        on_conflict={"keep": ["stage"]},
        occurred_at="2026-01-31T08:00:00Z",
    )
    assert (told["match_on"], told["on_conflict"]["keep"]) == (["email"], ["stage"])
    assert told["occurred_at"].startswith("2026-01-31T08:00:00")
    plain = await get_import(fresh_hub.api, (await make_import(fresh_hub.api))["id"])
    assert (plain["mode"], plain["match_on"], plain["on_conflict"], plain["occurred_at"]) == (
        "create",
        None,
        None,
        None,
    )


async def test_what_is_older_than_what_stands_fills_what_is_empty(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    known = await made(hub, external_ids=key("A"), gender="female")
    rows = [["A", "male", "en"]]
    columns = ["external_ids[shop]", "gender", "language"]
    done = await imported(hub, csv_of(rows, columns), **BY_ID, occurred_at="2001-01-01T00:00:00Z")
    assert done["counts"]["updated"] == 1
    after = await read(hub, known["id"])
    assert (after["gender"], after["language"]) == ("female", "en")
