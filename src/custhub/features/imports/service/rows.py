"""From what a row says to what is stored of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic, TypeVar, cast

import orjson
from pydantic import ValidationError

from custhub.crypto.live import LiveKeys
from custhub.events.outbox import record_events
from custhub.features.audit.service import AuditWriter
from custhub.features.customers.queries.sources import IdentitySources, SourceRanks
from custhub.features.customers.schemas.bodies import CustomerCreate
from custhub.features.customers.service.bulk import BulkPreparer
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.standards import RefusedChanges, Standards, Verifications
from custhub.features.fields.rules import Catalogue
from custhub.features.fields.service.catalogue import FieldCatalogue
from custhub.features.imports.rules.formats import Read, RowRefused
from custhub.features.imports.rules.mapping import Mapper, Plan, empty, unmapped
from custhub.features.imports.rules.outcomes import Fault, Outcome
from custhub.features.imports.rules.paths import join_list
from custhub.features.imports.service.gathering import GatheredBatch
from custhub.features.imports.service.setup import Task
from custhub.features.matching.service.keeping import MatchKeeper
from custhub.http.issues import issues_of
from custhub.kit.clock import Clock
from custhub.kit.db import Database, EngineName
from custhub.kit.errors import FieldIssue, HubError
from custhub.kit.uow import Fact, Note, UnitOfWork
from custhub.security.standing import restored
from custhub.settings import Settings

_SCHEMA: Final[Mapping[str, Any]] = CustomerCreate.model_json_schema()
T = TypeVar("T")
_MOST_FAULTS: Final = 20
#: Refusals that only what is stored can tell, and the field that they are about.
_FIELDS: Final = {
    **dict.fromkeys(("phone_taken", "lookup_quota_exceeded", "mask_probing"), "phones"),
    "external_id_taken": "external_ids",
    "owner_unknown": "owner_id",
    "team_unknown": "team_id",
    "person_unknown": "contacts",
}


def schema_of(catalogue: Catalogue) -> Mapping[str, Any]:
    """What a column can go to: the members of the body that creates a customer, with the custom fields of this hub."""
    own = {key: known.schema.keywords() for key, known in catalogue.definitions.items() if not known.archived}
    properties = {**_SCHEMA["properties"], "custom_fields": {"type": "object", "properties": own}}
    return {**_SCHEMA, "properties": properties}


class _Given(Generic[T]):
    """A value that does not change."""

    def __init__(self, value: T) -> None:
        self.value = value


class NoDatabase:
    """Stands where a database would: whoever asks it anything has a bug."""

    def __init__(self, dialect: Any) -> None:  # SQLAlchemy's, of the engine that rows are made for
        self.dialect = dialect
        self.name: EngineName = "postgresql" if dialect.name == "postgresql" else "sqlite"


class _Recorder:
    """Rows of events and audit entries; keys are looked at by whoever stores them."""

    def __init__(self, keys: LiveKeys) -> None:
        self._audit = AuditWriter(keys)

    def record(self, uow: UnitOfWork, facts: Sequence[Fact], notes: Sequence[Note]) -> None:
        record_events(uow, facts)
        self._audit.write(uow, notes)

    def committed(self) -> None:
        return None


class _Fixed:
    """A clock that is told the time."""

    def __init__(self, now: datetime) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0


class RowReader:
    """Turns rows into bodies, and refusals back into columns."""

    def __init__(self, task: Task) -> None:
        """Raise MappingInvalid when the mapping does not fit the file."""
        plan = Plan.of(task.plan or {"rules": [], "constants": {}})
        layout = task.layout
        assert layout is not None, "rows of an unknown layout"  # noqa: S101  # a bug, no input
        self._source, schema = task.source, schema_of(task.catalogue)
        self.columns = layout.columns
        self._mapper: Mapper | None = None
        if layout.columns or plan.rules:
            self.columns = layout.columns or tuple(dict.fromkeys(c for rule in plan.rules for c in rule.columns))
            self._mapper = Mapper(plan, self.columns, schema)

    def unused(self) -> list[str]:
        """Columns that go nowhere."""
        used = set() if self._mapper is None else self._mapper.used()
        return [name for i, name in enumerate(self.columns) if i not in used]

    def sent(self, read: Read, order: dict[str, list[str]] | None = None) -> dict[str, Any] | None:
        """The body that a row sends, None for an empty row; `order` is told its parts. Raises RowRefused."""
        if isinstance(read, RowRefused):
            raise read
        if empty(read):
            return None
        if self._mapper is None:
            sent = dict(cast(dict[str, Any], read))
        else:
            try:
                sent = self._mapper.body(self._cells(read), order)
            except RowRefused as refused:
                if not refused.code:
                    return None
                raise
        sent.setdefault("source", self._source)
        return sent

    def faults(self, read: Read, issues: Sequence[FieldIssue], code: str) -> list[Fault]:
        """Where in the row the refused members came from."""
        if not issues:
            return [Fault(-1, "", code)]
        return [Fault(*self._place(read, found.pointer), found.code) for found in issues[:_MOST_FAULTS]]

    def faults_among(self, order: Mapping[str, Sequence[str]], error: HubError) -> list[Fault]:
        """The same for who has no more of the row than the order of its parts."""
        found = error.issues[:_MOST_FAULTS]
        return [Fault(*self.place_among(order, at.pointer), at.code) for at in found] or self.faults_of(error)

    def place_among(self, order: Mapping[str, Sequence[str]], pointer: str) -> tuple[int, str]:
        """The column that a member came from, or -1, and the field that it goes to."""
        return unmapped(pointer) if self._mapper is None else self._mapper.place_among(pointer, order)

    def faults_of(self, error: HubError) -> list[Fault]:
        """The column whose value somebody else has, or whom it may not name."""
        field = error.issues[0].pointer.split("/")[1] if error.issues else _FIELDS.get(error.code, "")
        return [Fault(*(self._mapper.column_of(field) if self._mapper and field else (-1, field)), error.code)]

    def _cells(self, read: Read) -> Sequence[str]:
        if isinstance(read, dict):
            return [_scalar(read.get(name), i) for i, name in enumerate(self.columns)]
        return cast(Sequence[str], read)

    def _place(self, read: Read, pointer: str) -> tuple[int, str]:
        return unmapped(pointer) if self._mapper is None else self._mapper.place_of(pointer, self._cells(read))


def body_of(sent: Mapping[str, Any]) -> CustomerCreate:
    """The body, as a request would have it read. Raises ValidationError."""
    return CustomerCreate.model_validate(sent)


def refused_members(error: ValidationError) -> list[FieldIssue]:
    """The issues of a refused body."""
    found = error.errors(include_url=False, include_context=False)
    return issues_of([{**refused, "loc": ("body", *refused["loc"])} for refused in found])


class RowPreparer:
    """Makes rows of one import ready to be stored, all as one caller."""

    def __init__(self, task: Task, keys: LiveKeys, database: NoDatabase) -> None:
        who = restored(task.standing or {})
        self._clock = _Fixed(datetime.min.replace(tzinfo=UTC))
        recorder = _Recorder(keys)
        uow = UnitOfWork(cast(Database, database), cast(Clock, self._clock), recorder, who.actor, task.request_id)
        settings = Settings(**task.settings)
        standards = Standards(
            cast(FieldCatalogue, _Given(task.catalogue)),
            cast(SourceRanks, _Given[dict[str, int]]({})),
            cast(RefusedChanges, None),  # nothing is refused to who is new, and nobody calls them
            timedelta(),
            cast(Verifications, None),
            MatchKeeper(keys, cast(IdentitySources, _Given(task.personal))),
        )
        context = CustomerContext(uow, who, keys, settings, standards)
        self._preparer = BulkPreparer(context, bulk_id=task.bulk_id, is_screened=task.is_screened)
        self._is_shown = task.kind == "preview"
        self.reader = RowReader(task)

    def batch(self, reads: Sequence[Read], first: int, now: datetime) -> dict[str, Any]:
        """What is to be stored of these rows: plain values, for the pipe."""
        self._preparer.at(now)
        made = GatheredBatch(first)
        for place, read in enumerate(reads):
            try:
                sent = self.reader.sent(read)
                if sent is None:
                    made.add(Outcome.SKIPPED)
                else:
                    body = body_of(sent)
                    made.add_customer(place, self._preparer.prepare(body), body)
                    if self._is_shown:
                        made.views.append((place, orjson.dumps(self._preparer.show(body))))
            except RowRefused as refused:
                made.refuse(place, [Fault(refused.column, "", refused.code)])
            except ValidationError as error:
                made.refuse(place, self.reader.faults(read, refused_members(error), "invalid_value"))
            except HubError as error:
                made.refuse(place, self.reader.faults(read, error.issues, error.code))
        return made.message()


def _scalar(value: Any, column: int) -> str:
    """A member of a JSON object as a cell."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return join_list(value)
    raise RowRefused("wrong_type", column)
