"""The weights of a model: bits by field and level, as data with a version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import log2
from pathlib import Path
from typing import Any

from custhub.features.matching.rules.levels import Field, Level

#: Fields whose values are common or rare; of the others every value says as much as any.
_HOME_FIELDS = (Field.PHONE, Field.MAIL)


@dataclass(frozen=True, slots=True)
class Weights:
    """One model. Bits are log2 of how much likelier a level is for one person than for two."""

    model_version: str
    prior_at: int
    prior_bits: float
    prior_least: int
    bits: Mapping[tuple[Field, Level], float]
    household_cap: float
    review: float
    merge: float

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
            return max(1.0, min(bits, bits - log2(count / max(4.0, records / 512))))
        return bits


def weights_of(document: Mapping[str, Any]) -> Weights:
    """The weights a document of the form of weights.json holds."""
    prior, thresholds = document["prior"], document["thresholds"]
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
    )


@cache
def shipped_weights() -> Weights:
    """The model that comes with the hub."""
    return weights_of(json.loads(Path(__file__).with_name("weights.json").read_text("utf-8")))
