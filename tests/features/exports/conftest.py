"""A hub whose exports the test writes."""

from __future__ import annotations

import pytest

from tests.features.exports.desk import Desk
from tests.hub import HubUnderTest


@pytest.fixture
def desk(fresh_hub: HubUnderTest) -> Desk:
    """Of an empty hub."""
    return Desk(fresh_hub)
