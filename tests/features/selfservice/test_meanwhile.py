"""A customer that is absorbed in the very moment in which it proves a number: nothing stays behind with it."""

from __future__ import annotations

import pytest

from custhub.kit.uow import UnitOfWork
from tests.canonical import export_of
from tests.customers import create_customer, path_of
from tests.features.selfservice.counter import browser, last_code, sent
from tests.features.selfservice.test_prove_points import propose
from tests.hub import HubUnderTest, make_number
from tests.merges import merge


@pytest.mark.parametrize("what", ["proven", "taken", "resend"])
async def test_its_link_leads_nowhere(hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """MATCHING 4: no finding, no number, no message of an absorbed customer."""
    survivor, old, new = await create_customer(hub.api), await create_customer(hub.api), make_number()
    async with browser(hub) as visitor:
        _, path = await propose(hub, visitor, old, phones=new)
        form = {"code.phones": await last_code(hub, f"+86{new}")}
        if what == "taken":
            await create_customer(hub.api, phones=[{"number": new}])
        if what == "resend":
            form = {"resend": "code.phones"}
            hub.clock.advance(120)
        codes, armed, real = await sent(hub, "self_service_code"), [True], UnitOfWork.commit

        async def commit(self: UnitOfWork) -> None:
            if armed:
                armed.clear()
                await merge(hub.client(), [survivor, old])
            await real(self)

        monkeypatch.setattr(UnitOfWork, "commit", commit)
        answer = await visitor.post(path, data=form)
        monkeypatch.undo()
    assert answer.status_code in (404, 410), answer.text
    assert await sent(hub, "self_service_code") == codes
    for one in (old, survivor):
        told = await export_of(hub, one)
        assert (told["phones"], told["findings"]) == ([], [])


async def test_a_link_made_under_an_old_id_is_where_its_answer_says(hub: HubUnderTest) -> None:
    """MATCHING 4: it is the survivor's."""
    survivor, old = await create_customer(hub.api), await create_customer(hub.api)
    await merge(hub.api, [survivor, old])
    made = await hub.api.post(f"{path_of(old)}/self-service-links", json={"fields": ["display_name"]})
    assert made.status_code == 201, made.text
    found = await hub.api.get(made.headers["location"])
    assert (found.status_code, found.json()["id"]) == (200, made.json()["id"])
