"""Starts exports and runs their jobs."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx

from custhub.features.exports.tasks import ExportJob
from custhub.jobs.models import JobRow
from custhub.kit.ids import Prefix, from_text
from tests.client import ApiClient
from tests.features.jobs.working import Kind, finished, worker_of
from tests.hub import START, HubUnderTest

PATH = "/v1/exports"


async def record_consent(api: ApiClient, **members: Any) -> None:
    """What a customer said about a purpose."""
    said = {"legal_basis": "consent", "method": "web_form", "captured_at": START.isoformat()} | members
    answer = await api.post("/v1/consents", json=said)
    assert answer.status_code == 201, answer.text


class Desk:
    """One hub and its exports."""

    def __init__(self, hub: HubUnderTest) -> None:
        self.hub = hub
        self.api = hub.api

    async def start(self, *, api: ApiClient | None = None, **body: Any) -> dict[str, Any]:
        """Ask for one; gives its job."""
        answer = await (api or self.api).post(PATH, json={"format": "csv"} | body)
        assert answer.status_code == 202, answer.text
        job: dict[str, Any] = answer.json()
        return job

    async def run(self, job: dict[str, Any]) -> JobRow:
        """Run a job to its end."""
        kind = ExportJob(self.hub.app.hub)
        return await finished(
            self.hub, worker_of(self.hub, Kind(kind.run, kind.name)), from_text(Prefix.JOB, job["id"])
        )

    async def export(self, *, api: ApiClient | None = None, **body: Any) -> dict[str, Any]:
        """Ask for one and have it written."""
        job = await self.start(api=api, **body)
        row = await self.run(job)
        assert row.state == "succeeded", row.error
        return await self.read(job["result_url"], api=api)

    async def read(self, path: str, *, api: ApiClient | None = None) -> dict[str, Any]:
        answer = await (api or self.api).get(path)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def file(self, export: dict[str, Any], *, api: ApiClient | None = None) -> bytes:
        """The file, over the API."""
        answer = await (api or self.api).get(export["file_url"])
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert len(answer.content) == export["size"]
        return answer.content

    async def table(self, *, api: ApiClient | None = None, **body: Any) -> list[dict[str, str]]:
        """The rows of a CSV file, by column."""
        data = await self.file(await self.export(api=api, **body), api=api)
        return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))

    def browser(self) -> httpx.AsyncClient:
        """Somebody without an account."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.hub.app.asgi), base_url="http://hub.test")
