"""Put numbers and mailboxes on the suppression list, and take them off."""

from __future__ import annotations

from uuid import UUID

from custhub.crypto.live import LiveKeys
from custhub.crypto.system import SystemVault
from custhub.features.phones.errors import PhoneInvalid
from custhub.features.phones.rules import PhoneNumber
from custhub.features.suppressions.errors import SuppressionLifted, SuppressionNotFound
from custhub.features.suppressions.events import SuppressionAdded, SuppressionWasLifted
from custhub.features.suppressions.models import HashRow, SuppressionRow
from custhub.features.suppressions.queries import hashes_among, hashes_of, suppression_by_id
from custhub.features.suppressions.repository import SuppressionRepository
from custhub.features.suppressions.rules import SuppressedPoint
from custhub.features.suppressions.schemas import SuppressionCreate, SuppressionLift
from custhub.features.suppressions.service.points import ContactPoints
from custhub.features.suppressions.service.screening import mailbox_hashes, number_hashes
from custhub.http.issues import issue
from custhub.kit.ids import Prefix, new_id, to_text
from custhub.kit.mailboxes import parse_email
from custhub.kit.uow import Note, UnitOfWork

_TABLE = "suppressions"


class SuppressionService:
    """The list in one unit of work."""

    def __init__(
        self, uow: UnitOfWork, keys: LiveKeys, vault: SystemVault, points: ContactPoints, country: str
    ) -> None:
        self._uow = uow
        self._keys = keys
        self._vault = vault
        self._points = points
        self._country = country
        self._entries = SuppressionRepository(uow)

    async def add(self, body: SuppressionCreate) -> tuple[SuppressionRow, bool]:
        """Suppress a number or mailbox; True when that is new. Raises PhoneInvalid."""
        number = self._number(body)
        folded = parse_email(body.email).folded if body.email is not None else ""
        hashes = mailbox_hashes(self._keys, folded) if number is None else number_hashes(self._keys, number.e164)
        known = await hashes_among(self._uow, {digest for _, digest in hashes})
        same = next((row for row in known if row.kind == body.kind), None)
        if same is not None:
            return await self._get(same.suppression_id), False
        uow = self._uow
        channel = SuppressedPoint.EMAIL if number is None else SuppressedPoint.PHONE
        row = SuppressionRow(
            id=new_id(),
            kind=body.kind.value,
            channel=channel.value,
            reason=body.reason.value,
            created_by=self._actor(),
            created_at=uow.now,
            updated_at=uow.now,
            lifted_at=None,
            lifted_by=None,
            lift_reason=None,
            evidence=None,
            revision=1,
        )
        self._entries.add(row, (HashRow(digest, kid, row.kind, row.id) for kid, digest in sorted(hashes)))
        if number is None:
            await self._points.suppress_mailbox(uow, folded, row.id)
        else:
            await self._points.suppress_number(uow, number, row.id)
        uow.emit(SuppressionAdded(row.id, 1, extra={"kind": row.kind, "channel": row.channel}))
        uow.audit(Note("suppression.added", "suppression", row.id, fields=[row.kind, row.channel], reason=row.reason))
        return row, True

    async def lift(self, suppression_id: UUID, body: SuppressionLift) -> SuppressionRow:
        """Take an entry off the list. Raises SuppressionNotFound, SuppressionLifted."""
        uow = self._uow
        row = await self._get(suppression_id, locking=uow.locking)
        if row.lifted_at is not None:
            raise SuppressionLifted
        mine = await hashes_of(uow, row.id)
        others = [
            other for other in await hashes_among(uow, {own.hash for own in mine}) if other.suppression_id != row.id
        ]
        evidence = await self._vault.seal(_TABLE, "evidence", row.id, body.evidence.encode(), within=uow)
        lifted = {"lifted_at": uow.now, "lifted_by": self._actor(), "lift_reason": body.reason.value}
        row = self._entries.lift(row, {**lifted, "evidence": evidence})
        await self._points.release(uow, row.id, min((other.suppression_id for other in others), default=None))
        uow.emit(SuppressionWasLifted(row.id, row.revision, extra={"kind": row.kind, "channel": row.channel}))
        uow.audit(
            Note("suppression.lifted", "suppression", row.id, fields=[row.kind, row.channel], reason=body.reason.value)
        )
        return row

    async def evidence(self, row: SuppressionRow) -> str | None:
        """What the lifting rested on. Raises IntegrityError."""
        if row.evidence is None:
            return None
        return (await self._vault.open(_TABLE, "evidence", row.id, row.evidence)).decode()

    async def _get(self, suppression_id: UUID, *, locking: bool = False) -> SuppressionRow:
        row = await suppression_by_id(self._uow, suppression_id, locking=locking)
        if row is None:
            raise SuppressionNotFound
        return row

    def _number(self, body: SuppressionCreate) -> PhoneNumber | None:
        if body.phone is None:
            return None
        try:
            return PhoneNumber.parse(body.phone, body.country or self._country)
        except PhoneInvalid as error:
            raise PhoneInvalid(error.reason, issues=[issue("#/phone", error.code)]) from None

    def _actor(self) -> str:
        actor = self._uow.actor
        prefix = Prefix.USER if actor.kind == "user" else Prefix.CLIENT
        return actor.kind if actor.id is None else to_text(prefix, actor.id)
