"""Sending: queue, states, mail server, provider, texts (M-1, M-3)."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from custhub.features.messages.rules import TEST, MessageState, Recipient
from custhub.features.messages.service.sending import MessageService
from custhub.kit.ids import Prefix, from_text
from custhub.kit.uow import SYSTEM
from tests.customers import create_customer
from tests.features.messages.conftest import Opening
from tests.features.messages.office import LETTER, Office, counted
from tests.mail_server import CUT


async def test_m1_a_message_leaves_when_its_unit_of_work_has_committed_and_only_then(office: Office) -> None:
    uow = office.hub.app.hub.unit_of_work(SYSTEM, "test")
    service = MessageService(office.sender.parts)
    await service.send(uow, LETTER, [Recipient.email("never@example.com")], {"name": "x"})
    assert await office.sender.round() == 0
    await uow.rollback()
    (row,) = await office.queue("li.na@example.com")
    assert await office.sender.round() == 1
    assert office.mail.recipients() == ["li.na@example.com"]
    assert (await office.now(row)).state == MessageState.SENT
    assert await office.sender.round() == 0


async def test_m1_sending_is_committed_with_attempt_and_key_before_the_server_hears_anything(office: Office) -> None:
    (row,) = await office.queue("li.na@example.com")
    seen: list[tuple[str, bool, str]] = []

    async def watch(stage: str) -> None:
        found = await office.now(row)
        seen.append((found.state, found.attempt_id is not None, found.provider_key))

    office.mail.watch = watch
    await office.sender.round()
    assert set(seen) == {("sending", True, row.provider_key)}
    assert office.mail.taken[0].message_id == row.provider_key


async def test_m1_every_state_is_told_once(office: Office) -> None:
    (row,) = await office.queue("li.na@example.com")
    await office.sender.round()
    assert await office.events(row) == ["message.queued", "message.sent"]
    assert counted(office) == {("email", "queued"): 1, ("email", "sent"): 1}


async def test_texts_are_in_the_language_of_the_recipient(office: Office) -> None:
    await office.queue("a@example.com", name="李娜", language="zh-Hans")
    await office.queue("b@example.com", name="Li\r\nBcc: all@example.com", language="fr")
    await office.sender.round()
    first, second = (mail.parsed for mail in sorted(office.mail.taken, key=lambda mail: mail.recipient))
    assert first["Subject"] == "您好 李娜"
    assert "尊敬的 李娜" in first.get_content()
    assert "\n.以点开头的一行" in first.get_content()
    assert first["From"] == "custhub <hub@example.com>"
    assert first["To"] == "a@example.com"
    assert first["Content-Language"] == "zh"
    assert second["Subject"] == "Hello Li Bcc: all@example.com"
    assert second["Bcc"] is None


async def test_m3_starttls_is_required(office: Office) -> None:
    office.mail.offers_tls = False
    (row,) = await office.queue("li.na@example.com")
    await office.sender.round()
    found = await office.now(row)
    assert (found.state, found.error) == ("queued", "tls")
    assert not [line for line in office.mail.commands if line.startswith(("MAIL", "AUTH"))]
    office.mail.offers_tls = True
    await office.later(60)
    await office.sender.round()
    assert [mail.was_encrypted for mail in office.mail.taken] == [True]


async def test_m3_a_certificate_that_nobody_vouches_for_gets_nothing(opened: Opening) -> None:
    async with opened(smtp_ca_file=None) as office:
        (row,) = await office.queue("li.na@example.com")
        await office.sender.round()
        found = await office.now(row)
        assert (found.state, found.error) == ("queued", "tls")
        assert not [line for line in office.mail.commands if line.startswith("MAIL")]


async def test_m3_without_tls_only_where_the_settings_say_so(opened: Opening) -> None:
    async with opened(smtp_security="none") as office:
        office.mail.offers_tls = False
        await office.queue("li.na@example.com")
        await office.sender.round()
        assert [mail.was_encrypted for mail in office.mail.taken] == [False]


async def test_the_password_goes_over_tls_and_a_wrong_one_costs_no_message(opened: Opening) -> None:
    async with opened(smtp_username="hub", smtp_password="right") as office:
        office.mail.password = ("hub", "changed")
        (row,) = await office.queue("li.na@example.com")
        await office.sender.round()
        found = await office.now(row)
        assert (found.state, found.error, found.provider_status) == ("queued", "provider_refused_session", 535)
        office.mail.password = ("hub", "right")
        await office.later(60)
        await office.sender.round()
        assert [(mail.user, mail.was_encrypted) for mail in office.mail.taken] == [("hub", True)]


async def test_m3_what_one_recipient_is_refused_touches_no_other(office: Office) -> None:
    office.mail.replies["gone@example.com"] = "550 5.1.1 no such mailbox"
    office.mail.replies["busy@example.com"] = ["451 4.7.1 greylisted"]
    rows = await office.queue("first@example.com", "gone@example.com", "busy@example.com", "last@example.com")
    await office.sender.round()
    assert await office.states(rows) == ["sent", "bounced", "queued", "sent"]
    assert sorted(office.mail.recipients()) == ["first@example.com", "last@example.com"]
    bounced = await office.now(rows[1])
    assert (bounced.error, bounced.provider_status) == ("recipient_refused", 550)
    await office.later(60)
    await office.sender.round()
    assert await office.states(rows) == ["sent", "bounced", "sent", "sent"]
    assert office.mail.recipients().count("busy@example.com") == 1
    assert await office.events(rows[1]) == ["message.queued", "message.bounced"]


async def test_m3_an_address_that_refused_for_good_is_not_written_to_again(office: Office) -> None:
    office.mail.replies["gone@example.com"] = ["550 5.1.1 no such mailbox"]
    await office.queue("gone@example.com")
    await office.sender.round()
    (second,) = await office.queue("Gone@Example.com")
    await office.sender.round()
    found = await office.now(second)
    assert (found.state, found.error, found.attempts) == ("failed", "suppressed", 0)
    stored = await office.hub.rows("SELECT hash FROM message_suppressions")
    assert [len(bytes(row[0])) for row in stored] == [32]


REPLIES = [
    ("greeting", "421 4.3.2 closing", "queued", "provider_refused_session"),
    ("greeting", "554 5.7.1 go away", "queued", "provider_refused_session"),
    ("MAIL", "451 4.3.0 later", "queued", "provider_busy"),
    ("MAIL", "553 5.1.8 who are you", "failed", "sender_refused"),
    ("RCPT", "421 4.3.2 closing", "queued", "provider_busy"),
    ("RCPT", "450 4.2.0 later", "queued", "provider_busy"),
    ("RCPT", "552 5.2.2 full", "queued", "mailbox_full"),
    ("RCPT", "554 5.7.1 relay denied", "failed", "refused_by_policy"),
    ("RCPT", "550 nobody", "bounced", "recipient_refused"),
    ("DATA", "451 4.3.0 later", "queued", "provider_busy"),
    (".", "452 4.3.1 no room", "queued", "provider_busy"),
    (".", "550 5.1.1 nobody after all", "bounced", "recipient_refused"),
    (".", "554 5.6.0 not like this", "failed", "content_refused"),
]


async def test_m3_replies(office: Office) -> None:
    """4xx and 421 are tried again with the same Message-ID, 5xx never."""
    waiting = []
    for number, (stage, reply, state, error) in enumerate(REPLIES):
        await office.sender.aclose()
        office.mail.replies[stage] = reply
        (row,) = await office.queue(f"person{number}@example.com")
        await office.sender.round()
        office.mail.replies.clear()
        found = await office.now(row)
        assert (found.state, found.error) == (state, error), (stage, reply)
        assert (found.content is None, found.next_attempt_at is None) == (state != "queued",) * 2
        if state == "queued":
            waiting.append(row)
    assert office.mail.taken == []
    await office.later(60)
    await office.sender.round()
    assert {mail.message_id for mail in office.mail.taken} == {row.provider_key for row in waiting}
    assert [((await office.now(row)).state, (await office.now(row)).attempts) for row in waiting] == [
        ("sent", 2)
    ] * len(waiting)
    await office.later(86_400)
    assert await office.sender.round() == 0


async def test_a_message_that_nobody_takes_in_time_has_failed(office: Office) -> None:
    office.mail.replies["RCPT"] = "450 4.2.0 later"
    (row,) = await office.queue("li.na@example.com", lifetime=timedelta(hours=3))
    for _ in range(12):
        await office.sender.round()
        await office.later(1_800)
    found = await office.now(row)
    assert (found.state, found.error) == ("failed", "expired")
    assert 3 <= found.attempts <= 9


async def test_connections_are_used_again_and_a_lost_one_costs_nothing(office: Office) -> None:
    for name in ("a", "b"):
        await office.queue(f"{name}@example.com")
        await office.sender.round()
    assert office.mail.connections == 1
    office.mail.replies["MAIL"] = [CUT]
    (row,) = await office.queue("c@example.com")
    await office.sender.round()
    assert (await office.now(row)).state == "sent"
    assert office.mail.recipients() == ["a@example.com", "b@example.com", "c@example.com"]


async def test_s01_addresses_and_texts_are_sealed_at_rest_and_texts_go_when_sent(office: Office) -> None:
    customer = await create_customer(office.hub.api)
    customer_id = from_text(Prefix.CUSTOMER, customer["id"])
    rows = await office.queue("li.na@example.com", name="Geheimnis")
    rows += await office.queue("138 1234 5678", name="Geheimnis", customer_id=customer_id)
    stored = repr([tuple(row) for row in await office.hub.rows("SELECT * FROM messages")])
    assert not re.search("li.na|13812345678|Geheimnis", stored)
    assert "li.na" not in repr(rows)
    await office.sender.round()
    assert office.sms.sent[0]["to"] == "+8613812345678"
    assert [(await office.now(row)).content for row in rows] == [None, None]


async def test_sms_go_to_the_provider_with_a_key(office: Office) -> None:
    (row,) = await office.queue("138 1234 5678", language="zh", name="李娜")
    await office.sender.round()
    (request,) = office.sms.requests
    headers, body = request
    assert body == {"to": "+8613812345678", "from": "custhub", "text": "您好 李娜", "reference": row.provider_key}
    assert headers["idempotency-key"] == row.provider_key
    assert headers["authorization"] == "Bearer sms-token"
    found = await office.now(row)
    assert (found.state, found.provider_id, found.provider_status) == ("sent", "sms-1", 202)


async def test_m3_429_is_tried_again_and_retry_after_is_a_floor(office: Office) -> None:
    office.sms.answers = [(429, {}, {"Retry-After": "600"})]
    (row,) = await office.queue("138 1234 5678")
    await office.sender.round()
    await office.later(590)
    assert await office.sender.round() == 0
    await office.later(20)
    assert await office.sender.round() == 1
    assert (await office.now(row)).state == "sent"
    assert [headers["idempotency-key"] for headers, _ in office.sms.requests] == [row.provider_key] * 2


async def test_m3_answers_of_the_provider(office: Office) -> None:
    answers: list[tuple[int, dict[str, str], str, str]] = [
        (503, {}, "queued", "provider_busy"),
        (401, {}, "queued", "provider_refused_session"),
        (422, {"error": "invalid_recipient"}, "bounced", "recipient_refused"),
        (400, {"error": "text_too_long"}, "failed", "content_refused"),
        (301, {}, "failed", "content_refused"),
    ]
    for number, (status, body, state, error) in enumerate(answers):
        office.sms.answers = [(status, body, {})]
        (row,) = await office.queue(f"138 1234 567{number}")
        await office.sender.round()
        found = await office.now(row)
        assert (found.state, found.error, found.provider_status) == (state, error, status)
    assert office.sms.sent == []


async def test_development_writes_files_instead(opened: Opening, tmp_path: Path) -> None:
    async with opened(smtp_host="", sms_url="") as office:
        rows = await office.queue("li.na@example.com", "138 1234 5678", kind=LETTER)
        await office.sender.round()
        assert await office.states(rows) == ["sent", "sent"]
        written = sorted((tmp_path / "outbox").iterdir())
        assert [path.suffix for path in written] == [".eml", ".json"]
        assert b"To: li.na@example.com" in written[0].read_bytes()
        assert [path.stat().st_mode & 0o777 for path in (tmp_path / "outbox", *written)] == [0o700, 0o600, 0o600]


async def test_a_channel_that_is_not_configured_keeps_its_messages(opened: Opening) -> None:
    async with opened(profile="production", rate_limit="on", smtp_host="") as office:
        (row,) = await office.queue("li.na@example.com")
        await office.sender.round()
        found = await office.now(row)
        assert (found.state, found.error, found.attempts) == ("queued", "channel_not_configured", 0)


async def test_names_beyond_ascii_need_a_server_that_takes_them(office: Office) -> None:
    (row,) = await office.queue("李娜@例子.中国")
    await office.sender.round()
    assert (await office.now(row)).state == "sent"
    assert office.mail.recipients() == ["李娜@xn--fsqu00a.xn--fiqs8s"]


async def test_parameters_must_fit_the_texts(office: Office) -> None:
    uow = office.hub.app.hub.unit_of_work(SYSTEM, "test")
    service = MessageService(office.sender.parts)
    with pytest.raises(ValueError, match="parameters hub"):
        await service.send(uow, TEST, [Recipient.email("a@example.com")], {"name": "x"})
