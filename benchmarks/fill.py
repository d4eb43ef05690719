"""Fills a database with customers through the hub's own use case, stored in bulk."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

from custhub.app import build
from custhub.crypto.models import customer_keys
from custhub.features.customers.models import TokenRow, customer_tags, customers, search_tokens
from custhub.features.customers.schemas.bodies import CustomerCreate
from custhub.features.customers.service.building import CustomerBuilder
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.standards import STANDARDS
from custhub.features.phones.models import customer_phones, phone_claims
from custhub.features.phones.schemas import PhoneCreate
from custhub.kit.uow import SYSTEM
from custhub.security.fields import Access, everything, policy
from custhub.security.principal import Principal
from custhub.security.reach import ALL_ROWS
from custhub.security.scopes import ALL
from custhub.settings import Settings

_BATCH = 2_000
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗"
_GIVEN = "伟芳娜敏静秀丽强磊洋艳勇军杰娟涛超明霞平"


def number_of(i: int) -> str:
    """The number of the i-th customer."""
    return f"139{i:08d}"


async def fill(count: int, settings: Settings) -> float:
    """Store `count` customers; gives the seconds it took."""
    app = build(settings)
    await app.start()
    started = time.perf_counter()
    who = Principal("system", UUID(int=1), "fill", "fill", ALL, (), policy(everything(Access.WRITE), "mask"), ALL_ROWS)
    for first in range(0, count, _BATCH):
        work = app.hub.unit_of_work(SYSTEM, "fill")
        context = CustomerContext(work, who, app.keys, settings, app.hub.parts[STANDARDS])
        builder = CustomerBuilder(context)
        made = [builder.build(_body(i)) for i in range(first, min(count, first + _BATCH))]
        writes = work.writes
        writes.insert_all(customers, [new.record.row._asdict() for new in made])
        writes.insert_all(customer_keys, [new.key._asdict() for new in made])
        tokens = [TokenRow(new.record.row.id, token) for new in made for token in new.tokens]
        writes.insert_all(search_tokens, [token._asdict() for token in tokens])
        phones = [(new.record.phones[0], new.numbers[0]) for new in made]
        writes.insert_all(customer_phones, [row._asdict() for row, _ in phones])
        claims = [context.phones.claims_of(row, number)[0]._asdict() for row, number in phones]
        writes.insert_all(phone_claims, sorted(claims, key=lambda claim: claim["exact_index"]))
        writes.insert_all(customer_tags, [tag._asdict() for new in made for tag in new.record.tags])
        await work.commit()
    await app.stop()
    return time.perf_counter() - started


def _body(i: int) -> CustomerCreate:
    name = _SURNAMES[i % 20] + _GIVEN[i // 20 % 20] + _GIVEN[i // 400 % 20]
    tags = ["VIP"] if i % 50 == 0 else []
    return CustomerCreate(display_name=name, phones=[PhoneCreate(number=number_of(i))], tags=tags)


def run(count: int, settings: Settings) -> float:
    """`fill` outside a loop."""
    return asyncio.run(fill(count, settings))
