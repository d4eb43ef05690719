"""Endpoints: who hears of what, where, signed with which secrets (W-2, W-12, S-67)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from custhub.events.envelope import CATALOGUE, Event
from custhub.features.accounts.queries.people import user_by_id
from custhub.features.webhooks.errors import (
    WebhookEndpointNotFound,
    WebhookEventTypeUnknown,
    WebhookOwnerUnknown,
    WebhookReachRequired,
)
from custhub.features.webhooks.events import (
    WebhookEndpointCreated,
    WebhookEndpointDeleted,
    WebhookEndpointEnabled,
    WebhookEndpointUpdated,
    WebhookSecretRotated,
)
from custhub.features.webhooks.models import EndpointRow, SecretRow
from custhub.features.webhooks.queries import EndpointRecord, endpoint_of
from custhub.features.webhooks.queries.endpoints import secrets_by_endpoint
from custhub.features.webhooks.repository import WebhookRepository
from custhub.features.webhooks.rules import DisabledReason, EndpointState, is_covered, new_secret
from custhub.features.webhooks.schemas.answers import endpoint_etag, endpoint_view
from custhub.features.webhooks.schemas.bodies import WebhookEndpointCreate, WebhookEndpointPatch, WebhookFilter
from custhub.features.webhooks.service.access import stored
from custhub.features.webhooks.service.parts import WebhookParts
from custhub.features.webhooks.service.watch import disable_endpoint
from custhub.kit.ids import new_id
from custhub.kit.revisions import RevisionRequired, check_revision
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.principal import Principal
from custhub.security.reach import ReachKind

MOST_SECRETS: Final = 3


class Endpoint(NamedTuple):
    """An endpoint with its secrets, newest first; `secret` is a new one in clear."""

    record: EndpointRecord
    secrets: tuple[SecretRow, ...]
    secret: str | None = None


class Endpoints:
    """Use cases of one caller who manages webhooks."""

    def __init__(self, uow: UnitOfWork, who: Principal, parts: WebhookParts) -> None:
        self._uow = uow
        self._who = who
        self._parts = parts
        self._repository = WebhookRepository(uow)

    async def create(self, body: WebhookEndpointCreate) -> Endpoint:
        """Set one up. Raises EgressRefused, WebhookEventTypeUnknown, WebhookOwnerUnknown, WebhookReachRequired."""
        self._check_reach()
        self._check(body.url, body.event_types)
        owner = body.owner_id
        if owner is not None:
            await self._check_owner(owner)
        elif self._who.kind == "user" and await user_by_id(self._uow, self._who.id) is not None:
            owner = self._who.id
        now = self._uow.now
        row = EndpointRow(
            id=new_id(),
            url=body.url,
            description=body.description,
            event_types=list(dict.fromkeys(body.event_types)),
            filter=_filter(body.filter),
            payload=body.payload.value,
            ordering=body.ordering.value,
            bulk=body.bulk.value,
            access=stored(self._who),
            owner_id=owner,
            state=EndpointState.ACTIVE.value,
            disabled_reason=None,
            disabled_at=None,
            deleted_at=None,
            created_at=now,
            updated_at=now,
            revision=1,
        )
        health = self._repository.add(row)
        secret, text = await self._new_secret(row.id)
        self._tell(row, WebhookEndpointCreated, "webhook_endpoint.created", sorted(body.model_fields_set))
        return Endpoint(EndpointRecord(row, health), (secret,), text)

    async def get(self, endpoint_id: UUID) -> Endpoint:
        """One endpoint. Raises WebhookEndpointNotFound."""
        record = await endpoint_of(self._uow, endpoint_id, locking=self._uow.locking)
        if record is None:
            raise WebhookEndpointNotFound
        secrets = (await secrets_by_endpoint(self._uow, [endpoint_id])).get(endpoint_id, [])
        return Endpoint(record, tuple(secrets))

    async def patch(self, endpoint_id: UUID, body: WebhookEndpointPatch, if_match: frozenset[int] | None) -> Endpoint:
        """Change what was sent. Full bodies are rendered with the rights of the caller from now on (S-67)."""
        self._check_reach()
        found = await self._get(endpoint_id, if_match)
        row = found.record.row
        sent = body.changes()
        self._check(sent.get("url"), sent.get("event_types", ()))
        if sent.get("owner_id") is not None and sent["owner_id"] != row.owner_id:
            await self._check_owner(sent["owner_id"])
        if "filter" in sent:
            sent["filter"] = _filter(sent["filter"])
        if "event_types" in sent:
            sent["event_types"] = list(dict.fromkeys(sent["event_types"]))
        values = {name: value for name, value in sent.items() if getattr(row, name) != value}
        if not values:
            return found
        fields = sorted(values)
        changed = self._repository.change(row, {**values, "access": stored(self._who)})
        health = found.record.health
        if "url" in values:
            health = self._repository.reset_health(health)
        self._tell(changed, WebhookEndpointUpdated, "webhook_endpoint.updated", fields)
        return found._replace(record=EndpointRecord(changed, health))

    async def rotate(self, endpoint_id: UUID, if_match: frozenset[int] | None, overlap_hours: int) -> Endpoint:
        """A new secret; the ones before sign beside it for the overlap, at most three in all (W-2).

        Raises RevisionRequired, StaleRevision.
        """
        if if_match is None:
            raise RevisionRequired
        found = await self._get(endpoint_id, if_match)
        ends = self._uow.now + timedelta(hours=overlap_hours)
        kept: list[SecretRow] = []
        for old in found.secrets:
            expires = ends if old.expires_at is None else min(ends, old.expires_at)
            if expires <= self._uow.now or len(kept) + 1 >= MOST_SECRETS:
                self._repository.remove_secret(old)
            elif expires == old.expires_at:
                kept.append(old)
            else:
                kept.append(self._repository.end_secret(old, expires))
        secret, text = await self._new_secret(endpoint_id)
        row = self._repository.change(found.record.row, {})
        self._tell(row, WebhookSecretRotated, "webhook_endpoint.secret_rotated", ["secrets"])
        return Endpoint(found.record._replace(row=row), (secret, *kept), text)

    async def enable(self, endpoint_id: UUID) -> Endpoint:
        """Send again. What came meanwhile was skipped: a replay recovers it (W-10)."""
        found = await self.get(endpoint_id)
        row, health = found.record
        if row.state == EndpointState.ACTIVE:
            return found
        values = {"state": EndpointState.ACTIVE.value, "disabled_reason": None, "disabled_at": None}
        row = self._repository.change(row, values)
        health = self._repository.reset_health(health)
        self._tell(row, WebhookEndpointEnabled, "webhook_endpoint.enabled", ["state"])
        return found._replace(record=EndpointRecord(row, health))

    async def disable(self, endpoint_id: UUID) -> Endpoint:
        """Send nothing any more; what waits is skipped."""
        found = await self.get(endpoint_id)
        if found.record.row.state == EndpointState.DISABLED:
            return found
        row = disable_endpoint(self._uow, found.record.row, DisabledReason.MANUAL)
        return found._replace(record=found.record._replace(row=row))

    async def delete(self, endpoint_id: UUID, if_match: frozenset[int] | None) -> None:
        """Forget an endpoint and its secrets; its log stays for as long as logs do."""
        row = (await self._get(endpoint_id, if_match)).record.row
        self._repository.remove_secrets(endpoint_id)
        row = self._repository.change(row, {"deleted_at": self._uow.now})
        self._tell(row, WebhookEndpointDeleted, "webhook_endpoint.deleted", [])

    async def _get(self, endpoint_id: UUID, if_match: frozenset[int] | None) -> Endpoint:
        found = await self.get(endpoint_id)
        tag = endpoint_etag(endpoint_view(found.record, found.secrets, self._uow.now))
        check_revision(if_match, found.record.row.revision, tag)
        return found

    async def _new_secret(self, endpoint_id: UUID) -> tuple[SecretRow, str]:
        secret_id, text = new_id(), new_secret()
        row = SecretRow(secret_id, endpoint_id, await self._parts.seal(secret_id, text), self._uow.now, None)
        self._repository.add_secret(row)
        return row, text

    def _check_reach(self) -> None:
        if self._who.reach.kind is not ReachKind.ALL:
            raise WebhookReachRequired

    def _check(self, url: str | None, patterns: Iterable[str]) -> None:
        unknown = [i for i, pattern in enumerate(patterns) if not is_covered(pattern, CATALOGUE)]
        if unknown:
            raise WebhookEventTypeUnknown(unknown)
        if url is not None:
            self._parts.policy.check(url)

    async def _check_owner(self, owner_id: UUID) -> None:
        user = await user_by_id(self._uow, owner_id)
        if user is None or user.row.is_disabled:
            raise WebhookOwnerUnknown

    def _tell(self, row: EndpointRow, event: type[Event], action: str, fields: list[str]) -> None:
        changed = tuple(fields) if event is WebhookEndpointUpdated else ()
        self._uow.emit(event(row.id, row.revision, fields=changed))
        self._uow.audit(Note(action, "webhook_endpoint", row.id, fields=fields))


def _filter(body: WebhookFilter) -> dict[str, Any]:
    return {
        "fields": sorted(set(body.fields)),
        "actor_kinds": sorted({kind.value for kind in body.actor_kinds}),
        "ignored_actors": sorted({client_id.hex for client_id in body.ignored_client_ids}),
    }
