"""Types of members that many bodies share; they carry their bounds into the document (CONTRACT B5)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
)
from pydantic.json_schema import WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_before_validator_function

from custhub.kit.ids import PATTERNS, Prefix, from_text
from custhub.kit.mailboxes import EmailInvalid, parse_email

INT32 = 2_147_483_647

_NO_LINE = "\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069"
_UNSEEN = "\\s\\u00ad\\u200b-\\u200f\\u2060-\\u2065\\ufeff"
#: One line with something to see on it: no controls, no line ends, nothing that turns the direction of writing.
LINE = f"^[^{_NO_LINE}]*[^{_NO_LINE}{_UNSEEN}][^{_NO_LINE}]*$"


def _make_exact(node: Any) -> None:
    """Pydantic takes "yes" for true, "5_0" and true for numbers; JSON Schema, and so the document, does not."""
    if isinstance(node, list | tuple):
        for item in node:
            _make_exact(item)
    elif isinstance(node, dict):
        if node.get("type") == "bool":
            node["strict"] = True
        elif node.get("type") in ("int", "float"):
            inner = dict(node)
            node.clear()
            check = _integer if inner["type"] == "int" else _number
            node.update(no_info_before_validator_function(check, inner))
        if node.get("type") == "function-before" and node["function"]["function"] in (_integer, _number):
            return
        for item in node.values():
            _make_exact(item)


def _number(value: object) -> object:
    if isinstance(value, str | bool):
        raise PydanticCustomError("wrong_type", "not a number", {"type": "number"})
    return value


def _integer(value: object) -> object:
    if isinstance(value, str | bool):
        raise PydanticCustomError("wrong_type", "not an integer", {"type": "integer"})
    return value


class Body(BaseModel):
    """A request body: unknown members are refused, and so are numbers and truth values written as something else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The schema of the class; a member's own `strict` would not reach inside lists and unions."""
        schema = handler(source)
        _make_exact(schema)
        return schema


class Read(BaseModel):
    """A response body; it documents what views give."""

    model_config = ConfigDict(frozen=True)


def _id(prefix: Prefix) -> Any:
    def parse(value: object) -> UUID:
        if isinstance(value, UUID):
            return value
        if isinstance(value, str):
            try:
                return from_text(prefix, value)
            except ValueError:
                pass
        raise PydanticCustomError("invalid_id", "not an id of this kind")

    example = f"{prefix.value}_01m81amc1cfrnt9m7qcr38rxrh"
    schema = {"type": "string", "pattern": PATTERNS[prefix], "minLength": 30, "maxLength": 30, "examples": [example]}
    return Annotated[UUID, BeforeValidator(parse), WithJsonSchema(schema)]


CustomerId = _id(Prefix.CUSTOMER)
PhoneId = _id(Prefix.PHONE)
ContactId = _id(Prefix.CONTACT)
EmailId = _id(Prefix.EMAIL)
AddressId = _id(Prefix.ADDRESS)
ExternalIdId = _id(Prefix.EXTERNAL_ID)
UserId = _id(Prefix.USER)
TeamId = _id(Prefix.TEAM)
RoleId = _id(Prefix.ROLE)
ClientId = _id(Prefix.CLIENT)
GrantId = _id(Prefix.GRANT)
KeyId = _id(Prefix.KEY)
AuditId = _id(Prefix.AUDIT)
MessageId = _id(Prefix.MESSAGE)
JobId = _id(Prefix.JOB)
ImportId = _id(Prefix.IMPORT)
MappingId = _id(Prefix.MAPPING)
EventId = _id(Prefix.EVENT)
WebhookId = _id(Prefix.WEBHOOK)
DeliveryId = _id(Prefix.DELIVERY)
BulkActionId = _id(Prefix.BULK_ACTION)
SavedFilterId = _id(Prefix.SAVED_FILTER)
ExportId = _id(Prefix.EXPORT)
FieldDefinitionId = _id(Prefix.FIELD)
VocabularyId = _id(Prefix.VOCABULARY)
VocabularyChangeId = _id(Prefix.VOCABULARY_CHANGE)
FindingId = _id(Prefix.FINDING)
ScanId = _id(Prefix.SCAN)
MergeId = _id(Prefix.MERGE)
DuplicateId = _id(Prefix.DUPLICATE)
DuplicateScanId = _id(Prefix.DUPLICATE_SCAN)
DuplicateClusterId = _id(Prefix.DUPLICATE_CLUSTER)
DuplicateModelId = _id(Prefix.DUPLICATE_MODEL)
BulkMergeId = _id(Prefix.BULK_MERGE)
SuppressionId = _id(Prefix.SUPPRESSION)
ConsentId = _id(Prefix.CONSENT)
TouchpointId = _id(Prefix.TOUCHPOINT)
SelfServiceLinkId = _id(Prefix.SELF_SERVICE_LINK)


_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:  # the first hours of year 1, the last ones of 9999
        raise PydanticCustomError("invalid_timestamp", "out of range") from None


def _rfc3339(value: object) -> object:
    # Pydantic would read a number, in digits too, as seconds since 1970.
    if not isinstance(value, datetime) and not (isinstance(value, str) and _RFC3339.fullmatch(value)):
        raise PydanticCustomError("invalid_timestamp", "not RFC 3339")
    return value


Timestamp = Annotated[
    datetime,
    BeforeValidator(_rfc3339),
    AfterValidator(_in_utc),
    WithJsonSchema({"type": "string", "format": "date-time", "maxLength": 40, "examples": ["2026-01-31T08:00:00Z"]}),
]
_CALENDAR_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _calendar_day(value: object) -> object:
    # Here, too, Pydantic would read digits as seconds.
    if not isinstance(value, date) and not (isinstance(value, str) and _CALENDAR_DAY.fullmatch(value)):
        raise PydanticCustomError("invalid_date", "not YYYY-MM-DD")
    return value


#: A day in a query: `YYYY-MM-DD`.
CalendarDay = Annotated[
    date,
    BeforeValidator(_calendar_day),
    WithJsonSchema({"type": "string", "format": "date", "maxLength": 10, "examples": ["2026-01-31"]}),
]
Revision = Annotated[int, Field(ge=1, le=INT32, json_schema_extra={"format": "int32"})]
Text40 = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Text100 = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Text200 = Annotated[str, StringConstraints(min_length=1, max_length=200)]


def _mailbox(value: str) -> str:
    try:
        return parse_email(value).address
    except EmailInvalid as error:
        raise PydanticCustomError(error.code, "refused") from None


MailboxText = Annotated[
    str,
    StringConstraints(min_length=3, max_length=254),
    Field(json_schema_extra={"format": "idn-email"}),
    AfterValidator(_mailbox),
]
