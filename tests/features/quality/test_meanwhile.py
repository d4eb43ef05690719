"""Findings that are decided in the very moment in which their customer is absorbed are the survivor's."""

from __future__ import annotations

import pytest

from custhub.kit.uow import UnitOfWork
from tests.canonical import id_of
from tests.customers import create_customer, read_customer
from tests.features.quality.test_decide_finding import LIST, confirmed, findings, machine_says, person
from tests.hub import HubUnderTest
from tests.merges import merge


@pytest.mark.parametrize(("decision", "language"), [("accept", "de"), ("reject", "zh-CN")])
async def test_who_is_absorbed_between_reading_and_deciding(
    hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch, decision: str, language: str
) -> None:
    """MATCHING 4."""
    survivor, old = await create_customer(hub.api), await confirmed(hub)
    await machine_says(hub, old, "erp", language="de")
    (finding,) = await findings(hub.api, old)
    armed, real = [True], UnitOfWork.commit

    async def commit(self: UnitOfWork) -> None:
        if armed:
            armed.clear()
            await merge(hub.client(), [survivor, old])
        await real(self)

    monkeypatch.setattr(UnitOfWork, "commit", commit)
    answer = await person(hub).post(f"{LIST}/{finding['id']}/{decision}")
    monkeypatch.undo()
    assert (answer.status_code, answer.json()["customer_id"]) == (200, survivor["id"])
    assert (await read_customer(hub.api, survivor))["language"] == language
    (event,) = await hub.rows(f"SELECT customer_id FROM events WHERE type = 'finding.{decision}ed'")  # noqa: S608  # no input
    assert event[0] in (id_of(survivor), id_of(survivor).bytes)
