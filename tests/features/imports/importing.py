"""Imports in tests: files made of rows, jobs that the test runs."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from custhub.jobs.models import JobRow
from custhub.jobs.runner import JobRunner
from custhub.kit.ids import Prefix, from_bytes, from_text
from tests.client import ApiClient
from tests.features.jobs.working import Kind, job_of, work_until, worker_of
from tests.hub import HubUnderTest

_keys = itertools.count(1)
COLUMNS = ["display_name", "phones[0].number", "emails[0].email"]


def csv_of(rows: Iterable[Sequence[str]], columns: Sequence[str] | None = COLUMNS, delimiter: str = ",") -> bytes:
    """A CSV file in UTF-8; `columns` of None: without a header."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    if columns is not None:
        writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def ndjson_of(bodies: Iterable[Any]) -> bytes:
    return b"".join(orjson.dumps(body) + b"\n" for body in bodies)


def rule(column: str, field: str, **more: Any) -> dict[str, Any]:
    return {"columns": [column], "field": field, **more}


async def make_import(api: ApiClient, **members: Any) -> dict[str, Any]:
    headers = {"Idempotency-Key": f"import-{next(_keys):08d}"}
    answer = await api.post("/v1/imports", json={"source": "shop"} | members, headers=headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/imports/{made['id']}"
    return made


async def upload(api: ApiClient, import_id: str, content: bytes) -> Any:
    return await api.put(
        f"/v1/imports/{import_id}/file", content=content, headers={"content-type": "application/octet-stream"}
    )


async def ready(api: ApiClient, content: bytes, **members: Any) -> dict[str, Any]:
    """An import with its file."""
    made = await make_import(api, **members)
    answer = await upload(api, made["id"], content)
    assert answer.status_code == 200, answer.text
    known: dict[str, Any] = answer.json()
    return known


def worker(hub: HubUnderTest) -> JobRunner:
    """A worker that runs imports."""
    return worker_of(hub, *(Kind(kind.run, kind.name) for kind in kinds(hub)))


def kinds(hub: HubUnderTest) -> list[Any]:
    return list(hub.app.imports)


async def run_job(hub: HubUnderTest, job_id: str) -> JobRow:
    """Run a job to its end."""
    runner = worker(hub)
    key = from_text(Prefix.JOB, job_id)

    async def is_done() -> bool:
        return (await job_of(hub, key)).finished_at is not None

    await work_until(runner, is_done, 60.0)
    await runner.settled()
    return await job_of(hub, key)


async def start(api: ApiClient, import_id: str) -> str:
    """Start an import; the id of its job."""
    answer = await api.post(f"/v1/imports/{import_id}/start")
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/jobs/{answer.json()['id']}"
    return str(answer.json()["id"])


async def imported(hub: HubUnderTest, content: bytes, **members: Any) -> dict[str, Any]:
    """A file that went through: the import afterwards."""
    made = await ready(hub.api, content, **members)
    job = await run_job(hub, await start(hub.api, made["id"]))
    assert job.state == "succeeded", job.error
    return await get_import(hub.api, made["id"])


async def get_import(api: ApiClient, import_id: str) -> dict[str, Any]:
    answer = await api.get(f"/v1/imports/{import_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def rows_of(api: ApiClient, import_id: str, **params: Any) -> list[dict[str, Any]]:
    """All rows of an import, through its pages."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        answer = await api.get(f"/v1/imports/{import_id}/rows", params={**params, **more})
        assert answer.status_code == 200, answer.text
        found += answer.json()["data"]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return found


async def undo(hub: HubUnderTest, import_id: str) -> dict[str, Any]:
    """Take an import back; the import afterwards."""
    answer = await hub.api.post(f"/v1/imports/{import_id}/undo")
    assert answer.status_code == 202, answer.text
    job = await run_job(hub, answer.json()["id"])
    assert job.state == "succeeded", job.error
    return await get_import(hub.api, import_id)


async def content_of(hub: HubUnderTest) -> list[dict[str, Any]]:
    """The business content of every customer, as all that is kept of it is exported (MATCHING 5)."""
    found = await hub.rows("SELECT id FROM customers WHERE erased_at IS NULL ORDER BY id")
    keys = [from_bytes(row[0]) if isinstance(row[0], bytes) else row[0] for row in found]
    exported = []
    for key in keys:
        whole: dict[str, Any] = {}
        for link in hub.app.links:
            whole |= await link.export(hub.app.database, key)
        exported.append(whole)
    return exported


def refused(answer: Any) -> list[str]:
    """Why a file was refused."""
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "import_file_refused"
    return [error["code"] for error in answer.json()["errors"]]
