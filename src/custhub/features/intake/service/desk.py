"""Take in what forms and devices send. Whatever comes is written, or waits for somebody as a finding; none of it tells.

The hub looks for whom it is about among all customers, within reach of the caller or not: nothing of it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from custhub.features.consents.queries import Subject, states_of
from custhub.features.consents.rules import ConsentStatus, is_child
from custhub.features.consents.schemas import ConsentInput
from custhub.features.consents.service.recording import ConsentLedger, recorded_by
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.matching import records_among
from custhub.features.customers.rules import MatchKind
from custhub.features.customers.schemas.bodies import CustomerCreate
from custhub.features.customers.schemas.upsert import UpsertRequest
from custhub.features.customers.service.claimed import Touch
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.profile import CustomerService
from custhub.features.customers.service.upserting import CustomerUpsert
from custhub.features.intake.events import TouchpointRecorded
from custhub.features.intake.models import TouchpointRow
from custhub.features.intake.queries import was_sent
from custhub.features.intake.repository import TouchpointRepository
from custhub.features.intake.rules import Hold, Outcome, Target
from custhub.features.intake.service.holding import Held, held_consent, held_fields, held_kind, held_parts
from custhub.features.intake.service.reading import Heard
from custhub.features.intake.service.targeting import Targets
from custhub.features.intake.vault import seal_content
from custhub.features.suppressions.errors import Suppressed
from custhub.features.suppressions.service import screen
from custhub.kit.errors import Conflict, Forbidden, HubError, NotFound, RuleBroken
from custhub.kit.ids import Prefix, new_id, to_text
from custhub.kit.uow import Note
from custhub.kit.writes import LostRace
from custhub.security.reach import Reach

#: Refusals of a write that depend on who is known: to the sender they would tell just that.
_TELLING = (Conflict, Forbidden, NotFound, RuleBroken)


class IntakeDesk:
    """Takes in items of one caller in one unit of work; `flush` between two of them.

    `context` is that of the hub for this caller: it reaches all customers, and is no person. `reach` is the caller's.
    """

    def __init__(self, context: CustomerContext, reach: Reach) -> None:
        self._context = context
        self._uow = context.uow
        self._reach = reach
        self._upsert = CustomerUpsert(context)
        self._targets = Targets(context)
        self._ledger = ConsentLedger(context.uow, context.keys)
        self._touchpoints = TouchpointRepository(context.uow)

    async def take(self, heard: Heard) -> None:
        """Take one item in, once. Raises LostRace when a rival was faster."""
        if await was_sent(self._uow, heard.digest):
            return
        if await self._is_erased(heard):
            # Nobody keeps what belongs to somebody who was erased; that it came stays in the audit log.
            self._uow.audit(
                Note("intake.suppressed", "touchpoint", None, None, sorted(heard.fields), heard.item.source)
            )
            return
        holders = await self._targets.holders(heard)
        target = await self._targets.of(holders, self._reach)
        held = list[Held]()
        if target is None:
            outcome, record = Outcome.CREATED, await self._created(heard)
        else:
            customer, foreign = self._targets.without_foreign(heard, holders, target)
            held += foreign
            outcome, record = await self._known(heard, customer, target, held)
        held += await self._consents(heard, record, is_new=target is None)
        await self._context.review(record, [one.refused(heard) for one in held])
        self._record(heard, record, outcome)
        self._upsert.heed_rivals()

    async def _is_erased(self, heard: Heard) -> bool:
        found = await screen(self._uow, self._context.keys, heard.numbers, heard.mailboxes)
        try:
            for number in heard.numbers:
                found.number(number, "#")
            for mailbox in heard.mailboxes:
                found.mailbox(mailbox, "#")
        except Suppressed:
            return True
        return False

    async def _created(self, heard: Heard) -> CustomerRecord:
        if self._targets.has_keys(heard):
            made = await self._upsert.apply(_request(heard, heard.customer, list(MatchKind)), Touch(heard.is_unnamed))
            if made.result != "created":
                raise LostRace  # somebody was, between two looks
            return made.record
        service = CustomerService(self._context)
        return await service.create(heard.customer, heard.occurred_at, heard.is_unnamed)

    async def _known(
        self, heard: Heard, customer: CustomerCreate, target: Target, held: list[Held]
    ) -> tuple[Outcome, CustomerRecord]:
        hold: str | None = target.hold
        take_back = self._uow.remember()
        if hold is None:
            try:
                body = _request(heard, customer, [target.kind])
                made = await self._upsert.apply(body, Touch(heard.is_unnamed))
            except _TELLING as error:
                take_back()
                hold = _code(error)
            else:
                if made.record.row.id != target.customer_id:
                    raise LostRace
                held += held_kind(heard, made.record)
                return Outcome(made.result), made.record
        record = await self._record_of(target.customer_id)
        dek = self._context.dek(record)
        held += held_fields(self._context, dek, record, heard, customer, hold)
        held += held_parts(self._context, dek, record, heard, customer, hold)
        held += held_kind(heard, record)
        return Outcome.HELD, record

    async def _record_of(self, customer_id: UUID) -> CustomerRecord:
        uow = self._uow
        found = await records_among(uow, self._context.who.reach, [customer_id], locking=uow.locking)
        record = found.get(customer_id)
        if record is None or record.row.archived_at is not None:
            raise LostRace  # since it was found
        return record

    async def _consents(self, heard: Heard, record: CustomerRecord, *, is_new: bool) -> list[Held]:
        """Record what can be; a grant for a child without a guardian waits for somebody."""
        row, said, held = record.row, list[ConsentInput](), list[Held]()
        for consent in heard.consents:
            at = consent.captured_at or heard.occurred_at
            is_free = consent.status is not ConsentStatus.GRANTED or consent.guardian is not None
            if is_free or not is_child(row.birthday, row.birthday_calendar, at.date()):
                said.append(consent)
            else:
                held.append(held_consent(consent, Hold.GUARDIAN))
        if said:
            standing = [] if is_new else await states_of(self._uow, [row.id])
            subject = Subject(
                row.id, False, row.birthday, row.birthday_calendar, record.dek_version, record.wrapped_dek
            )
            self._ledger.append(subject, self._context.dek(record), said, standing, "#/consents/{}")
        return held

    def _record(self, heard: Heard, record: CustomerRecord, outcome: Outcome) -> None:
        uow, item, own = self._uow, heard.item, new_id()
        fields = sorted({*heard.fields, *(("consents",) if heard.consents else ())})
        row = TouchpointRow(
            id=own,
            customer_id=record.row.id,
            source=item.source,
            channel=item.channel,
            campaign=item.campaign,
            form=item.form,
            device_id=item.device_id,
            sequence=item.sequence,
            occurred_at=heard.occurred_at,
            outcome=outcome.value,
            fields=fields,
            content=seal_content(self._context.dek(record), own, heard.content),
            digest=heard.digest,
            recorded_by=recorded_by(uow),
            created_at=uow.now,
        )
        self._touchpoints.append(row)
        extra: dict[str, Any] = {
            "customer_id": to_text(Prefix.CUSTOMER, row.customer_id),
            "source": row.source,
            "outcome": row.outcome,
            "occurred_at": row.occurred_at.isoformat().replace("+00:00", "Z"),
        }
        uow.emit(TouchpointRecorded(own, 1, row.customer_id, tuple(fields), extra))
        uow.audit(Note("touchpoint.recorded", "touchpoint", own, row.customer_id, fields, row.source))


def _request(heard: Heard, customer: CustomerCreate, kinds: Sequence[MatchKind]) -> UpsertRequest:
    return UpsertRequest.model_construct(
        _fields_set={"match_on", "occurred_at", "customer"},
        match_on=list(kinds),
        occurred_at=heard.occurred_at,
        customer=customer,
    )


def _code(error: HubError) -> str:
    return error.code
