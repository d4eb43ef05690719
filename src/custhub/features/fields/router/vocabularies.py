"""Routes of vocabularies, their entries and their history."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from custhub.features.fields.deps import CanManage, CanRead, IfMatch, TheVocabularies
from custhub.features.fields.errors import (
    TooManyEntries,
    VocabularyEntryNeeded,
    VocabularyEntryNotFound,
    VocabularyEntryTaken,
    VocabularyKeyTaken,
    VocabularyKeyTooLong,
    VocabularyNotFound,
)
from custhub.features.fields.queries import all_vocabularies, page_of_changes, vocabulary_by_id
from custhub.features.fields.schemas.answers import (
    VocabularyHistoryPage,
    VocabularyPage,
    VocabularyRead,
    change_view,
    etag_of,
    vocabulary_view,
)
from custhub.features.fields.schemas.bodies import EntryCreate, EntryPatch, Key, VocabularyCreate, VocabularyPatch
from custhub.http.answers import created, not_modified, ok, page
from custhub.http.fields import VocabularyId
from custhub.http.hub import call_of
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.ids import Prefix, to_text
from custhub.kit.paging import Cursors

router = hub_router("/v1/vocabularies", "vocabularies")
EntryKey = Annotated[Key, Path(description="Key of the entry")]


class PageQuery(BaseModel):
    """Place and size of a page."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")
    cursor: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        default=None, description="`next_cursor` of the page before"
    )


@router.get("", response_model=VocabularyPage)
async def list_vocabularies(request: Request, _: CanRead) -> Response:
    """List all vocabularies with their entries.

    `category`, `stage`, `source` and `need` are those of the customer's own members.
    """
    records = await all_vocabularies(call_of(request).hub.database)
    return page([vocabulary_view(record) for record in records], None)


@router.post(
    "",
    status_code=201,
    response_model=VocabularyRead,
    responses=problems(VocabularyKeyTaken, VocabularyEntryTaken, TooManyEntries),
)
async def create_vocabulary(body: VocabularyCreate, vocabularies: TheVocabularies, _: CanManage) -> Response:
    """Make a vocabulary for custom fields, perhaps with its first entries."""
    record = await vocabularies.create(body)
    view = vocabulary_view(record)
    return created(view, f"/v1/vocabularies/{view['id']}", etag_of(record.row.revision))


@router.get(
    "/{vocabulary_id}",
    response_model=VocabularyRead,
    responses=problems(VocabularyNotFound),
    openapi_extra=traits(CONDITIONAL),
)
async def get_vocabulary(vocabulary_id: VocabularyId, request: Request, _: CanRead) -> Response:
    """Get one vocabulary with its entries."""
    call = call_of(request)
    record = await vocabulary_by_id(call.hub.database, vocabulary_id)
    if record is None:
        raise VocabularyNotFound
    etag = etag_of(record.row.revision)
    return not_modified(etag) if call.has_seen(etag) else ok(vocabulary_view(record), etag)


@router.patch("/{vocabulary_id}", response_model=VocabularyRead, responses=problems(VocabularyNotFound))
async def update_vocabulary(
    vocabulary_id: VocabularyId, body: VocabularyPatch, vocabularies: TheVocabularies, _: CanManage, if_match: IfMatch
) -> Response:
    """Rename a vocabulary."""
    record = await vocabularies.patch(vocabulary_id, body, if_match)
    return ok(vocabulary_view(record), etag_of(record.row.revision))


@router.post(
    "/{vocabulary_id}/entries",
    status_code=201,
    response_model=VocabularyRead,
    responses=problems(VocabularyNotFound, VocabularyEntryTaken, VocabularyKeyTooLong, TooManyEntries),
)
async def add_vocabulary_entry(
    vocabulary_id: VocabularyId, body: EntryCreate, vocabularies: TheVocabularies, _: CanManage
) -> Response:
    """Add an entry to a vocabulary; the answer is the vocabulary."""
    record, _entry = await vocabularies.add_entry(vocabulary_id, body)
    location = f"/v1/vocabularies/{to_text(Prefix.VOCABULARY, vocabulary_id)}"
    return created(vocabulary_view(record), location, etag_of(record.row.revision))


@router.patch(
    "/{vocabulary_id}/entries/{key}",
    response_model=VocabularyRead,
    responses=problems(VocabularyNotFound, VocabularyEntryNotFound, VocabularyEntryNeeded),
)
async def update_vocabulary_entry(
    vocabulary_id: VocabularyId,
    key: EntryKey,
    body: EntryPatch,
    vocabularies: TheVocabularies,
    _: CanManage,
    if_match: IfMatch,
) -> Response:
    """Change an entry by merge patch; the answer is the vocabulary.

    Entries are never deleted: one that is not active stays on the customers that have it and is chosen no more.
    `If-Match` is that of the vocabulary.
    """
    record, _entry = await vocabularies.change_entry(vocabulary_id, key, body, if_match)
    return ok(vocabulary_view(record), etag_of(record.row.revision))


@router.get("/{vocabulary_id}/history", response_model=VocabularyHistoryPage, responses=problems(VocabularyNotFound))
async def list_vocabulary_history(
    vocabulary_id: VocabularyId, query: Annotated[PageQuery, Query()], request: Request, who: CanRead
) -> Response:
    """List who changed what of a vocabulary, newest first."""
    hub = call_of(request).hub
    if await vocabulary_by_id(hub.database, vocabulary_id) is None:
        raise VocabularyNotFound
    cursors = Cursors(hub.keys.cursors.sign, [who.id.hex, "vocabulary-history", vocabulary_id.hex])
    found = await page_of_changes(hub.database, vocabulary_id, cursors.read(query.cursor), query.limit)
    cursor = cursors.write(found.after)
    path = f"/v1/vocabularies/{to_text(Prefix.VOCABULARY, vocabulary_id)}/history"
    return page([change_view(row) for row in found.items], cursor, f"{path}?limit={query.limit}&cursor={cursor}")
