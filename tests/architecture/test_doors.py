"""Which doors of a feature the others may use (ARCHITECTURE, section 2)."""

from __future__ import annotations

from collections.abc import Iterator

import grimp
import pytest

FEATURES = "custhub.features."
DOORS = {"service", "queries", "rules", "events", "errors", "deps", "schemas"}

#: (importing feature, imported module) -> why it may.
EXCEPTIONS = {
    ("customers", "phones.vault"): (
        "phones is the sealing feature below customers: numbers recognised in a customer's free text are sealed "
        "with the same keys and masks (S-25), and a list of customers masks without a use case per row"
    ),
}


def _split(module: str) -> tuple[str, str]:
    feature, _, room = module.removeprefix(FEATURES).partition(".")
    return feature, room.partition(".")[0]


@pytest.fixture(scope="module")
def crossings() -> set[tuple[str, str]]:
    """Each import of one feature by another: (importing module, imported module)."""
    return set(_crossings(grimp.build_graph("custhub", cache_dir=None)))


def _crossings(graph: grimp.ImportGraph) -> Iterator[tuple[str, str]]:
    for importer in graph.find_descendants(FEATURES.removesuffix(".")):
        for imported in graph.find_modules_directly_imported_by(importer):
            if imported.startswith(FEATURES) and _split(imported)[0] != _split(importer)[0]:
                yield importer, imported


def _allowed(importer: str, imported: str) -> bool:
    (feature, room), (other, door) = _split(importer), _split(imported)
    if door == "models":
        return room == "queries"  # segments, analytics and exports read across tables, and never write there
    return door in DOORS or (feature, f"{other}.{door}") in EXCEPTIONS


def test_features_use_each_other_through_doors(crossings: set[tuple[str, str]]) -> None:
    wrong = sorted(f"{importer} -> {imported}" for importer, imported in crossings if not _allowed(importer, imported))
    assert not wrong


def test_every_exception_is_still_needed(crossings: set[tuple[str, str]]) -> None:
    used = {(_split(importer)[0], ".".join(_split(imported))) for importer, imported in crossings}
    assert not EXCEPTIONS.keys() - used


@pytest.mark.parametrize(
    ("importer", "imported", "expected"),
    [
        ("segments.service", "customers.repository", False),
        ("segments.service.build", "customers.models", False),
        ("segments.repository", "customers.models", False),
        ("segments.router", "customers.router", False),
        ("segments.links", "customers.links", False),
        ("segments.service", "phones.vault", False),
        ("segments.queries", "customers.models", True),
        ("segments.queries.counts", "customers.models", True),
        ("segments.service", "customers.service.create", True),
        ("customers.service", "phones.vault", True),
    ],
)
def test_the_rule_itself(importer: str, imported: str, expected: bool) -> None:
    assert _allowed(FEATURES + importer, FEATURES + imported) is expected
