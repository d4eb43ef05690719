"""Starts bulk actions and runs their jobs."""

from __future__ import annotations

from typing import Any

from custhub.features.bulk.tasks import BulkActionJob, BulkUndoJob
from custhub.jobs.models import JobRow
from custhub.kit.ids import Prefix, from_text
from tests.client import ApiClient
from tests.features.jobs.working import Kind, finished, worker_of
from tests.hub import HubUnderTest

PATH = "/v1/bulk-actions"


class Desk:
    """One hub and its bulk actions."""

    def __init__(self, hub: HubUnderTest) -> None:
        self.hub = hub
        self.api = hub.api

    async def start(self, action: dict[str, Any], *, api: ApiClient | None = None, **body: Any) -> dict[str, Any]:
        """Ask for one; gives its job."""
        answer = await (api or self.api).post(PATH, json={"action": action} | body)
        assert answer.status_code == 202, answer.text
        job: dict[str, Any] = answer.json()
        assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
        return job

    async def run(self, job: dict[str, Any]) -> JobRow:
        """Run a job to its end."""
        parts = self.hub.app.hub
        do, undo = BulkActionJob(parts), BulkUndoJob(parts)
        worker = worker_of(self.hub, Kind(do.run, do.name), Kind(undo.run, undo.name))
        return await finished(self.hub, worker, from_text(Prefix.JOB, job["id"]))

    async def do(self, action: dict[str, Any], *, api: ApiClient | None = None, **body: Any) -> dict[str, Any]:
        """Ask for one and run it; gives the bulk action."""
        job = await self.start(action, api=api, **body)
        row = await self.run(job)
        assert row.state == "succeeded", row.error
        return await self.read(job["result_url"], api=api)

    async def undo(self, action: dict[str, Any], *, api: ApiClient | None = None) -> dict[str, Any]:
        """Undo one to the end; gives the bulk action."""
        answer = await (api or self.api).post(f"{PATH}/{action['id']}/undo")
        assert answer.status_code == 202, answer.text
        row = await self.run(answer.json())
        assert row.state == "succeeded", row.error
        return await self.read(f"{PATH}/{action['id']}", api=api)

    async def read(self, path: str, *, api: ApiClient | None = None) -> dict[str, Any]:
        answer = await (api or self.api).get(path)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def rows(self, action: dict[str, Any], **params: Any) -> list[dict[str, Any]]:
        """What became of its customers."""
        found: list[dict[str, Any]] = []
        cursor = None
        while True:
            asked = params | ({"cursor": cursor} if cursor else {})
            body = (await self.api.get(f"{PATH}/{action['id']}/rows", params=asked)).json()
            found += body["data"]
            cursor = body["next_cursor"]
            if cursor is None:
                return found

    async def content(self) -> list[dict[str, Any]]:
        """All customers without what every change moves: revisions, times."""
        found = (await self.api.get("/v1/customers", params={"archived": "any", "limit": 200, "sort": "name"})).json()
        return [_bare(customer) for customer in found["data"]]


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _bare(member) for name, member in value.items() if name not in ("revision", "updated_at")}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def counts(action: dict[str, Any]) -> tuple[int, int, int]:
    """Changed, so already, refused."""
    return action["changed"], action["unchanged"], action["refused"]
