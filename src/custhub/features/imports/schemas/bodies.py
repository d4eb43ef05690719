"""Request bodies of imports and of mapping profiles."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from custhub.features.customers.rules import MatchKind
from custhub.features.customers.schemas.bodies import SourceName
from custhub.features.customers.schemas.upsert import ConflictRules
from custhub.features.imports.rules.formats import MOST_COLUMNS, Encoding, Wishes
from custhub.features.imports.rules.mapping import Plan, Rule
from custhub.http.fields import Body, MappingId, Text100, Timestamp

Mode = Literal["create", "update", "upsert"]
RowOutcome = Literal["created", "updated", "unchanged", "refused", "failed", "skipped", "removed", "restored", "kept"]
#: Said of names that are keys of an object: tools that make requests from the document do not know it of those.
_NO_NUL = r"^[^\x00]*$"
ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=_NO_NUL)]
FieldPath = Annotated[str, StringConstraints(min_length=1, max_length=180, pattern=_NO_NUL)]
CellValue = Annotated[str, StringConstraints(max_length=1_000)]
Cursor = Annotated[str, StringConstraints(max_length=500)]


class MappingRule(Body):
    """What fills one field of a customer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"columns": ["手机"], "field": "phones[0].number"}]})

    columns: list[ColumnName] = Field(
        min_length=1, max_length=10, description="Columns of the file; several are joined", examples=[["手机"]]
    )
    field: FieldPath = Field(
        description="Where it goes: display_name, phones[0].number, external_ids[shop], tags, custom_fields.size",
        examples=["phones[0].number"],
    )
    join: Annotated[str, StringConstraints(max_length=10)] = Field(
        default=" ", description="Between the values of several columns"
    )
    values: dict[ColumnName, CellValue] = Field(
        default_factory=dict,
        max_length=1_000,
        description="What a value becomes; one that is not here stays, an empty one counts as an empty cell",
        examples=[{"男": "male", "女": "female"}],
    )


class ImportMappingFields(Body):
    """Which columns go where, and what is the same in every row."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "rules": [
                        {"columns": ["姓名"], "field": "display_name"},
                        {"columns": ["手机"], "field": "phones[0].number"},
                        {"columns": ["省", "市"], "field": "addresses[0].full_text", "join": ""},
                    ],
                    "constants": {"stage": "lead"},
                }
            ]
        }
    )

    rules: list[MappingRule] = Field(default_factory=list, max_length=MOST_COLUMNS)
    constants: dict[FieldPath, CellValue] = Field(
        default_factory=dict, max_length=50, description="Fields that are the same in every row"
    )

    def plan(self) -> Plan:
        """As the rules of imports know it."""
        rules = tuple(Rule(tuple(rule.columns), rule.field, rule.join, rule.values) for rule in self.rules)
        return Plan(rules, self.constants)


class ImportOptions(Body):
    """How to read the file, where its content does not tell."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"delimiter": ";", "has_header": True}]})

    encoding: Encoding | None = Field(default=None, description="Of the text; found by trying, else")
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1, pattern="^[,;|\t]$")] | None = Field(
        default=None, description="Between the cells of a CSV file"
    )
    has_header: bool | None = Field(default=None, description="Whether the first row names the columns")
    sheet: Annotated[str, StringConstraints(min_length=1, max_length=80)] | None = Field(
        default=None, description="Sheet of a workbook; the first one, else"
    )

    def wishes(self) -> Wishes:
        """As the rules of imports know them."""
        return Wishes(self.encoding, self.delimiter, self.has_header, self.sheet)


class ImportCreate(Body):
    """An import to make; its file comes next."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source": "shop",
                    "mode": "create",
                    "mapping": {
                        "rules": [
                            {"columns": ["姓名"], "field": "display_name"},
                            {"columns": ["手机"], "field": "phones[0].number"},
                        ]
                    },
                }
            ]
        }
    )

    source: SourceName = Field(description="Where the rows come from; the source of customers that name none")
    mode: Mode = Field(
        default="create",
        description="What rows do: `create` makes a customer of each, `update` changes those who are there, "
        "`upsert` does either",
    )
    match_on: list[MatchKind] = Field(
        default_factory=lambda: [MatchKind.EXTERNAL_ID, MatchKind.PHONE],
        min_length=1,
        max_length=3,
        description="Of `update` and `upsert`: any of these keys of a row finds its customer",
        examples=[["external_id"]],
    )
    on_conflict: ConflictRules = Field(
        default_factory=ConflictRules, description="Of `update` and `upsert`: how a row meets what stands"
    )
    occurred_at: Timestamp | None = Field(
        default=None,
        description="Of `update` and `upsert`: when the file was true; what is older than what stands only fills "
        "what is empty",
    )
    mapping: ImportMappingFields | None = Field(
        default=None, description="Which column goes where. Without one, columns named as fields go there"
    )
    mapping_id: MappingId | None = Field(default=None, description="A mapping profile, in place of `mapping`")
    options: ImportOptions = Field(default_factory=ImportOptions)

    def matching(self) -> dict[str, Any] | None:
        """How rows meet customers who are there, as it is stored; None where each makes a new one."""
        if self.mode == "create":
            return None
        return {
            "match_on": [kind.value for kind in self.match_on],
            "on_conflict": self.on_conflict.model_dump(mode="json"),
            "occurred_at": None if self.occurred_at is None else self.occurred_at.isoformat(),
        }


class ImportMappingCreate(ImportMappingFields):
    """A mapping to use again."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source": "shop",
                    "name": "Monthly list",
                    "rules": [{"columns": ["姓名"], "field": "display_name"}],
                    "constants": {},
                }
            ]
        }
    )

    source: SourceName = Field(description="Whose files it fits")
    name: Text100 = Field(examples=["Monthly list"])


class ImportMappingPatch(Body):
    """What may change about a mapping profile."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Weekly list"}]})

    name: Text100 = ""
    rules: list[MappingRule] = Field(default_factory=list, max_length=MOST_COLUMNS)
    constants: dict[FieldPath, CellValue] = Field(default_factory=dict, max_length=50)


class PageQuery(BaseModel):
    """Which page of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")
    cursor: Cursor | None = Field(default=None, description="`next_cursor` of the page before")


class RowsQuery(PageQuery):
    """Which rows of an import."""

    outcome: RowOutcome | None = Field(default=None, description="What became of them")
