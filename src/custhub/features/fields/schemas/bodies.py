"""Request bodies of vocabularies and field definitions."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, JsonValue, StringConstraints

from custhub.http.fields import LINE, Body

Key = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern="^[a-z][a-z0-9_]*$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=LINE)]
RoleName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=LINE)]
Position = Annotated[int, Field(ge=0, le=10_000, json_schema_extra={"format": "int32"})]
Schema = Annotated[
    dict[Annotated[str, StringConstraints(max_length=40, pattern=r"^[^\x00]*$")], JsonValue], Field(max_length=8)
]
_ABOUT_SCHEMA = "JSON Schema (draft 2020-12) of a value: type, format `date`, enum, bounds, items, `x-vocabulary`"


class LabelsInput(Body):
    """A name in English and Chinese."""

    en: Label
    zh: Label


class FieldDefinitionCreate(Body):
    """A custom field to declare."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "key": "shoe_size",
                    "labels": {"en": "Shoe size", "zh": "鞋码"},
                    "schema": {"type": "number", "minimum": 20, "maximum": 60},
                    "filterable": True,
                }
            ]
        }
    )

    key: Key = Field(description="Its name in `custom_fields`; never changes, is never used again")
    labels: LabelsInput
    description: Annotated[str, StringConstraints(min_length=1, max_length=400)] | None = None
    schema_: Schema = Field(alias="schema", description=_ABOUT_SCHEMA)
    sensitive: bool = Field(default=False, description="Values are encrypted and shown masked; never changes")
    filterable: bool = Field(default=False, description="Lists may filter by it; never changes, never sensitive")
    required: bool = Field(default=False, description="A customer without it is less complete")
    readers: Annotated[list[RoleName], Field(max_length=50)] = Field(
        default=[], description="Roles that see it; empty: all whose field policy shows custom fields"
    )
    writers: Annotated[list[RoleName], Field(max_length=50)] = Field(
        default=[], description="Roles that write it; empty: all whose field policy lets them"
    )
    position: Position = Field(default=100, description="Place in forms")


class FieldDefinitionPatch(Body):
    """A merge patch: absent members stay."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"labels": {"en": "Shoe size (EU)", "zh": "鞋码（欧码）"}, "required": True}]}
    )

    labels: LabelsInput = LabelsInput(en="-", zh="-")
    description: Annotated[str, StringConstraints(min_length=1, max_length=400)] | None = None
    schema_: Schema = Field(
        default={}, alias="schema", description="Of the same type; values that are stored are not looked at again"
    )
    required: bool = False
    readers: Annotated[list[RoleName], Field(max_length=50)] = Field(default_factory=list)
    writers: Annotated[list[RoleName], Field(max_length=50)] = Field(default_factory=list)
    position: Position = 100

    def changes(self) -> dict[str, Any]:
        """The members that were sent, by column."""
        sent = {name.rstrip("_"): getattr(self, name) for name in self.model_fields_set}
        return _columns(sent)


class EntryCreate(Body):
    """A value to add to a vocabulary."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"key": "school", "labels": {"en": "School", "zh": "学校"}, "position": 7}]}
    )

    key: Key
    labels: LabelsInput
    position: Position = 100
    active: bool = True


class EntryPatch(Body):
    """A merge patch of an entry. One that is not active stays on customers and is chosen no more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"active": False}]})

    labels: LabelsInput = LabelsInput(en="-", zh="-")
    position: Position = 100
    active: bool = True

    def changes(self) -> dict[str, Any]:
        """The members that were sent, by column."""
        return _columns({name: getattr(self, name) for name in self.model_fields_set})


class VocabularyCreate(Body):
    """A vocabulary to make, for `x-vocabulary` of custom fields."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "key": "fabric",
                    "labels": {"en": "Fabric", "zh": "面料"},
                    "entries": [{"key": "silk", "labels": {"en": "Silk", "zh": "真丝"}}],
                }
            ]
        }
    )

    key: Key
    labels: LabelsInput
    entries: Annotated[list[EntryCreate], Field(max_length=500)] = Field(default_factory=list)


class VocabularyPatch(Body):
    """A merge patch of a vocabulary; its entries have routes of their own."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"labels": {"en": "Material", "zh": "材质"}}]})

    labels: LabelsInput = LabelsInput(en="-", zh="-")

    def changes(self) -> dict[str, Any]:
        """The members that were sent, by column."""
        return _columns({name: getattr(self, name) for name in self.model_fields_set})


def _columns(sent: dict[str, Any]) -> dict[str, Any]:
    labels = sent.pop("labels", None)
    return sent if labels is None else {**sent, "label_en": labels.en, "label_zh": labels.zh}
