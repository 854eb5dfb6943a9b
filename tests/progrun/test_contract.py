# SPDX-License-Identifier: Apache-2.0
"""The pinned tables keep the contract that the tables in memory keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contracts.ipvs_tables import TablesContract
from tests.progrun.director import director

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.ipvs.pinned import PinnedTables


@pytest.fixture
def tables() -> Iterator[PinnedTables]:
    """Empty tables of a director of their own."""
    with director() as made:
        yield made.tables


class TestPinnedTables(TablesContract):
    """The contract."""
