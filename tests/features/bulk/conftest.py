"""A hub whose bulk actions the test runs to their end."""

from __future__ import annotations

import pytest

from tests.features.bulk.desk import Desk
from tests.hub import HubUnderTest


@pytest.fixture
def desk(fresh_hub: HubUnderTest) -> Desk:
    """Of an empty hub."""
    return Desk(fresh_hub)
