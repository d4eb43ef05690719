"""Owners of webhook endpoints hear of failing ones, in the unit of work that notes it (W-5)."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

import pytest

from custhub.features.messages.service.owners import OwnerNotices
from custhub.features.messages.service.sending import MessageService
from custhub.kit.ids import Prefix, new_id, to_text
from custhub.kit.query import Reader
from custhub.kit.uow import SYSTEM
from tests.features.messages.office import Office


class Endpoint(NamedTuple):
    """What of an endpoint its owner is told."""

    id: UUID
    url: str
    disabled_reason: str | None


ENDPOINT = Endpoint(new_id(), "https://hooks.example.com/secret/path?token=x", "gone")


@pytest.mark.parametrize("locking", [False, True])
async def test_w5_the_owner_is_told(office: Office, *, locking: bool) -> None:
    async def find(reader: Reader, user_id: UUID) -> str | None:
        return "owner@example.com"

    notices = OwnerNotices(MessageService(office.sender.parts), find)
    # The first message ever: the data key of messages is made inside the open transaction.
    uow = office.hub.app.hub.unit_of_work(SYSTEM, "webhooks", locking=locking)
    await notices(uow, new_id(), "failing", ENDPOINT)
    await notices(uow, new_id(), "disabled", ENDPOINT)
    await uow.commit()
    await office.sender.round()
    mails = sorted((mail.parsed for mail in office.mail.taken), key=lambda mail: str(mail["Subject"]))
    assert [mail["Subject"] for mail in mails] == [
        "Webhook endpoint disabled: hooks.example.com",
        "Webhook endpoint fails: hooks.example.com",
    ]
    assert "it answered 410" in mails[0].get_content()
    for mail in mails:
        assert to_text(Prefix.WEBHOOK, ENDPOINT.id) in mail.get_content()
        assert "secret" not in mail.get_content()


@pytest.mark.parametrize("address", [None, "admin@localhost"])
async def test_an_owner_without_a_mailbox_is_not_written_to(office: Office, address: str | None) -> None:
    async def find(reader: Reader, user_id: UUID) -> str | None:
        return address

    uow = office.hub.app.hub.unit_of_work(SYSTEM, "webhooks")
    await OwnerNotices(MessageService(office.sender.parts), find)(uow, new_id(), "failing", ENDPOINT)
    await uow.commit()
    assert await office.sender.round() == 0
