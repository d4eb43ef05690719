"""Routes of keys and their rotations."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request, Response

from custhub.crypto.errors import KeyUnavailable
from custhub.features.keys.deps import CanManage, IfNoneMatch, Keys, Rotations
from custhub.features.keys.errors import (
    KeyInUse,
    KeyNotFound,
    KeyPermanent,
    KeyringReadOnly,
    RotationInProgress,
    RotationNotFound,
)
from custhub.features.keys.queries import page_of_refs, page_of_rotations
from custhub.features.keys.schemas import (
    KeyAdd,
    KeyListQuery,
    KeyPage,
    KeyRead,
    KeyRotationListQuery,
    KeyRotationPage,
    KeyRotationRead,
    KeyRotationStart,
    key_etag,
    key_view,
    rotation_etag,
    rotation_view,
)
from custhub.features.keys.service.registry import record_of
from custhub.features.keys.service.rotations import get_rotation
from custhub.http.answers import Answer, created, not_modified, ok, page
from custhub.http.deps import TheCall
from custhub.http.fields import KeyId
from custhub.http.hub import Call
from custhub.http.openapi import problems
from custhub.http.routing import hub_router
from custhub.kit.ids import Prefix, text_or_none, to_text
from custhub.kit.paging import Cursors

router = hub_router("/v1/keys", "keys")
rotations_router = hub_router("/v1/key-rotations", "keys")


@router.get("", response_model=KeyPage)
async def list_keys(
    request: Request, query: Annotated[KeyListQuery, Query()], who: CanManage, call: TheCall
) -> Response:
    """List the keys of the deployment, oldest first, with what depends on each."""
    hub = call.hub
    cursors = _cursors(call, who.id, "keys", query)
    found = await page_of_refs(hub.database, query.purposes(), _key_of(cursors.read(query.cursor)), query.limit)
    items = [key_view(await record_of(hub.database, hub.keys, ref)) for ref in found.items]
    cursor = cursors.write(found.after)
    return page(items, cursor, _next_url(request, cursor))


@router.post(
    "",
    status_code=201,
    response_model=KeyRead,
    responses=problems(RotationInProgress, KeyringReadOnly, KeyUnavailable),
)
async def add_key(body: KeyAdd, _: CanManage, keys: Keys, call: TheCall) -> Response:
    """Add a key that signs or hashes: tokens, cursors, suppressed numbers, the audit log.

    It is `next` until every process knows it, a few seconds, then `live` and in charge. Tokens signed with the old
    key stay valid; cursors and replays of idempotency keys made with an old `cursor` key end.
    """
    record = await record_of(call.hub.database, call.hub.keys, await keys.add(body.purpose))
    return created(key_view(record), f"/v1/keys/{to_text(Prefix.KEY, record.ref.id)}", key_etag(record))


@router.get("/{key_id}", response_model=KeyRead, responses=problems(KeyNotFound))
async def get_key(
    key_id: KeyId, _: CanManage, keys: Keys, call: TheCall, if_none_match: IfNoneMatch = None
) -> Response:
    """Get one key."""
    record = await record_of(call.hub.database, call.hub.keys, await keys.get(key_id))
    etag = key_etag(record)
    if if_none_match is not None and etag in if_none_match:
        return not_modified(etag)
    return ok(key_view(record), etag)


@router.post("/{key_id}/retire", response_model=KeyRead, responses=problems(KeyNotFound, KeyInUse, KeyPermanent))
async def retire_key(key_id: KeyId, _: CanManage, keys: Keys, call: TheCall) -> Response:
    """Retire a key for good: nothing is read or verified with it any more, and it leaves the keyring.

    Refused while stored rows need it, while it is in charge, and for keys whose hashes and signatures must stay
    checkable. A keyring that comes from the environment is the operator's to clean up.
    """
    record = await record_of(call.hub.database, call.hub.keys, await keys.retire(key_id))
    return ok(key_view(record), key_etag(record))


@rotations_router.get("", response_model=KeyRotationPage)
async def list_key_rotations(
    request: Request, query: Annotated[KeyRotationListQuery, Query()], who: CanManage, call: TheCall
) -> Response:
    """List rotations, newest first."""
    cursors = _cursors(call, who.id, "key-rotations", query)
    before = _key_of(cursors.read(query.cursor))
    found = await page_of_rotations(call.hub.database, query.purposes(), before, query.limit)
    cursor = cursors.write(found.after)
    return page([rotation_view(row) for row in found.items], cursor, _next_url(request, cursor))


@rotations_router.post(
    "",
    status_code=202,
    response_model=KeyRotationRead,
    responses=problems(RotationInProgress, KeyringReadOnly, KeyUnavailable),
)
async def start_key_rotation(body: KeyRotationStart, _: CanManage, rotations: Rotations) -> Response:
    """Rotate to a new key while the hub goes on working.

    `field` wraps every data key anew; sealed values stay as they are. `bidx` gives every number indexes under the
    new key; until that is done, numbers are unique and found under both. It is the work of
    a job, which shows its progress, survives restarts and can be canceled; a rotation that failed or was canceled is
    continued by starting it again. The old key stays in the keyring until it is retired.
    """
    row = await rotations.start(body.purpose)
    location = f"/v1/jobs/{text_or_none(Prefix.JOB, row.job_id)}"
    headers = ((b"location", location.encode()), (b"etag", rotation_etag(row).encode()), (b"retry-after", b"2"))
    return Answer(rotation_view(row), 202, headers)


@rotations_router.get("/{rotation_id}", response_model=KeyRotationRead, responses=problems(RotationNotFound))
async def get_key_rotation(
    rotation_id: KeyId, _: CanManage, call: TheCall, if_none_match: IfNoneMatch = None
) -> Response:
    """Get one rotation and how far it is."""
    row = await get_rotation(call.hub.database, rotation_id)
    etag = rotation_etag(row)
    if if_none_match is not None and etag in if_none_match:
        return not_modified(etag)
    return ok(rotation_view(row), etag)


def _cursors(call: Call, caller: UUID, name: str, query: KeyListQuery | KeyRotationListQuery) -> Cursors:
    return Cursors(call.hub.keys.cursors.sign, [caller.hex, name, *query.binding()])


def _key_of(after: list[str] | None) -> UUID | None:
    return UUID(after[0]) if after else None


def _next_url(request: Request, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f"{request.url.path}?{urlencode([*kept, ('cursor', cursor)])}"
