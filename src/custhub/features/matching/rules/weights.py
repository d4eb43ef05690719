"""The weights of a model: bits by field and level, as data with a version."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from math import isclose, log2
from pathlib import Path
from typing import Any

from custhub.features.matching.rules.households import IDENTITY, Homes, Kind
from custhub.features.matching.rules.levels import CONTRADICTIONS, Field, Level

#: Fields whose values are common or rare; of the others every value says as much as any.
_HOME_FIELDS = (Field.PHONE, Field.MAIL)


@dataclass(frozen=True, slots=True)
class Weights:
    """One model. Bits are log2 of how much likelier a level is for one person than for two.

    `homes` is known of a list, or of a hub, whose homes are one person's each; then contradictions can be overruled.
    """

    model_version: str
    prior_at: int
    prior_bits: float
    prior_least: int
    bits: Mapping[tuple[Field, Level], float]
    household_cap: float
    review: float
    merge: float
    kinds: Mapping[str, Kind]
    homes: Homes | None = None

    def prior(self, records: int) -> float:
        """Bits before anything is compared, among so many records."""
        return self.prior_bits - log2(max(records, self.prior_least) / self.prior_at)

    def cut_at(self, review: float, merge: float) -> Weights:
        """The same with other thresholds: from which totals pairs are shown and joined, in bits."""
        return replace(self, review=review, merge=merge)

    def weigh(self, field: Field, level: Level, count: int, records: int) -> float:
        """Bits of a level; `count` of `records` hold the value that agrees."""
        bits = self.bits[field, level]
        if bits <= 0 or count <= 2:
            return bits
        if field in _HOME_FIELDS:
            return max(1.0, bits - log2(count / 2))
        if field in (Field.NAME, Field.COMPANY):
            # A common name says less than a rare one: one in 512 says nine bits.
            rare = 2 ** self.bits[Field.NAME, Level.SAME]
            return max(1.0, min(bits, bits - log2(count / max(4.0, records / rare))))
        return bits


def weights_of(document: Mapping[str, Any]) -> Weights:
    """The weights a document of the form of weights.json holds."""
    prior, thresholds, homes = document["prior"], document["thresholds"], document.get("homes")
    return Weights(
        document["model_version"],
        prior["at"],
        prior["bits"],
        prior["least"],
        {
            (Field(field), Level(level)): float(bits)
            for field, levels in document["levels"].items()
            for level, bits in levels.items()
        },
        document["household_cap"],
        thresholds["review"],
        thresholds["merge"],
        {name: Kind(kind["share"], _table(kind)) for name, kind in document["households"].items()},
        Homes(homes["apart"], _table(homes)) if homes else None,
    )


def flaws_of(document: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The members, as paths, by which a document of that form is no model: nobody could be scored by it, or wrongly.

    A model has the levels of the shipped one and no others; what contradicts never speaks for one person; chances of
    one field, and shares of all kinds of households, add up to one.
    """
    levels, shipped = document["levels"], shipped_document()["levels"]
    flaws: list[tuple[str, ...]] = [("levels", *at) for at in _places(levels) ^ _places(shipped)]
    flaws += [("levels", *at) for at in CONTRADICTIONS if levels.get(at[0], {}).get(at[1], 0) > 0]
    households = document["households"]
    for name, kind in households.items():
        for field in IDENTITY:
            if kind[field].keys() != shipped[field].keys() or not _is_whole(kind[field].values()):
                flaws.append(("households", name, field))
    if not _is_whole(kind["share"] for kind in households.values()):
        flaws.append(("households",))
    if document["thresholds"]["merge"] < document["thresholds"]["review"]:
        flaws.append(("thresholds", "merge"))
    return sorted(flaws)


def _places(levels: Mapping[str, Mapping[str, float]]) -> set[tuple[str, str]]:
    return {(field, level) for field, found in levels.items() for level in found}


def _is_whole(shares: Iterable[float]) -> bool:
    return isclose(sum(shares), 1, abs_tol=0.01)


def _table(document: Mapping[str, Any]) -> dict[tuple[Field, Level], float]:
    return {(field, Level(level)): float(value) for field in IDENTITY for level, value in document[field].items()}


@cache
def shipped_weights() -> Weights:
    """The model that comes with the hub."""
    return weights_of(shipped_document())


@cache
def shipped_document() -> Mapping[str, Any]:
    """The same as it is written."""
    document: dict[str, Any] = json.loads(Path(__file__).with_name("weights.json").read_text("utf-8"))
    return document
