"""The demonstration file: made again byte for byte, and judged by the rules of the hub as its manifest says."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import phonenumbers
import pytest

from custhub.features.customers.rules import (
    normalise_address,
    normalise_external_id,
    normalise_name,
    normalise_tax_id,
    parse_birthday,
    parse_email,
)
from custhub.features.phones.rules import PhoneNumber, find_numbers
from custhub.kit.errors import HubError

TODAY = date(2026, 6, 1)


@pytest.fixture(scope="module")
def made(module: Callable[[str], ModuleType]) -> Any:
    """The rows, and the files they make."""
    build = module("demodata.build")
    return build.build(), build.files()


@pytest.fixture(scope="module")
def rows(made: Any) -> list[Any]:
    return list(made[0])


@pytest.fixture(scope="module")
def manifest(demo: Path) -> Any:
    return json.loads((demo / "manifest.json").read_text(encoding="utf-8"))


def taken(rows: list[Any]) -> list[Any]:
    """Rows that a hub must take, or refuse only for what another row holds."""
    return [row for row in rows if row.code in ("", "phone_taken", "external_id_taken")]


@pytest.mark.parametrize("name", ["customers.csv", "shop.csv", "manifest.json"])
def test_the_committed_file_is_what_the_generator_writes(demo: Path, made: Any, name: str) -> None:
    assert (demo / name).read_bytes() == made[1][name]


def test_the_file_is_large_and_light_enough(demo: Path, manifest: Any) -> None:
    content = (demo / "customers.csv").read_bytes()
    table = list(csv.DictReader(io.StringIO(content.decode())))
    assert len(table) == manifest["file"]["rows"] >= 3_000
    assert len(content) == manifest["file"]["bytes"] < 600_000
    assert content.count(b"\n") == len(table) + 1, "a row is a line"


def test_the_manifest_adds_up(rows: list[Any], manifest: Any) -> None:
    refused = [row for numbers in manifest["refused_by_code"].values() for row in numbers]
    assert len(refused) == len(set(refused)) == manifest["refused"]
    assert manifest["created"] + manifest["refused"] == manifest["file"]["rows"] == len(rows)
    for twins in manifest["already_there"].values():
        assert all(int(twin) > first for twin, first in twins.items()), "the first stands above its twin"
        assert not set(twins.values()) & set(refused), "the first is not refused itself"


def test_b4_every_number_reads_as_the_number_it_was_made_from(rows: list[Any]) -> None:
    for row in taken(rows):
        country = row.cells["phone_country"] or "CN"
        texts = [text for text in (row.cells["phone"], row.cells["phone2"]) if text]
        read = [PhoneNumber.parse(text, country) for text in texts]
        assert [(n.e164, n.extension, n.country, n.kind) for n in read] == [
            (n.e164, n.extension, n.country, n.kind) for n in row.numbers
        ]
        assert [n.shared_by_default for n in read] == [n.shared for n in row.numbers]


def test_phonenumbers_agrees_that_the_numbers_are_valid(rows: list[Any]) -> None:
    numbers = {number.e164 for row in taken(rows) for number in row.numbers}
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(number)) for number in numbers)


def test_s13_no_number_of_one_owner_comes_twice_among_the_created(rows: list[Any]) -> None:
    own = [n.e164 for row in rows if not row.code for n in row.numbers if not n.shared]
    assert len(own) == len(set(own))


def test_s09_each_twin_has_the_number_of_its_first_in_another_spelling(rows: list[Any]) -> None:
    twins = [row for row in rows if row.code == "phone_taken"]
    for twin in twins:
        first = twin.original.cells
        one = PhoneNumber.parse(twin.cells["phone"], "CN").equivalence_key
        assert one == PhoneNumber.parse(first["phone"], first["phone_country"] or "CN").equivalence_key
        assert twin.cells["phone"] != first["phone"]
    assert len({twin.spelling for twin in twins}) >= 10


def test_external_ids_come_twice_only_where_said(rows: list[Any]) -> None:
    keys = Counter((row.cells["source"], row.cells["external_id"]) for row in rows)
    twins = {(row.cells["source"], row.cells["external_id"]) for row in rows if row.code == "external_id_taken"}
    assert {key for key, count in keys.items() if count > 1} == twins


def test_s25_numbers_in_texts_are_where_the_manifest_counts_them(rows: list[Any]) -> None:
    for row in (row for row in rows if not row.code):
        found = [name for name in ("display_name", "note", "address") if find_numbers(row.cells[name], "CN")]
        assert found == [name for name in ("display_name", "note", "address") if name in row.sealed], row.cells


def test_chinese_addresses_resolve_to_the_district_they_were_written_in(rows: list[Any]) -> None:
    for row in taken(rows):
        if row.cells["address"]:
            read = normalise_address(
                country=row.cells["country"] or "CN", street=row.cells["address"], postcode=row.cells["postcode"]
            )
            assert (read.division_code or "") == row.district, row.cells["address"]


def judged(row: Any) -> str:
    """The code with which the rules refuse a row, read member by member; empty when they do not."""
    cells = row.cells
    country = cells["country"] or "CN"
    try:
        for phone in filter(None, (cells["phone"], cells["phone2"])):
            PhoneNumber.parse(phone, cells["phone_country"] or "CN")
        names = [cells[name] for name in ("display_name", "family_name", "given_name", "company_name") if cells[name]]
        for name in names or [""]:
            normalise_name(name)
        if cells["email"]:
            parse_email(cells["email"])
        if cells["birthday"]:
            parse_birthday(cells["birthday"], today=TODAY)
        normalise_external_id(cells["external_id"])
        if cells["address"]:
            country = normalise_address(country=country, street=cells["address"], postcode=cells["postcode"]).country
        if cells["tax_id"]:
            normalise_tax_id(cells["tax_id"], country)
    except HubError as error:
        return error.code
    return ""


def test_the_rules_refuse_what_was_spoilt_and_nothing_else(rows: list[Any]) -> None:
    # Limits and vocabularies are the schema's, not the rules'.
    elsewhere = {
        "vocabulary_value_unknown",
        "language_invalid",
        "time_zone_invalid",
        "phone_taken",
        "external_id_taken",
    }
    for row in rows:
        expected = "" if row.code in elsewhere else row.code
        if row.code == "too_long":
            assert len(row.cells["display_name"]) > 200 or len(row.cells["tags"]) > 64
        else:
            assert judged(row) == expected, row.cells
