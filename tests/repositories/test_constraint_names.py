"""A refused constraint has one name on both engines."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

from custhub.features.customers.models import EXTERNAL_ID
from custhub.features.phones.models import CLAIM
from custhub.http.idempotency import CONSTRAINT
from custhub.kit import sqlite
from custhub.kit.db import Database, Violation, constraint_names, metadata
from tests.repositories.conftest import OpenUnitOfWork


def _unique_keys() -> list[tuple[str, str, list[str]]]:
    """Every primary key and unique constraint or index: table, name, columns."""
    keys: list[tuple[str, str, list[str]]] = []
    for table in metadata.sorted_tables:
        for constraint in table.constraints:
            if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint):
                keys.append((table.name, str(constraint.name), [column.name for column in constraint.columns]))
        keys += [
            (table.name, str(index.name), [column.name for column in index.columns])
            for index in table.indexes
            if index.unique
        ]
    return keys


def test_every_unique_key_can_be_named_from_its_columns() -> None:
    """SQLite reports columns: no two keys of one table may have the same."""
    names = constraint_names()
    for table, name, columns in _unique_keys():
        assert names[table, frozenset(columns)] == name


@pytest.mark.parametrize("name", [CLAIM, EXTERNAL_ID, CONSTRAINT])
def test_constraints_that_are_explained_exist(name: str) -> None:
    """A typo in a name would turn a conflict into a 500."""
    assert name in {known for _, known, _ in _unique_keys()}


def test_every_constraint_named_in_a_service_exists() -> None:
    """`on_violation` is called with names of the metadata only."""
    source = Path(inspect.getfile(sqlite)).parents[1]
    called = {
        name for path in source.rglob("*.py") for name in re.findall(r"on_violation\(\s*\"(\w+)\"", path.read_text())
    }
    assert called <= {known for _, known, _ in _unique_keys()}


async def test_the_driver_reports_the_declared_name(database: Database, open_uow: OpenUnitOfWork) -> None:
    """Written twice, each explained row is refused under the name the code knows."""
    from custhub.features.customers.models import customer_external_ids, customers
    from custhub.features.phones.models import customer_phones, phone_claims
    from custhub.http.idempotency import idempotency_keys
    from custhub.kit.ids import new_id
    from tests.repositories.rows import a_row

    customer = a_row(customers)
    phone = a_row(customer_phones, customer_id=customer["id"])
    key = a_row(customer_external_ids, customer_id=customer["id"], is_live=True)
    claim = a_row(phone_claims, phone_id=phone["id"], customer_id=customer["id"])
    answer = a_row(idempotency_keys)
    uow = open_uow()
    for table, row in (
        (customers, customer), (customer_phones, phone), (customer_external_ids, key), (phone_claims, claim),
        (idempotency_keys, answer),
    ):  # fmt: skip
        uow.insert(table, row)
    await uow.commit()
    again: list[tuple[Any, dict[str, Any], str]] = [
        (customer_external_ids, key | {"id": new_id()}, EXTERNAL_ID),
        (phone_claims, claim, CLAIM),
        (idempotency_keys, answer, CONSTRAINT),
        (customers, customer, "pk_customers"),
    ]
    for table, row, name in again:
        uow = open_uow()
        uow.insert(table, row)
        with pytest.raises(Violation) as raised:
            await uow.commit()
        assert raised.value.constraint == name
    # Archived, the external id is free.
    uow = open_uow()
    uow.insert(customer_external_ids, key | {"id": new_id(), "is_live": False})
    await uow.commit()


async def test_a_claim_of_a_phone_that_is_not_there_is_refused_at_the_commit(
    database: Database, open_uow: OpenUnitOfWork
) -> None:
    """The foreign key is deferred: a batch claims first and stores the phones afterwards."""
    from custhub.features.phones.models import phone_claims
    from tests.repositories.rows import a_row

    uow = open_uow()
    uow.insert(phone_claims, a_row(phone_claims))
    await uow.flush()
    with pytest.raises(Violation):
        await uow.commit()
