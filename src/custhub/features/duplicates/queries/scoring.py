"""Read statements over models; the model that everybody is scored by, kept in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select

from custhub.features.duplicates.models import SHIPPED, MatchModelRow, duplicate_settings, match_models
from custhub.features.duplicates.queries.scans import stored_settings
from custhub.features.duplicates.rules import ModelState, bits_of
from custhub.features.matching.rules.weights import Weights, shipped_document, shipped_weights, weights_of
from custhub.features.matching.service.counting import Model
from custhub.kit.followed import Followed
from custhub.kit.ids import from_bytes
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader

_m = match_models.c
_LAST: Final = UUID(int=2**128 - 1)


def _row(values: Iterable[Any]) -> MatchModelRow:
    row = MatchModelRow._make(values)
    if not row.is_shipped:
        return row
    return row._replace(model_version=shipped_weights().model_version, document=shipped_document())


_ANY: Final = select(match_models)
_ACTIVE: Final = Query(_ANY.where(_m.state == ModelState.ACTIVE.value), _row)
_ONE: Final = Query(_ANY.where(_m.id == bindparam("id")), _row)
_BY_VERSION: Final = Query(_ANY.where(_m.model_version == bindparam("model_version")), _row)
_PAGE: Final = Query(
    _ANY.where(_m.id < bindparam("before", type_=_m.id.type)).order_by(_m.id.desc()).limit(bindparam("limit")), _row
)
#: An activation changes the settings too.
_STAMP: Final[Query[tuple[Any, ...]]] = Query(select(duplicate_settings.c.revision), tuple)


def scoring_model() -> Model:
    """The active model with the thresholds of the settings, kept in memory; nothing was read yet."""
    return Followed(_STAMP, _weights, shipped_weights())


async def _weights(reader: Reader) -> Weights:
    settings = await stored_settings(reader)
    return weights_of((await active_model(reader)).document).cut_at(bits_of(settings.review), bits_of(settings.merge))


async def active_model(reader: Reader) -> MatchModelRow:
    """The model that everybody is scored by; there always is one."""
    row = await _ACTIVE.first(reader)
    assert row is not None  # noqa: S101  # the migration made it
    return row


async def model_by_id(reader: Reader, model_id: UUID) -> MatchModelRow | None:
    """One model."""
    return await _ONE.first(reader, id=model_id)


async def model_by_version(reader: Reader, version: str) -> MatchModelRow | None:
    """The model of this version. A shipped one of another release is none."""
    if version == shipped_weights().model_version:
        return await model_by_id(reader, SHIPPED)
    return await _BY_VERSION.first(reader, model_version=version)


async def page_of_models(reader: Reader, before: list[Any] | None, limit: int) -> Page[MatchModelRow]:
    """Models, newest first; the shipped one is the last."""
    place = _LAST if before is None else from_bytes(bytes.fromhex(before[0]))
    found = await _PAGE.all(reader, before=place, limit=limit + 1)
    return Page(found) if len(found) <= limit else Page(found[:limit], (found[limit - 1].id.hex,))
