"""Who may be written to is asked again when a message leaves (M-4)."""

from __future__ import annotations

from datetime import timedelta

from custhub.features.messages.rules import Category
from custhub.features.messages.service.gates import Verdict
from custhub.features.messages.service.suppressions import BOUNCED
from custhub.kit.db_clock import database_now
from tests.features.messages.office import ALARM, ALLOW, LETTER, SURVEY, Gate, Office, recipient


async def test_m4_marketing_leaves_only_where_a_rule_allows_it(office: Office) -> None:
    rows = [(await office.queue("a@example.com", kind=kind))[0] for kind in (SURVEY, LETTER, ALARM)]
    await office.sender.round()
    assert await office.states(rows) == ["failed", "sent", "sent"]
    refused = await office.now(rows[0])
    assert (refused.error, refused.attempts, refused.content) == ("not_allowed", 0, None)
    office.guard(Gate(None))
    (row,) = await office.queue("a@example.com", kind=SURVEY)
    await office.sender.round()
    assert (await office.now(row)).state == "failed"
    office.guard(Gate(ALLOW))
    (row,) = await office.queue("a@example.com", kind=SURVEY)
    await office.sender.round()
    assert (await office.now(row)).state == "sent"


async def test_m4_consent_that_was_withdrawn_meanwhile_counts(office: Office) -> None:
    consent = Gate(ALLOW)
    office.guard(consent)
    office.mail.replies["RCPT"] = ["450 4.2.0 later"]
    (row,) = await office.queue("a@example.com", kind=SURVEY)
    await office.sender.round()
    assert (await office.now(row)).state == "queued"
    consent.verdict = Verdict("refuse", "consent_withdrawn")
    await office.later(60)
    await office.sender.round()
    found = await office.now(row)
    assert (found.state, found.error) == ("failed", "consent_withdrawn")
    assert office.mail.taken == []
    asked = consent.asked[0]
    assert (asked.category, asked.purpose) == (Category.MARKETING, "surveys")
    assert asked.recipient == recipient("a@example.com")


async def test_m4_a_rule_may_refuse_what_is_transactional_too(office: Office) -> None:
    office.guard(Gate(ALLOW), Gate(Verdict("refuse", "frequency")))
    (row,) = await office.queue("a@example.com")
    await office.sender.round()
    assert ((await office.now(row)).state, (await office.now(row)).error) == ("failed", "frequency")


async def test_m4_quiet_hours_put_it_off(office: Office) -> None:
    now = await database_now(office.hub.app.database, office.hub.clock)
    quiet = Gate(Verdict("defer", "quiet_hours", now + timedelta(hours=8)))
    office.guard(quiet, Gate(Verdict("defer", "frequency", now + timedelta(hours=2))), Gate(ALLOW))
    (row,) = await office.queue("a@example.com", kind=SURVEY)
    assert await office.sender.round() == 1
    found = await office.now(row)
    assert (found.state, found.error, found.attempts) == ("queued", "quiet_hours", 0)
    office.guard(Gate(ALLOW))
    await office.later(7 * 3_600)
    assert await office.sender.round() == 0
    await office.later(3_700)
    assert await office.sender.round() == 1
    assert (await office.now(row)).state == "sent"


async def test_m4_a_pause_beyond_its_time_ends_it(office: Office) -> None:
    now = await database_now(office.hub.app.database, office.hub.clock)
    office.guard(Gate(Verdict("defer", "quiet_hours", now + timedelta(hours=8))))
    (row,) = await office.queue("a@example.com", lifetime=timedelta(hours=3))
    await office.sender.round()
    assert ((await office.now(row)).state, (await office.now(row)).error) == ("failed", "expired")


async def test_m4_an_address_that_is_suppressed_after_queueing_gets_nothing(office: Office) -> None:
    rows = await office.queue("a@example.com", "138 1234 5678")
    suppressions = office.sender.parts.suppressions
    for address in ("A@example.com", "+86 138-1234-5678"):
        await suppressions.add(recipient(address), BOUNCED, office.hub.clock.now())
        await suppressions.add(recipient(address), BOUNCED, office.hub.clock.now())
    await office.sender.round()
    assert [(await office.now(row)).error for row in rows] == ["suppressed", "suppressed"]
    assert (office.mail.taken, office.sms.sent) == ([], [])
