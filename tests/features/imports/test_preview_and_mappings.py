"""What would become of the first rows, shown before anything is stored; mappings that are kept for the next file."""

from __future__ import annotations

from tests.customers import problem_of
from tests.features.imports.importing import csv_of, imported, make_import, ready, rule
from tests.hub import HubUnderTest, make_number

_PROFILE = {"source": "shop", "name": "monthly", "rules": [rule("姓名", "display_name")], "constants": {}}


async def test_a_preview_tells_what_would_become_and_stores_nothing(fresh_hub: HubUnderTest) -> None:
    api, taken, number = fresh_hub.api, make_number(), make_number()
    holder = (await api.post("/v1/customers", json={"display_name": "x", "phones": [{"number": taken}]})).json()
    columns = ["display_name", "phones[0].number", "hobby"]
    made = await ready(api, csv_of([["李娜", number, "go"], ["b", taken, ""], ["c", "1", ""], ["", "", ""]], columns))
    answer = await api.get(f"/v1/imports/{made['id']}/preview", params={"rows": 4})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["unmapped_columns"] == ["hobby"]
    assert [(row["row"], row["outcome"]) for row in body["rows"]] == [
        (2, "create"),
        (3, "fail"),
        (4, "fail"),
        (5, "skip"),
    ]
    assert body["rows"][0]["customer"]["display_name"] == "李娜"
    assert number not in answer.text
    assert body["rows"][1]["existing_id"] == holder["id"]
    assert [row["errors"][0]["code"] for row in body["rows"][1:3]] == ["phone_taken", "phone_invalid"]
    assert (await fresh_hub.rows("SELECT count(*) FROM customers"))[0][0] == 1


async def test_a_mapping_with_the_longest_of_values_is_shown_as_documented(fresh_hub: HubUnderTest) -> None:
    rule = {"columns": ["姓名"], "field": "display_name", "values": {"x" * 80: "y" * 1_000}}
    kept = (await fresh_hub.api.post("/v1/import-mappings", json=_PROFILE | {"rules": [rule]})).json()
    assert kept["rules"][0]["values"] == rule["values"]


async def test_mappings_are_kept_and_used(fresh_hub: HubUnderTest) -> None:
    api = fresh_hub.api
    kept = (await api.post("/v1/import-mappings", json=_PROFILE)).json()
    problem_of(await api.post("/v1/import-mappings", json=_PROFILE), 409, "import_mapping_name_taken")
    done = await imported(fresh_hub, csv_of([["李娜"]], ["姓名"]), mapping_id=kept["id"])
    assert (done["mapping_id"], done["counts"]["created"]) == (kept["id"], 1)
    changed = await api.patch(f"/v1/import-mappings/{kept['id']}", json={"name": "weekly"})
    assert (changed.json()["name"], changed.json()["revision"]) == ("weekly", 2)
    assert [m["id"] for m in (await api.get("/v1/import-mappings")).json()["data"]] == [kept["id"]]
    assert (await api.delete(f"/v1/import-mappings/{kept['id']}")).status_code == 204
    problem_of(await api.get(f"/v1/import-mappings/{kept['id']}"), 404, "import_mapping_not_found")


async def test_a_mapping_names_fields_and_columns_that_are_there(fresh_hub: HubUnderTest) -> None:
    api = fresh_hub.api
    headers = {"Idempotency-Key": "mapping-1"}
    rules = [rule("a", "nickname"), rule("b", "display_name"), rule("c", "display_name")]
    answer = await api.post("/v1/imports", json={"source": "s", "mapping": {"rules": rules}}, headers=headers)
    assert [(e["pointer"], e["code"]) for e in problem_of(answer, 422, "import_mapping_invalid")["errors"]] == [
        ("#/mapping/rules/0/field", "unknown_path"),
        ("#/mapping/rules/2/field", "repeated_path"),
    ]
    made = await ready(api, csv_of([["x"]], ["a"]), mapping={"rules": [rule("b", "display_name")]})
    problem_of(await api.post(f"/v1/imports/{made['id']}/start"), 422, "import_mapping_invalid")
    made = await make_import(api)
    problem_of(await api.get(f"/v1/imports/{made['id']}/preview"), 409, "import_file_missing")
