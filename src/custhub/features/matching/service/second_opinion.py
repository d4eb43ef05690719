"""A second opinion on weights, by Splink over DuckDB: the extra `custhub[dedupe]` (decision 14)."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Mapping, Sequence
from math import log2
from types import ModuleType
from typing import Any, Final, NamedTuple

from custhub.features.matching.errors import SplinkMissing
from custhub.features.matching.rules.columns import COLUMNS, columns_of
from custhub.features.matching.rules.levels import Field, Level
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.rules.sql_levels import KNOWN, LADDERS, MEETINGS, SURE

#: Pairs of strangers, and pairs under one column, that are looked at.
_MOST_PAIRS: Final = 1_000_000
#: How many of the pairs of one person are found by the rules that are nearly always right: only the prior hangs on it.
_RECALL: Final = 0.7
#: A level that one pair in ten thousand of one person has is not known from a list.
_LEAST_CHANCE: Final = 1e-4
_SEED: Final = 1


class Opinion(NamedTuple):
    """What Splink says: bits before anything is compared, and of each level; None where the list does not say."""

    by: str
    prior: float | None
    bits: Mapping[tuple[Field, Level], float | None]

    def document(self) -> dict[str, Any]:
        """As it stands beside our own proposal."""
        levels: dict[str, dict[str, float | None]] = {}
        for (field, level), found in self.bits.items():
            levels.setdefault(field.value, {})[level.value] = found
        return {"by": self.by, "prior": self.prior, "levels": levels}


def require_splink() -> None:
    """Raises SplinkMissing where the extra is not installed."""
    _modules()


def second_opinion(people: Sequence[Person]) -> Opinion:
    """What Splink, trained by expectation maximisation on these people, says of our levels. Raises SplinkMissing."""
    return opinion_of(train(people))


def opinion_of(linker: Any) -> Opinion:
    """The same of a linker that is trained."""
    splink, _, _ = _modules()
    model = linker.misc.save_model_to_json()
    chance = model["probability_two_random_records_match"]
    found = {
        (comparison["output_column_name"], level["label_for_charts"]): _bits(level)
        for comparison in model["comparisons"]
        for level in comparison["comparison_levels"]
    }
    return Opinion(
        f"splink {splink.__version__}",
        round(log2(chance / (1 - chance)), 2) if 0 < chance < 1 else None,
        {(field, level): found.get((field, level)) for field, ladder in LADDERS.items() for level, _ in ladder},
    )


def train(people: Sequence[Person]) -> Any:
    """A trained `splink.Linker` over these people, `unique_id` being their place. Raises SplinkMissing."""
    splink, duckdb, arrow = _modules()
    api = splink.DuckDBAPI(connection=duckdb.connect(":memory:"))
    settings = splink.SettingsCreator(
        link_type="dedupe_only",
        comparisons=[_comparison(field) for field in LADDERS],
        blocking_rules_to_generate_predictions=[splink.block_on(column) for column in MEETINGS],
        retain_matching_columns=False,
    )
    rows = [{"unique_id": place, **columns_of(person)} for place, person in enumerate(people)]
    linker = splink.Linker(api.register(_table(arrow, rows)), settings, log_level=logging.ERROR)
    training = linker.training
    training.estimate_u_using_random_sampling(max_pairs=_MOST_PAIRS, seed=_SEED)
    for column in MEETINGS:
        if _meet(rows, column):
            training.estimate_parameters_using_expectation_maximisation(
                splink.block_on(column), max_pairs=_MOST_PAIRS, record_sample_proportion=1.0
            )
    # Last: training moves it to the share among pairs that meet.
    training.estimate_probability_two_random_records_match([splink.block_on(*columns) for columns in SURE], _RECALL)
    return linker


def _modules() -> tuple[ModuleType, ModuleType, ModuleType]:
    # Not at the top, nor by name: the hub and its checks do without them.
    try:
        return importlib.import_module("splink"), importlib.import_module("duckdb"), importlib.import_module("pyarrow")
    except ImportError as error:
        raise SplinkMissing from error


def _table(arrow: Any, rows: list[dict[str, Any]]) -> Any:
    types = {"VARCHAR": arrow.string(), "VARCHAR[]": arrow.list_(arrow.string()), "BOOLEAN": arrow.bool_()}
    columns = [("unique_id", arrow.int64()), *((name, types[kind]) for name, kind in COLUMNS.items())]
    return arrow.Table.from_pylist(rows, arrow.schema(columns))


def _comparison(field: Field) -> dict[str, Any]:
    known = KNOWN[field]
    unknown = {
        "sql_condition": f"{known}_l IS NULL OR {known}_r IS NULL", "label_for_charts": "unknown",
        "is_null_level": True,
    }  # fmt: skip
    levels = [{"sql_condition": sql, "label_for_charts": level.value} for level, sql in LADDERS[field]]
    return {"output_column_name": field.value, "comparison_levels": [unknown, *levels]}


def _meet(rows: Sequence[Mapping[str, Any]], column: str) -> bool:
    """Whether any two records share this column: else there is nothing to train on."""
    values = [row[column] for row in rows if row[column] is not None]
    return len(set(values)) < len(values)


def _bits(level: Mapping[str, Any]) -> float | None:
    one, two = level.get("m_probability"), level.get("u_probability")
    return round(log2(one / two), 2) if one and two and one >= _LEAST_CHANCE else None
