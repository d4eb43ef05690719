"""What a preparing process is told when it begins. Keys go through its pipe, never in arguments or environment."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from custhub.crypto.cipher import SYSTEM, Dek
from custhub.crypto.files import FileReader
from custhub.crypto.handing import handed, taken
from custhub.crypto.keyring import Purpose
from custhub.crypto.live import LiveKeys
from custhub.crypto.models import StoredFileRow
from custhub.features.customers.service.standards import Standards
from custhub.features.fields.rules import Catalogue
from custhub.features.imports.rules.formats import Encoding, FileKind, Layout, Wishes
from custhub.kit.db import from_micros, micros

#: Keys that rows are made with. Those that sign tokens, cursors and checkpoints stay where they are.
_NEEDED = (Purpose.FIELD, Purpose.BIDX, Purpose.SUPPRESS, Purpose.AUDIT_MAC)


@dataclass(frozen=True, slots=True)
class Task:
    """One job of a preparing process."""

    kind: str
    settings: Mapping[str, Any]
    wishes: Wishes | None = None
    layout: Layout | None = None
    plan: Mapping[str, Any] | None = None
    source: str = "import"
    mode: str = "create"
    standing: Mapping[str, Any] | None = None
    engine: str = "sqlite"
    request_id: str = ""
    bulk_id: UUID | None = None
    #: Rows to leave out: they are stored.
    skip: int = 0
    #: Whether numbers and addresses are hashed for the suppression list: not while that names nobody.
    is_screened: bool = True
    #: Vocabularies and custom fields, as they are now.
    catalogue: Catalogue = field(default_factory=Catalogue)
    #: Sources one id of which means one person.
    personal: frozenset[str] = frozenset()


def stand_of(keys: LiveKeys, standards: Standards) -> tuple[Any, ...]:
    """What rows depend on: when it changes, those that wait were made with what does not count any more (S-17)."""
    return (
        standards.catalogue.value.digest,
        standards.matching.personal,
        keys.index_kid,
        keys.claim_kids,
        keys.keyring.newest(Purpose.FIELD),
        keys.keyring.kids(Purpose.SUPPRESS),
        keys.mac.kid,
    )


def setup_of(task: Task, keys: LiveKeys, reader: FileReader) -> dict[str, Any]:
    """Plain values that `opened` reads back."""
    keys.require_current()
    file, key = reader.row, reader.key
    return {
        "kind": task.kind,
        "settings": dict(task.settings),
        "wishes": None if task.wishes is None else list(task.wishes),
        "layout": None if task.layout is None else layout_to_json(task.layout),
        "plan": task.plan,
        "source": task.source,
        "mode": task.mode,
        "standing": task.standing,
        "engine": task.engine,
        "request_id": task.request_id,
        "bulk_id": None if task.bulk_id is None else task.bulk_id.bytes,
        "skip": task.skip,
        "is_screened": task.is_screened,
        "catalogue": pickle.dumps(Catalogue(task.catalogue.definitions, task.catalogue.vocabularies)),
        "personal": sorted(task.personal),
        "keys": handed(keys, _NEEDED),
        "file": [file.id.bytes, file.purpose, file.key_id.bytes, file.size, file.chunks, file.sha256],
        "times": [micros(file.expires_at), micros(file.created_at)],
        "dek": [key.dek_version, key.wrapped],
    }


def task_of(setup: Mapping[str, Any]) -> Task:
    """The task that was set up."""
    wishes, layout, bulk_id = setup["wishes"], setup["layout"], setup["bulk_id"]
    return Task(
        setup["kind"],
        setup["settings"],
        None if wishes is None else wishes_of(wishes),
        None if layout is None else layout_of(layout),
        setup["plan"],
        setup["source"],
        setup["mode"],
        setup["standing"],
        setup["engine"],
        setup["request_id"],
        None if bulk_id is None else UUID(bytes=bulk_id),
        setup["skip"],
        setup["is_screened"],
        pickle.loads(setup["catalogue"]),  # noqa: S301  # what this program wrote, from the hub to its own child
        frozenset(setup["personal"]),
    )


def keys_of(setup: Mapping[str, Any]) -> LiveKeys:
    """The keys that were handed over."""
    return taken(setup["keys"])


def file_of(setup: Mapping[str, Any], keys: LiveKeys) -> tuple[StoredFileRow, Dek]:
    """The file and its data key."""
    file_id, purpose, key_id, size, chunks, digest = setup["file"]
    expires_at, created_at = map(from_micros, setup["times"])
    done: datetime = created_at
    row = StoredFileRow(
        UUID(bytes=file_id), purpose, UUID(bytes=key_id), size, chunks, digest, done, expires_at, created_at
    )
    version, wrapped = setup["dek"]
    return row, keys.cipher.unwrap(SYSTEM, version, wrapped)


def layout_to_json(layout: Layout) -> dict[str, Any]:
    """A layout as it is stored."""
    return {
        **layout._asdict(),
        "kind": layout.kind.value,
        "encoding": None if layout.encoding is None else layout.encoding.value,
        "columns": list(layout.columns),
    }


def layout_of(stored: Mapping[str, Any]) -> Layout:
    """What `layout_to_json` wrote."""
    encoding = stored["encoding"]
    values = {
        **stored,
        "kind": FileKind(stored["kind"]),
        "encoding": None if encoding is None else Encoding(encoding),
        "columns": tuple(stored["columns"]),
    }
    return Layout(**values)


def wishes_of(stored: list[Any]) -> Wishes:
    """Wishes as they are stored."""
    encoding, *rest = stored
    return Wishes(None if encoding is None else Encoding(encoding), *rest)
