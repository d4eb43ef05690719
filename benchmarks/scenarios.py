"""What is measured: seven requests of everyday use, for the hub and for its limit."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from benchmarks.client import request
from benchmarks.fill import number_of


@dataclass(frozen=True, slots=True)
class Data:
    """What requests are made of: ids, exact indexes of numbers, and a key far down the list."""

    ids: list[str]
    indexes: list[str]
    deep_key: str
    deep_id: str
    count: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of request; `make(limit, data, token, cursor)` gives its maker."""

    name: str
    requests: int
    aim: dict[str, float]
    make: Callable[[bool, Data, str, str], Callable[[int], bytes]]


def _number(i: int) -> str:
    return f"+86137{i % 100_000_000:08d}"


_seed = random.Random(7)
_base = _seed.randrange(10_000_000, 40_000_000)
_made = [0]


def _next() -> int:
    _made[0] += 1
    return _base + _made[0]


def _words() -> str:
    # Letters only: figures would be searched for phone numbers, which a note seldom has.
    return "prefers " + "".join(_seed.choices("abcdefghijklmnop", k=24))


def _json(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def _get(_limit: bool, data: Data, token: str, _cursor: str) -> Callable[[int], bytes]:
    return lambda i: request("GET", f"/v1/customers/{data.ids[i % len(data.ids)]}", token)


def _create(_limit: bool, _data: Data, token: str, _cursor: str) -> Callable[[int], bytes]:
    return lambda _: request(
        "POST", "/v1/customers", token, _json({"display_name": "李娜", "phones": [{"number": _number(_next())}]})
    )


def _patch(_limit: bool, data: Data, token: str, _cursor: str) -> Callable[[int], bytes]:
    # 7919 is prime: no two of the 32 connections meet on one row.
    return lambda i: request(
        "PATCH", f"/v1/customers/{data.ids[i * 7919 % len(data.ids)]}", token, _json({"note": _words()})
    )


def _lookup(limit: bool, data: Data, token: str, _cursor: str) -> Callable[[int], bytes]:
    if limit:
        return lambda i: request(
            "POST", "/v1/customers/lookup", token, _json({"number": data.indexes[i % len(data.indexes)]})
        )
    return lambda i: request("POST", "/v1/customers/lookup", token, _json({"phone": number_of(i * 37 % data.count)}))


def _page(_limit: bool, _data: Data, token: str, _cursor: str) -> Callable[[int], bytes]:
    sent = request("GET", "/v1/customers?limit=50", token)
    return lambda _: sent


def _deep(limit: bool, data: Data, token: str, cursor: str) -> Callable[[int], bytes]:
    path = f"/v1/customers?limit=50&after_key={data.deep_key}&after_id={data.deep_id}"
    sent = request("GET", path if limit else f"/v1/customers?limit=50&cursor={cursor}", token)
    return lambda _: sent


def _batch(_limit: bool, _data: Data, token: str, _cursor: str) -> Callable[[int], bytes]:
    def make(_: int) -> bytes:
        items = [{"display_name": "李娜", "phones": [{"number": _number(_next())}]} for _ in range(100)]
        return request("POST", "/v1/customers/batch", token, _json({"items": items}), Idempotency_Key=uuid4().hex)

    return make


SCENARIOS = (
    Scenario("get", 6_000, {"postgresql": 0.9, "sqlite": 0.5}, _get),
    Scenario("lookup by phone", 4_000, {"postgresql": 0.9, "sqlite": 0.6}, _lookup),
    Scenario("page of 50", 1_000, {"postgresql": 0.75, "sqlite": 0.5}, _page),
    Scenario("deep page of 50", 1_000, {"postgresql": 0.75, "sqlite": 0.5}, _deep),
    Scenario("create", 4_000, {"postgresql": 0.9, "sqlite": 0.6}, _create),
    Scenario("patch", 4_000, {"postgresql": 0.9, "sqlite": 0.6}, _patch),
    Scenario("batch of 100", 60, {}, _batch),
)
