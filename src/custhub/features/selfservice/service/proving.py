"""Proof of new numbers and addresses: the code that was sent there comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from custhub.features.customers.errors import TooManyParts
from custhub.features.customers.service.proving import ProvenPoints
from custhub.features.customers.service.standards import RefusedChange
from custhub.features.links.errors import LinkUsed
from custhub.features.links.service import Entry, Form, LinkPage, LinkRow, PageRefused
from custhub.features.messages.rules import Recipient
from custhub.features.phones.rules import PhoneNumber
from custhub.features.selfservice.errors import FieldOutsideLink
from custhub.features.selfservice.events import SelfServiceChangeProven
from custhub.features.selfservice.models import ChangeRow
from custhub.features.selfservice.queries import changes_of_link
from custhub.features.selfservice.repository import SelfServiceRepository
from custhub.features.selfservice.rules import (
    MOST_ATTEMPTS,
    MOST_SENT,
    PHONES,
    RESEND_AFTER,
    ChangeState,
)
from custhub.features.selfservice.service.callers import REASON, Visit, visit
from custhub.features.selfservice.service.noticing import Notices
from custhub.features.selfservice.service.parts import SelfServiceParts
from custhub.features.selfservice.service.proposing import Codes
from custhub.features.selfservice.service.wording import Language, say
from custhub.features.selfservice.vault import is_code
from custhub.features.suppressions.errors import Suppressed
from custhub.kit.query import Reader
from custhub.kit.uow import SYSTEM, Note, UnitOfWork

_RESEND: Final = "resend"
#: Why a proven number or address still waits for somebody of the business.
_TAKEN, _SUPPRESSED, _FULL = "taken", "suppressed", "too_many_parts"


class ProofPage:
    """What links that ask for codes are for."""

    def __init__(self, parts: SelfServiceParts) -> None:
        self._parts = parts

    async def page(self, reader: Reader, link: LinkRow, language: Language) -> LinkPage:
        """An entry for each code that was sent. Raises LinkNotFound, LinkUsed."""
        proof = await _Proof.of(self._parts, self._parts.open_unit_of_work(SYSTEM, ""), link, language)
        return proof.asked()

    async def act(self, uow: UnitOfWork, link: LinkRow, form: Mapping[str, str], language: Language) -> LinkPage:
        """Hold the codes against those that were sent, or send one more.

        Raises LinkNotFound, LinkUsed, FieldOutsideLink, PageRefused.
        """
        proof = await _Proof.of(self._parts, uow, link, language)
        if not form.keys() <= {_RESEND, *(_entry(row) for row in proof.waiting)}:
            raise FieldOutsideLink
        if _RESEND in form:
            return await proof.resend(form[_RESEND])
        return await proof.check({row.id: form.get(_entry(row), "").strip() for row in proof.waiting})


class _Proof:
    """What of one link waits for a code."""

    def __init__(self, parts: SelfServiceParts, found: Visit, waiting: list[ChangeRow], language: Language) -> None:
        self.waiting = waiting
        self._keys = parts.keys
        self._visit = found
        self._language = language
        self._uow = found.context.uow
        self._codes = Codes(parts, found, language)
        self._repository = SelfServiceRepository(self._uow)
        self._points = ProvenPoints(found.context)
        self._proven: list[str] = []
        self._errors: dict[str, str] = {}
        self._notices = Notices(parts, found, language)

    @classmethod
    async def of(cls, parts: SelfServiceParts, uow: UnitOfWork, link: LinkRow, language: Language) -> _Proof:
        """Raises LinkNotFound, LinkUsed."""
        found = await visit(parts, uow, link.subject_id)
        changes = await changes_of_link(uow, link.subject_id, locking=uow.locking)
        waiting = [row for row in changes if row.state == ChangeState.PENDING]
        if not waiting:
            raise LinkUsed
        return cls(parts, found, waiting, language)

    def asked(self, alert: str = "", status: int = 200, *, stays_open: bool = False) -> LinkPage:
        """The page with what still waits."""
        language, entries, others = self._language, [], []
        for row in self.waiting:
            shown, name = self._codes.recipient(row).masked() or "", _entry(row)
            text = say("code_for", language, shown)
            error = self._errors.get(name, "")
            entries.append(Entry(name, text, kind="code", error=error, autocomplete="one-time-code"))
            if row.sends < MOST_SENT:
                others.append((_RESEND, name, say(_RESEND, language, shown)))
        form = Form(say("confirm", language), tuple(entries), tuple(others))
        title, texts = say("proof_title", language), (say("proof_intro", language),)
        return LinkPage(title, texts, form, alert, status, stays_open)

    async def resend(self, name: str) -> LinkPage:
        """One more code. Raises FieldOutsideLink, and PageRefused where it is too soon or one too many."""
        row = next((row for row in self.waiting if _entry(row) == name), None)
        if row is None:
            raise FieldOutsideLink
        if row.sends >= MOST_SENT:
            raise PageRefused(self.asked(say("too_many", self._language), 429))
        if row.sent_at + RESEND_AFTER > self._uow.now:
            raise PageRefused(self.asked(say("too_soon", self._language), 429))
        new = await self._codes.resend(row)
        self.waiting = [new if one.id == row.id else one for one in self.waiting]
        return self.asked(say("sent", self._language), stays_open=True)

    async def check(self, given: Mapping[object, str]) -> LinkPage:
        """What the codes come to. Raises PageRefused where none was given."""
        language, left, failed = self._language, list[ChangeRow](), False
        if not any(given.values()):
            self._errors = {_entry(row): say("enter", language) for row in self.waiting}
            raise PageRefused(self.asked(say("enter", language), 422))
        for row in self.waiting:
            code = "".join(given[row.id].split())
            if code and row.code_expires_at <= self._uow.now:
                self._errors[_entry(row)] = say("old_code", language)
            elif code and is_code(self._keys, row, code):
                await self._prove(row)
                continue
            elif code:
                self._errors[_entry(row)] = say("wrong_code", language)
                row = self._missed(row)
                failed = failed or row.state == ChangeState.FAILED
            if row.state == ChangeState.PENDING:
                left.append(row)
        self._close()
        self.waiting = left
        if left:
            status = 422 if self._errors else 200
            return self.asked(next(iter(self._errors.values()), ""), status, stays_open=True)
        if failed:
            return LinkPage(say("dead_title", language), (say("dead", language),), status=410)
        return LinkPage(say("thanks_title", language), (say("thanks", language),))

    def _missed(self, row: ChangeRow) -> ChangeRow:
        attempts = row.attempts + 1
        if attempts < MOST_ATTEMPTS:
            return self._repository.change(row, {"attempts": attempts})
        link = self._visit.link
        note = Note("self_service_change.failed", "self_service_link", link.id, link.customer_id, [row.field])
        self._uow.audit(note)
        values = {"attempts": attempts, "state": ChangeState.FAILED.value, "value": None}
        return self._repository.change(row, values)

    async def _prove(self, row: ChangeRow) -> None:
        reason = await self._written(row)
        state = ChangeState.PROVEN if reason is None else ChangeState.REVIEW
        self._repository.change(row, {"state": state.value, "value": None})
        link = self._visit.link
        if reason is None:
            self._proven.append(row.field)
        action = "self_service_change.proven" if reason is None else "self_service_change.kept_back"
        self._uow.audit(Note(action, "self_service_link", link.id, link.customer_id, [row.field], reason))

    async def _written(self, row: ChangeRow) -> str | None:
        """Store what was proven; why not, where somebody of the business has to look at it first.

        The page says the same either way: it must not tell that somebody else has this number.
        """
        recipient, record = self._codes.recipient(row), self._visit.record
        reason = None
        try:
            if row.field == PHONES:
                number = PhoneNumber.parse(recipient.address, "CN")
                if await self._points.is_taken(record, number):
                    reason = _TAKEN
                else:
                    await self._points.phone(record, number, REASON)
            else:
                await self._points.email(record, recipient.address, REASON)
        except Suppressed:
            reason = _SUPPRESSED
        except TooManyParts:
            reason = _FULL
        if reason is None:
            await self._notices.send(recipient)
        else:
            await self._keep_back(row.field, recipient, reason)
        return reason

    async def _keep_back(self, field: str, recipient: Recipient, reason: str) -> None:
        claimed = {"number" if field == PHONES else "email": recipient.address}
        refused = RefusedChange(field, reason, REASON, self._uow.now, None, claimed)
        await self._visit.context.review(self._visit.record, [refused])

    def _close(self) -> None:
        if not self._proven:
            return
        link = self._visit.link
        self._visit.context.settle(self._visit.record)
        changed = [*link.changed, *(field for field in self._proven if field not in link.changed)]
        unproven = [field for field in link.unproven if field not in self._proven]
        row = self._repository.change_link(link, {"changed": changed, "unproven": unproven})
        fields = tuple(self._proven)
        self._uow.emit(SelfServiceChangeProven(row.id, row.revision, row.customer_id, fields))


def _entry(row: ChangeRow) -> str:
    return f"code.{row.field}"
