"""A database of many customers to search in, stored without the hub, their tokens made by its rules.

Names are as frequent as they are in China, e-mail domains as few. A directory keeps what was stored in it.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import asyncpg

from custhub.app import build
from custhub.features.accounts.models import users
from custhub.features.customers.models import CustomerRow, EmailRow, ExternalIdRow, TokenRow
from custhub.features.customers.rules import CustomerKind, pinyin_key, tokens_of
from custhub.kit.db import micros
from custhub.kit.ids import new_id
from custhub.kit.uow import SYSTEM
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
