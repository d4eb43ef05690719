"""The weights of a model: bits by field and level, as data with a version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import log2
from pathlib import Path
from typing import Any

from custhub.features.matching.rules.households import IDENTITY, Homes, Kind
from custhub.features.matching.rules.levels import Field, Level

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


def _table(document: Mapping[str, Any]) -> dict[tuple[Field, Level], float]:
    return {(field, Level(level)): float(value) for field in IDENTITY for level, value in document[field].items()}


@cache
def shipped_weights() -> Weights:
    """The model that comes with the hub."""
    return weights_of(shipped_document())


def shipped_document() -> dict[str, Any]:
    """The same as it is written."""
    document: dict[str, Any] = json.loads(Path(__file__).with_name("weights.json").read_text("utf-8"))
    return document
