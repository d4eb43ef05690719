"""Every table with rows of a customer is reached by exactly one link (ARCHITECTURE 7)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Table

from custhub.crypto.keyring import FileKeyProvider
from custhub.crypto.live import LiveKeys
from custhub.kit.customer_link import CustomerLink
from custhub.kit.db import metadata
from custhub.kit.query import REACH
from custhub.links import LINKS
from custhub.migrate import load_tables

#: Table -> why no link answers for it.
EXCEPTIONS = {
    "audit_entries": "append-only: what it tells of a person is sealed under the data key and goes with it (S-71)",
}


@pytest.fixture(scope="module")
def links(tmp_path_factory: pytest.TempPathFactory) -> tuple[CustomerLink, ...]:
    provider = FileKeyProvider(tmp_path_factory.mktemp("keys") / "keyring.json")
    provider.create()
    return tuple(make(LiveKeys(provider)) for make in LINKS)


def names_a_customer(table: Table) -> bool:
    """Whether its rows are a customer, point at one, or carry its id."""
    points = any(key.target_fullname == "customers.id" for key in table.foreign_keys)
    named = any(column.name == "customer_id" for column in table.columns) or REACH in table.info
    return table.name == "customers" or points or named


def test_every_table_with_rows_of_a_customer_belongs_to_one_link(links: tuple[CustomerLink, ...]) -> None:
    load_tables()
    owned = Counter(name for link in links for name in link.tables)
    assert [name for name, count in owned.items() if count > 1] == []
    tables = {table.name for table in metadata.tables.values() if names_a_customer(table)}
    assert sorted(tables - owned.keys() - EXCEPTIONS.keys()) == []


def test_links_and_exceptions_name_tables_that_exist(links: tuple[CustomerLink, ...]) -> None:
    load_tables()
    for name in {name for link in links for name in link.tables} | EXCEPTIONS.keys():
        assert names_a_customer(metadata.tables[name]), name


def test_app_hands_the_links_on(tmp_path: Path) -> None:
    from custhub.app import build
    from custhub.settings import Settings

    settings = Settings(home=tmp_path)
    settings.keyring_path.parent.mkdir(parents=True, mode=0o700)
    FileKeyProvider(settings.keyring_path).create()
    assert [type(link).__name__ for link in build(settings).links] == [
        "CustomerRows",
        "CustomerNumbers",
        "CustomerMessages",
        "CustomerFindings",
        "CustomerConsents",
        "CustomerTouchpoints",
        "CustomerTraces",
        "CustomerDeliveries",
        "CustomerBulkRows",
        "CustomerLinkTokens",
        "CustomerImportImages",
        "CustomerExports",
        "CustomerSelfService",
        "CustomerMatching",
        "CustomerMerges",
        "CustomerDuplicates",
    ]
