"""What a self-service link does: a GET shows the form, the POST that is taken uses it up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from custhub.features.customers.errors import AddressInvalid
from custhub.features.customers.events import CustomerConfirmed
from custhub.features.customers.rules.provenance import Origin
from custhub.features.customers.schemas.bodies import AddressCreate, AddressPatch, CustomerPatch
from custhub.features.customers.service.addresses import CustomerAddresses
from custhub.features.customers.service.context import provenance_of
from custhub.features.customers.service.profile import CustomerService
from custhub.features.links.service import Form, LinkNext, LinkPage, LinkRow, PageRefused, issue_link
from custhub.features.selfservice.events import SelfServiceLinkUsed
from custhub.features.selfservice.repository import SelfServiceRepository
from custhub.features.selfservice.rules import ADDRESSES, EMAILS, PHONES, PROOF_LIFETIME, LinkState
from custhub.features.selfservice.service.callers import REASON, Visit, visit
from custhub.features.selfservice.service.form import Corrections, SelfServiceForm
from custhub.features.selfservice.service.parts import SelfServiceParts
from custhub.features.selfservice.service.proposing import Codes, read_mailbox, read_number
from custhub.features.selfservice.service.wording import Language, say
from custhub.http.issues import issue, issues_of
from custhub.kit.errors import Conflict, FieldIssue, Forbidden, HubError, RuleBroken
from custhub.kit.query import Reader
from custhub.kit.uow import SYSTEM, Note, UnitOfWork

LINK: Final = "self_service"
PROOF: Final = "self_service_proof"


class SelfServicePage:
    """What links to the own data are for."""

    def __init__(self, parts: SelfServiceParts) -> None:
        self._parts = parts

    async def page(self, reader: Reader, link: LinkRow, language: Language) -> LinkPage:
        """The form as it stands. Raises LinkNotFound."""
        # Only reads: nothing of this unit of work is ever stored.
        found = await visit(self._parts, self._parts.open_unit_of_work(SYSTEM, ""), link.subject_id)
        return _page(_form(found, language), language)

    async def act(
        self, uow: UnitOfWork, link: LinkRow, form: Mapping[str, str], language: Language
    ) -> LinkPage | LinkNext:
        """Take the corrections. Raises LinkNotFound, FieldOutsideLink, PageRefused."""
        found = await visit(self._parts, uow, link.subject_id)
        shown = _form(found, language)
        sent = shown.read(form)
        correcting = _Correcting(self._parts, found, language)
        await correcting.take(sent)
        if correcting.errors:
            raise PageRefused(_page(shown, language, form, _on_entries(correcting.errors, shown.names, language)))
        correcting.close()
        if not correcting.unproven:
            return LinkPage(say("thanks_title", language), (say("thanks", language),))
        settings, args = self._parts.settings, {"language": language}
        proof = issue_link(
            uow, settings.public_url, PROOF, found.link.id, PROOF_LIFETIME, args=args, customer_id=link.customer_id
        )
        return LinkNext(proof.token)


class _Correcting:
    """Corrections of one customer in one unit of work. Where there are errors, it is to be rolled back."""

    def __init__(self, parts: SelfServiceParts, found: Visit, language: Language) -> None:
        self.errors: list[FieldIssue] = []
        self.changed: list[str] = []
        self._confirmed: list[str] = []
        self._origins: dict[str, Origin | None] = {}
        self.unproven: list[str] = []
        self._parts = parts
        self._visit = found
        self._language = language

    async def take(self, sent: Corrections) -> None:
        """Write what needs no proof, keep what does."""
        self.errors += [issue(f"#/{name}", "wrong_type") for name in sent.broken]
        await self._refusable("", self._profile, sent)
        await self._refusable(ADDRESSES, self._address, sent)
        country, codes = self._parts.settings.default_country, Codes(self._parts, self._visit, self._language)
        for field, text in ((PHONES, sent.phone), (EMAILS, sent.email)):
            if not text:
                continue
            try:
                value = read_number(text, country) if field == PHONES else read_mailbox(text)
            except HubError as error:
                self.errors.append(issue(f"#/{field}", error.code))
                continue
            if not self.errors:
                await codes.propose(field, value)
                self.unproven.append(field)

    def close(self) -> None:
        """Note what came by the link."""
        link, uow = self._visit.link, self._visit.context.uow
        self._settle()
        values = {
            "state": LinkState.USED.value,
            "used_at": uow.now,
            "changed": self.changed,
            "unproven": self.unproven,
        }
        row = SelfServiceRepository(uow).change_link(link, values)
        fields = [*self.changed, *self.unproven]
        uow.emit(SelfServiceLinkUsed(row.id, row.revision, row.customer_id, tuple(fields)))
        uow.audit(Note("self_service_link.used", "self_service_link", row.id, row.customer_id, fields))

    def _settle(self) -> None:
        """One revision for all of it; what was seen and left is confirmed."""
        context, record, names = self._visit.context, self._visit.record, self._confirmed
        uow, own = context.uow, record.row.id
        if names:
            uow.audit(Note("customer.confirmed", "customer", own, own, names, REASON))
        if context.has_changed:
            context.settle(record, self._origins)
        elif names:
            provenance = provenance_of(record.row).with_origins(self._origins)
            row = context.customers.change(record.row, {"provenance": provenance})
            uow.emit(CustomerConfirmed(own, row.revision, own, tuple(names)))

    async def _refusable(self, member: str, write: Any, sent: Corrections) -> None:
        if self.errors:
            return
        try:
            await write(sent)
        except ValidationError as error:
            raw = error.errors(include_url=False, include_context=False)
            self._refused(member, issues_of([{**one, "loc": ("body", *one["loc"])} for one in raw]))
        except (RuleBroken, Conflict, Forbidden) as error:
            self._refused(member, error.issues or (issue("#", error.code),))

    def _refused(self, member: str, issues: Sequence[FieldIssue]) -> None:
        head = f"#/{member}" if member else "#"
        self.errors += [
            FieldIssue(head + one.pointer.removeprefix("#"), one.code, "body", one.detail, one.detail_zh)
            for one in issues
        ]

    async def _profile(self, sent: Corrections) -> None:
        """The customer's own members: changed, or confirmed as they stand; both are its own word."""
        context, record = self._visit.context, self._visit.record
        service, body = CustomerService(context), CustomerPatch.model_validate(sent.profile)
        change = service.planned(record, body.changes())
        confirmed = [name for name in sent.confirmed if not name.startswith(f"{ADDRESSES}.")]
        origins = service.origins(record.row, [*change.keys, *(name for name in confirmed if name not in change.keys)])
        if change.details:
            service.refind(record.row, change)
            fields = sorted(change.details)
            context.changed(record, fields, change.values, change.details, reason=REASON, origins=origins)
            self.changed += sorted(change.keys)
        else:
            self._confirmed, self._origins = sorted(confirmed), origins

    async def _address(self, sent: Corrections) -> None:
        """The primary address, or a first one."""
        if not sent.address:
            return
        record, addresses = self._visit.record, CustomerAddresses(self._visit.context)
        row = next((row for row in record.addresses if row.is_primary), None)
        values = {name: value for name, value in sent.address.items() if value is not None or name != "country"}
        if row is not None:
            await addresses.change(record.row.id, row.id, AddressPatch.model_validate(values), None)
        else:
            if not any(value for name, value in values.items() if name != "country"):
                raise AddressInvalid
            body = {name: value for name, value in values.items() if value is not None}
            await addresses.add(record.row.id, AddressCreate.model_validate(body | {"is_primary": True}))
        self.changed.append(ADDRESSES)


def _form(found: Visit, language: Language) -> SelfServiceForm:
    return SelfServiceForm(found.context, found.record, found.link.id, found.link.fields, language)


def _page(
    shown: SelfServiceForm,
    language: Language,
    form: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> LinkPage:
    texts = (say("intro", language), say("once", language))
    entries = tuple(shown.entries(form, errors))
    alert = "" if errors is None else errors.get("", "") or say("wrong", language)
    return LinkPage(
        say("title", language),
        texts,
        Form(say("send", language), entries),
        alert,
        200 if errors is None else 422,
    )


def _on_entries(issues: Sequence[FieldIssue], names: Sequence[str], language: Language) -> dict[str, str]:
    """What is wrong, by entry; under no name what concerns none of them."""
    found: dict[str, str] = {}
    for one in issues:
        parts = one.pointer.removeprefix("#").strip("/").split("/")
        entry = next((name for i in range(len(parts), 0, -1) if (name := ".".join(parts[:i])) in names), None)
        if entry is None:
            entry = next((name for name in names if name.split(".")[0] == parts[0]), "")
        text = one.detail_zh if language == "zh" else one.detail
        found.setdefault(entry, text.replace("`", ""))  # written for readers of the API
    return found
