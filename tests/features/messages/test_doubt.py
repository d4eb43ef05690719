"""Nobody gets a message twice, and none counts as sent that was not (M-1, M-2)."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from custhub.features.messages.models import MessageRow
from custhub.features.messages.rules import Channel
from custhub.features.messages.service import sender as module
from custhub.features.messages.tasks import MessageSender
from custhub.kit.db import DatabaseUnavailable, DiskFull
from tests.faults import Fault, failing
from tests.features.messages.conftest import Opening
from tests.features.messages.office import ALARM, ALLOW, LETTER, SURVEY, Gate, Office
from tests.mail_server import CUT, HANG

_MOST_STATEMENTS = 80


@pytest.mark.parametrize("how", [HANG, CUT])
async def test_m2_a_mail_that_may_have_been_taken_is_unknown_and_never_sent_again(office: Office, how: str) -> None:
    office.guard(Gate(ALLOW))
    office.mail.replies["."] = how
    rows = [*await office.queue("a@example.com"), *await office.queue("b@example.com", kind=SURVEY)]
    await office.sender.round()
    assert await office.states(rows) == ["unknown", "unknown"]
    office.mail.replies.clear()
    for _ in range(4):
        await office.later(20_000)
        assert await office.sender.round() == 0
    assert sorted(office.mail.recipients()) == ["a@example.com", "b@example.com"]
    assert await office.events(rows[0]) == ["message.queued", "message.lost"]
    assert (await office.now(rows[0])).content is None


async def test_m2_a_mail_that_cannot_have_been_taken_is_sent_again(office: Office) -> None:
    for stage, how in (
        ("greeting", CUT),
        ("EHLO", CUT),
        ("MAIL", CUT),
        ("RCPT", CUT),
        ("greeting", HANG),
        ("RCPT", HANG),
    ):
        await office.sender.aclose()
        office.mail.replies[stage] = how
        (row,) = await office.queue("a@example.com")
        await office.sender.round()
        assert (await office.now(row)).state == "queued", (stage, how)
        office.mail.replies.clear()
        await office.later(60)
        await office.sender.round()
        assert (await office.now(row)).state == "sent", (stage, how)
    assert len(office.mail.taken) == 6


async def test_m2_what_may_come_twice_is_sent_again(office: Office) -> None:
    office.mail.replies["."] = [CUT]
    (row,) = await office.queue("a@example.com", kind=ALARM)
    await office.sender.round()
    assert (await office.now(row)).state == "queued"
    await office.later(60)
    await office.sender.round()
    assert (await office.now(row)).state == "sent"
    assert [mail.message_id for mail in office.mail.taken] == [row.provider_key] * 2


async def test_m2_marketing_is_never_allowed_to_come_twice() -> None:
    with pytest.raises(ValueError, match="never sent twice"):
        type(SURVEY)("x", SURVEY.category, frozenset(Channel), duplicate_ok=True)


@pytest.mark.parametrize("answer", [None, (500, {}, {}), (502, {}, {})])
async def test_m2_an_sms_in_doubt_is_unknown(
    office: Office, answer: tuple[int, dict[str, str], dict[str, str]]
) -> None:
    office.sms.answers, office.sms.takes_before_failing = [answer], True
    (row,) = await office.queue("138 1234 5678")
    await office.sender.round()
    await office.later(20_000)
    assert await office.sender.round() == 0
    assert (await office.now(row)).state == "unknown"
    assert len(office.sms.sent) == 1


async def test_m2_a_provider_that_knows_keys_again_is_asked_again_and_sends_once(opened: Opening) -> None:
    async with opened(sms_deduplicates=True) as office:
        office.sms.deduplicates, office.sms.answers = True, [None, (500, {}, {})]
        office.sms.takes_before_failing = True
        (row,) = await office.queue("138 1234 5678")
        for _ in range(3):
            await office.sender.round()
            await office.later(300)
        assert (await office.now(row)).state == "sent"
        assert len(office.sms.requests) == 3
        assert len(office.sms.sent) == 1


async def _die(office: Office, row: MessageRow, at: str) -> None:
    """A process sends this message and dies when the server is at this stage."""
    reached = asyncio.Event()

    async def watch(stage: str) -> None:
        if stage == at:
            reached.set()
            await asyncio.sleep(3_600)

    office.mail.watch = watch
    process = asyncio.create_task(MessageSender(office.sender.parts).round())
    async with asyncio.timeout(10):
        await reached.wait()
    process.cancel()
    await asyncio.gather(process, return_exceptions=True)
    office.mail.watch = None
    assert (await office.now(row)).state == "sending"


@pytest.mark.parametrize("stage", ["greeting", "RCPT", "."])
async def test_m2_what_a_dead_process_had_in_hand_is_in_doubt(office: Office, stage: str) -> None:
    (row,) = await office.queue("a@example.com")
    await _die(office, row, stage)
    await office.later(20)
    await office.sender.round()
    assert (await office.now(row)).state == "sending", "its lease still holds"
    await office.later(60)
    await office.sender.round()
    assert (await office.now(row)).state == "unknown"
    assert office.mail.taken == []


async def test_m2_an_alarm_of_a_dead_process_is_sent_again(office: Office) -> None:
    (row,) = await office.queue("a@example.com", kind=ALARM)
    await _die(office, row, "RCPT")
    if office.hub.engine == "sqlite":
        await office.sender.recover()  # the lock on the directory says that nobody else lives
        await office.later(60)
    else:
        await office.later(120)
        await office.sender.round()
        await office.later(120)
    await office.sender.round()
    assert (await office.now(row)).state == "sent"
    assert len(office.mail.taken) == 1


async def test_m1_what_was_only_reserved_is_sent_by_another(office: Office) -> None:
    (row,) = await office.queue("a@example.com")
    reserved = await MessageSender(office.sender.parts)._sender.reserve(Channel.EMAIL, 5)
    assert [one.id for one in reserved] == [row.id]
    assert await office.sender.round() == 0
    await office.later(61)
    assert await office.sender.round() == 1
    assert (await office.now(row)).state == "sent"
    # Who had it first comes too late.
    await office.sender._sender.deliver(reserved[0])
    assert len(office.mail.taken) == 1


async def test_m1_many_senders_send_each_message_once(office: Office) -> None:
    rows = []
    for number in range(40):
        rows += await office.queue(f"person{number}@example.com")
    senders = [MessageSender(office.sender.parts) for _ in range(4)]
    await asyncio.gather(*(sender.round() for sender in senders))
    assert sorted(office.mail.recipients()) == sorted(f"person{number}@example.com" for number in range(40))
    assert set(await office.states(rows)) == {"sent"}


async def test_a_late_sender_tells_that_an_unknown_message_was_taken(office: Office) -> None:
    (row,) = await office.queue("a@example.com")
    other = MessageSender(office.sender.parts)

    async def watch(stage: str) -> None:
        if stage == ".":
            office.mail.watch = None
            # The process stood still for so long that another took it for dead.
            await office.later(120)
            await other.round()
            assert (await office.now(row)).state == "unknown"

    office.mail.watch = watch
    await office.sender.round()
    assert (await office.now(row)).state == "sent"
    assert await office.events(row) == ["message.queued", "message.lost", "message.sent"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_reliability_8_2_nth_failure(office: Office, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
    """Whichever statement fails: at most one copy, and what counts as sent was taken."""
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.0)
    for number in range(1, _MOST_STATEMENTS):
        address = f"person{number}@example.com"
        (row,) = await office.queue(address)
        with failing(office.hub, Fault(number, after=after)) as fault, suppress(DatabaseUnavailable, DiskFull):
            await office.sender.round()
        for _ in range(3):
            await office.later(200)
            await office.sender.round()
        found, copies = await office.now(row), office.mail.recipients().count(address)
        assert (found.state, copies) in (("sent", 1), ("unknown", 0), ("unknown", 1)), (number, found.error)
        if not fault.has_struck:
            assert found.state == "sent"
            assert number > 5
            return
    raise AssertionError("the loop never came to its end")


async def test_a_sender_that_runs_sends_at_once_and_stops(office: Office) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(office.sender.run(stop))
    try:
        await asyncio.sleep(0.1)
        began = asyncio.get_running_loop().time()
        (row,) = await office.queue("a@example.com", kind=LETTER)
        async with asyncio.timeout(10):
            while (await office.now(row)).state != "sent":
                await asyncio.sleep(0.01)
        assert asyncio.get_running_loop().time() - began < 5
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await running
