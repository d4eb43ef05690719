"""S-20: sealed values hide, and a sealed column takes nothing else."""

from __future__ import annotations

import copy
import json
import pickle
import sqlite3
from typing import Any

import orjson
import pytest
from pydantic import PydanticSchemaGenerationError, TypeAdapter
from pydantic_core import PydanticSerializationError, to_json
from sqlalchemy import Column, Dialect, Integer, MetaData, Table, create_engine, insert, select
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from custhub.crypto.columns import Sealed, SealedColumn

BLOB = b"\x01\x01blob-bytes"
phones = Table("phones", MetaData(), Column("id", Integer, primary_key=True), Column("e164", SealedColumn))

with_each_dialect = pytest.mark.parametrize(
    "dialect",
    [sqlite_dialect(), registry.load("postgresql.asyncpg")(), create_engine("sqlite://").dialect],
    ids=["sqlite", "asyncpg", "sqlite with driver"],
)


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{0!a}".format, lambda value: f"{[value]}"])
def test_s20_sealed_shows_nothing(show: object) -> None:
    assert callable(show)
    assert "blob" not in show(Sealed(BLOB))
    assert "sealed" in show(Sealed(BLOB))


@pytest.mark.parametrize("encode", [json.dumps, orjson.dumps, to_json, TypeAdapter(object).dump_json])
def test_s20_no_json_encoder_takes_sealed(encode: object) -> None:
    assert callable(encode)
    with pytest.raises((TypeError, PydanticSerializationError)) as caught:
        encode({"phone": Sealed(BLOB)})
    assert "blob" not in str(caught.value)


def test_s20_no_body_can_have_a_sealed_member() -> None:
    with pytest.raises(PydanticSchemaGenerationError):
        TypeAdapter(Sealed)


def test_sealed_is_a_value() -> None:
    assert Sealed(BLOB) == Sealed(bytes(BLOB))
    assert Sealed(BLOB) != Sealed(b"other")
    assert Sealed(BLOB) != BLOB
    assert len({Sealed(BLOB), Sealed(BLOB)}) == 1
    assert copy.copy(Sealed(BLOB)) == pickle.loads(pickle.dumps(Sealed(BLOB))) == Sealed(BLOB)  # noqa: S301


@with_each_dialect
def test_processors_take_and_give_sealed_or_none(dialect: Dialect) -> None:
    bind = SealedColumn().bind_processor(dialect)
    result = SealedColumn().result_processor(dialect, None)
    assert bind is not None
    assert result is not None

    assert bytes(bind(Sealed(BLOB))) == BLOB
    assert bind(None) is None
    assert result(BLOB) == Sealed(BLOB)
    assert result(None) is None


@with_each_dialect
@pytest.mark.parametrize("value", ["+8613812345678", b"+8613812345678", bytearray(b"138"), memoryview(b"138"), 138])
def test_s20_a_sealed_column_refuses_anything_else_and_does_not_repeat_it(dialect: Dialect, value: Any) -> None:
    bind = SealedColumn().bind_processor(dialect)
    assert bind is not None

    with pytest.raises(TypeError, match=f"takes Sealed, not {type(value).__name__}$") as caught:
        bind(value)
    assert "138" not in str(caught.value)


@with_each_dialect
def test_compiled_statements_carry_the_column_type_to_raw_drivers(dialect: Dialect) -> None:
    statements: list[tuple[Any, str]] = [
        (insert(phones).compile(dialect=dialect), "e164"),
        (select(phones).where(phones.c.e164 == "+8613812345678").compile(dialect=dialect), "e164_1"),
    ]

    for compiled, parameter in statements:
        assert bytes(compiled._bind_processors[parameter](Sealed(BLOB))) == BLOB
        with pytest.raises(TypeError):
            compiled._bind_processors[parameter]("+8613812345678")


def test_sqlite_driver_stores_and_returns_the_blob() -> None:
    dialect = sqlite_dialect()
    bind, result = SealedColumn().bind_processor(dialect), SealedColumn().result_processor(dialect, None)
    assert bind is not None
    assert result is not None
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("create table phones (id integer primary key, e164 blob)")
        connection.execute("insert into phones values (1, ?)", (bind(Sealed(BLOB)),))
        (stored,) = connection.execute("select e164 from phones").fetchone()
    finally:
        connection.close()

    assert stored == BLOB
    assert result(stored) == Sealed(BLOB)
