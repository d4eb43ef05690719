"""Bodies of models."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from custhub.features.duplicates.queries import MatchModelRow
from custhub.features.duplicates.rules import ModelState
from custhub.features.duplicates.schemas.scans import Count, Threshold
from custhub.features.matching.rules.weights import shipped_document
from custhub.http.fields import INT32, LINE, Body, DuplicateModelId, Read, Revision
from custhub.kit.ids import Prefix, to_text

_Cursor = Annotated[str, StringConstraints(max_length=500)]
_Name = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern="^[a-z][a-z0-9_]*$")]
Version = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=LINE)]
_Caller = Annotated[str, StringConstraints(max_length=80)]
_Records = Annotated[int, Field(ge=1, le=INT32, json_schema_extra={"format": "int32"})]
#: No level weighs more: a billion billion to one.
_Bits = Annotated[float, Field(ge=-60, le=60, allow_inf_nan=False)]
_Chance = Annotated[float, Field(ge=1e-6, le=1, allow_inf_nan=False)]
_Chances = Annotated[dict[_Name, _Chance], Field(min_length=1, max_length=20)]
_Levels = Annotated[dict[_Name, _Bits], Field(min_length=1, max_length=20)]


class MatchPrior(Body):
    """What is known before anything is compared: `bits` among `at` records, one less for twice as many."""

    at: _Records
    bits: Annotated[float, Field(ge=-60, le=0, allow_inf_nan=False)]
    least: _Records = Field(description="Fewer records count as so many")


class MatchHousehold(Body):
    """Two different people of one home: the share of such pairs among all, and the chance of each level."""

    share: _Chance
    name: _Chances
    birthday: _Chances
    personal_id: _Chances


class MatchThresholds(Body):
    """Where a list is cut by `custhub dedupe run`; in the hub the settings say so."""

    review: Threshold
    merge: Threshold


class MatchSample(Body):
    """What a model was estimated from."""

    model_version: Version = Field(description="The model it started from")
    pairs: Count
    decisions: Count = Field(description="Decisions of people; with less than 500 nobody is scored by it")


class MatchDocument(Body):
    """A model as `custhub dedupe estimate` writes it: bits for each level of each field."""

    model_version: Version = Field(description="Its name; one that begins with a digit is the hub's own")
    prior: MatchPrior
    levels: Annotated[dict[_Name, _Levels], Field(min_length=1, max_length=20)]
    household_cap: Annotated[float, Field(ge=0, le=60, allow_inf_nan=False)]
    households: Annotated[dict[_Name, MatchHousehold], Field(min_length=1, max_length=20)]
    thresholds: MatchThresholds
    estimated_from: MatchSample | None = Field(description="Null for what was written by hand, and for the shipped one")


_SAMPLE = {"model_version": shipped_document()["model_version"], "pairs": 48_210, "decisions": 812}
_EXAMPLE = {**shipped_document(), "model_version": "own-2026-11-23", "estimated_from": _SAMPLE}


class DuplicateModelCreate(Body):
    """A model to look at; nobody is scored by it before it is activated."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"document": _EXAMPLE, "note": "Decisions of 2026"}]})

    document: MatchDocument
    note: Line | None = Field(default=None, description="For whoever decides about it")


class DuplicateModelActivate(Body):
    """Why everybody is scored by another model."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Agrees with 798 of 812 decisions"}]})

    reason: Line = Field(description="Kept in the audit log")


class DuplicateModelQuery(BaseModel):
    """Place and size of a page."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")
    cursor: _Cursor | None = Field(default=None, description="`next_cursor` of the page before")


class MatchDifference(Read):
    """A level of which the model says something else than the active one."""

    field: _Name
    level: _Name
    bits: float
    active_bits: float


class DuplicateModelRead(Read):
    """A model: the one that people are scored by, a proposal, or one that was active before."""

    id: DuplicateModelId
    object: Literal["duplicate_model"]
    model_version: Version
    state: ModelState
    shipped: bool = Field(description="It comes with the hub, and changes with it")
    note: Line | None
    document: Annotated[dict[str, JsonValue], Field(max_length=20)] = Field(
        description="Of the form of `MatchDocument`, in which a model is proposed"
    )
    differences: Annotated[list[MatchDifference], Field(max_length=400)]
    created_by: _Caller | None
    created_at: datetime
    activated_by: _Caller | None
    activated_at: datetime | None
    updated_at: datetime
    revision: Revision


class DuplicateModelPage(Read):
    """A page of models, newest first; the shipped one is the last."""

    data: Annotated[list[DuplicateModelRead], Field(max_length=200)]
    next_cursor: _Cursor | None
    has_more: bool


def duplicate_model_view(row: MatchModelRow, active: MatchModelRow) -> dict[str, Any]:
    """The body of a model, beside the active one."""
    levels = active.document["levels"]
    return {
        "id": to_text(Prefix.DUPLICATE_MODEL, row.id),
        "object": "duplicate_model",
        "model_version": row.model_version,
        "state": row.state,
        "shipped": row.is_shipped,
        "note": row.note,
        "document": {"estimated_from": None, **row.document},
        "differences": [
            {"field": field, "level": level, "bits": bits, "active_bits": levels[field][level]}
            for field, found in row.document["levels"].items()
            for level, bits in found.items()
            if bits != levels[field][level]
        ],
        "created_by": row.created_by,
        "created_at": row.created_at,
        "activated_by": row.activated_by,
        "activated_at": row.activated_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }


def duplicate_model_etag(row: MatchModelRow, active: MatchModelRow) -> str:
    """Strong entity tag: the revision, and what it is compared with. No document ever changes under its version."""
    told = f"{row.model_version} {active.model_version}"
    return f'"{row.revision}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"'
