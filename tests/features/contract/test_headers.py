"""Headers of requests and answers (contract_e4, contract_c6, contract_f1)."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from custhub.http.logs import AccessLog
from tests.client import ApiClient
from tests.customers import create_customer, path_of
from tests.databases import TestDatabases
from tests.hub import HubUnderTest
from tests.merges import commit, preview

MADE = re.compile(r"[0-9a-f]{24}")


@pytest.mark.parametrize("offered", ["abc", "req_1-B", "a" * 64])
async def test_a_request_id_is_taken_and_given_back(api: ApiClient, offered: str) -> None:
    """contract_e4: equal in header and problem document."""
    good = await api.get("/v1/customers", params={"limit": 1}, headers={"x-request-id": offered})
    assert good.headers["x-request-id"] == offered
    bad = await api.get("/v1/nothing", headers={"x-request-id": offered})
    assert (bad.headers["x-request-id"], bad.json()["request_id"]) == (offered, offered)


@pytest.mark.parametrize("offered", ["", "a" * 65, "a b", "x;y", "+8613812345678", "13812345678"])
async def test_another_request_id_is_replaced(api: ApiClient, offered: str) -> None:
    """contract_e4: at most 64 of [A-Za-z0-9_-]; one that could be a phone number goes into no log (S-20)."""
    answer = await api.get("/v1/nothing", headers={"x-request-id": offered})
    assert MADE.fullmatch(answer.headers["x-request-id"])


async def test_request_ids_differ(api: ApiClient) -> None:
    """contract_e4: one per request."""
    made = {(await api.get("/v1/nothing")).headers["x-request-id"] for _ in range(20)}
    assert len(made) == 20


async def test_a_request_id_reaches_the_event_and_the_audit_entry(fresh_hub: HubUnderTest) -> None:
    """contract_e4: carried into events."""
    headers = {"x-request-id": "made-by-a-client"}
    await fresh_hub.api.post("/v1/customers", json={"display_name": "x"}, headers=headers)
    for table in ("events", "audit_entries"):
        rows = await fresh_hub.rows(f"SELECT request_id FROM {table}")  # noqa: S608  # no input
        assert [row[0] for row in rows] == ["made-by-a-client"]


async def test_a_trace_id_reaches_the_log_and_the_path_does_not(tmp_path: Path, databases: TestDatabases) -> None:
    """contract_e4, reliability_r8: traceparent is honoured; ids and query strings stay out of the log."""
    stream, trace = io.BytesIO(), "4bf92f3577b34da6a3ce929d0e0e4736"
    databases.sqlite_copy(tmp_path / "data" / "custhub.db")
    log = AccessLog(stream)
    hub = await HubUnderTest(tmp_path, access_log=log).start()
    customer = await create_customer(hub.api)
    await hub.api.get(path_of(customer), headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    await hub.api.get("/v1/customers", params={"tag": "13812345678"}, headers={"traceparent": "00-x-y-01"})
    await hub.api.get("/v1/13812345678")
    await hub.stop()
    log.close()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["route"] for line in lines] == [
        "/v1/customers", "/v1/customers/{customer_id}", "/v1/customers", "unmatched",
    ]  # fmt: skip
    assert [line.get("trace_id") for line in lines] == [None, trace, None, None]
    assert customer["id"] not in stream.getvalue().decode()
    assert "13812345678" not in stream.getvalue().decode()


async def test_get_has_an_entity_tag_and_is_never_stored_unasked(api: ApiClient) -> None:
    """contract_c6: strong `"<revision>-<8 hex>"`, `private, no-cache`."""
    customer = await create_customer(api)
    answer = await api.get(path_of(customer))
    assert re.fullmatch(r'"1-[0-9a-f]{8}"', answer.headers["etag"])
    assert answer.headers["cache-control"] == "private, no-cache"


async def test_the_tag_behind_the_dash_tells_bodies_apart(hub: HubUnderTest) -> None:
    """contract_c6: another field policy or `include` has another tag of the same revision."""
    customer = await create_customer(hub.api)
    whole = (await hub.api.get(path_of(customer))).headers["etag"]
    can = (await hub.api.get(path_of(customer), params={"include": "can"})).headers["etag"]
    sales = (await hub.client(roles=["sales"]).get(path_of(customer))).headers["etag"]
    assert len({whole, can, sales}) == 3
    assert {tag.split("-")[0] for tag in (whole, can, sales)} == {'"1'}


async def test_if_none_match_saves_the_body(api: ApiClient) -> None:
    """contract_c6: 304 for the current tag, alone, in a list, weak, or `*` (RFC 9110, section 13.1.2)."""
    path = path_of(await create_customer(api))
    etag = (await api.get(path)).headers["etag"]
    for sent in (etag, f'"9-00000000", {etag}', f"W/{etag}", "*"):
        answer = await api.get(path, headers={"if-none-match": sent})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    for sent in ('"9-00000000"', etag.replace('"1-', '"2-'), "junk", etag.strip('"')):
        assert (await api.get(path, headers={"if-none-match": sent})).status_code == 200


async def test_a_change_makes_the_tag_stale(api: ApiClient) -> None:
    """contract_c6: the old tag gives 200 again."""
    path = path_of(await create_customer(api))
    etag = (await api.get(path)).headers["etag"]
    await api.patch(path, json={"note": "new"})
    assert (await api.get(path, headers={"if-none-match": etag})).status_code == 200


async def test_what_tells_counts_has_a_tag_of_what_is_shown(api: ApiClient) -> None:
    """contract_c6, contract_d1: merges, exports, scans, suppressions and the like documented a tag and sent none."""
    body = {"kind": "do_not_contact", "reason": "person_asked", "email": "tagged@example.com"}
    made = await api.post("/v1/suppressions", json=body)
    assert re.fullmatch(r'"1-[0-9a-f]{8}"', made.headers["etag"])
    path = made.headers["location"]
    read = await api.get(path)
    tag = read.headers["etag"]
    seen = await api.get(path, headers={"If-None-Match": tag})
    assert (seen.status_code, seen.content, seen.headers["etag"]) == (304, b"", tag)
    lifted = await api.post(f"{path}/lift", json={"reason": "fresh_consent", "evidence": "a letter"})
    assert lifted.headers["etag"].startswith('"2-')
    assert (await api.get(path, headers={"If-None-Match": tag})).status_code == 200


async def test_a_merge_tells_the_tag_that_its_undo_asks_for(api: ApiClient) -> None:
    """contract_d1, contract_d2: the undo requires If-Match, and the merge answered without an ETag."""
    names = [await create_customer(api, display_name="曹伟") for _ in range(2)]
    made = await commit(api, await preview(api, names))
    path, tag = made.headers["location"], made.headers["etag"]
    read = await api.get(path)
    assert (await api.get(path, headers={"If-None-Match": read.headers["etag"]})).status_code == 304
    answer = await api.post(f"{path}/undo", json={"reason": "not_the_same"}, headers={"If-Match": tag})
    assert (answer.status_code, answer.headers["etag"][:3]) == (200, '"2-')


def test_what_has_a_revision_can_be_asked_for_conditionally() -> None:
    """contract_c6: where the document shows a tag, it takes If-None-Match."""
    document = json.loads(Path("openapi/openapi.json").read_text())
    reads = {path: item["get"] for path, item in document["paths"].items() if "get" in item}
    tagged = {path: read for path, read in reads.items() if "ETag" in read["responses"]["200"].get("headers", {})}
    taking = {path for path, read in tagged.items() if "If-None-Match" in {one["name"] for one in read["parameters"]}}
    assert taking == set(tagged) == {path for path in tagged if "304" in reads[path]["responses"]}
