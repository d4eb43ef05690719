"""What is written for a customer in the very moment in which it is absorbed belongs to the survivor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

import pytest

from custhub.features.customers.links import parting
from custhub.features.customers.queries.claims import held_keys
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork
from tests.canonical import export_of
from tests.customers import create_customer, path_of
from tests.hub import HubUnderTest, make_number
from tests.merges import merge, undone

WRITES: dict[str, Callable[[dict[str, Any]], tuple[str, str, dict[str, Any] | None]]] = {
    "consents": lambda one: (
        "POST", "/v1/consents",
        {"customer_id": one["id"], "purpose": "marketing", "channel": "email", "status": "denied"},
    ),
    "phones": lambda one: ("POST", f"{path_of(one)}/phones", {"number": make_number()}),
    "tags": lambda one: ("PUT", f"{path_of(one)}/tags/new", None),
    "self_service": lambda one: (
        "POST", f"{path_of(one)}/self-service-links", {"fields": ["display_name"], "expires_in_seconds": 3600}
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRITES)
async def test_who_is_absorbed_between_reading_and_writing(
    hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """MATCHING 4: writes to an old id land on the survivor, no row stays behind."""
    survivor, old = await create_customer(hub.api), await create_customer(hub.api)
    method, path, body = WRITES[what](old)
    armed, real = [True], UnitOfWork.commit

    async def commit(self: UnitOfWork) -> None:
        if armed:
            armed.clear()
            await merge(hub.client(), [survivor, old])
        await real(self)

    monkeypatch.setattr(UnitOfWork, "commit", commit)
    answer = await hub.api.request(method, path, json=body)
    monkeypatch.undo()
    assert answer.status_code < 300, answer.text
    left, now = await export_of(hub, old), await export_of(hub, survivor)
    assert left[what] == []
    assert len(now[what]) == 1


async def test_an_external_id_that_is_taken_while_a_merge_is_undone(
    hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MATCHING 5: whoever has it by now keeps it, and the undo says so."""
    key = {"source": "shop", "id": "A-77"}
    survivor, old = await create_customer(hub.api), await create_customer(hub.api, external_ids=[key])
    made = await merge(hub.api, [survivor, old])
    assert (await hub.api.post(f"{path_of(survivor)}/archive")).status_code == 200
    await create_customer(hub.api, external_ids=[key])
    asked = list[int]()

    async def asked_for(reader: Reader, keys: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], UUID]:
        asked.append(1)
        # The first time it is asked in the moment before.
        return {} if len(asked) == 1 else await held_keys(reader, keys)

    monkeypatch.setattr(parting, "held_keys", asked_for)
    told = await undone(hub.api, made)
    assert [(one["table"], one["reason"]) for one in told["conflicts"]] == [("external_ids", "taken")]
    assert len(asked) == 2
