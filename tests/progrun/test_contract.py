# SPDX-License-Identifier: Apache-2.0
"""The pinned tables keep the contract that the tables in memory keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contracts.ipvs_tables import TablesContract
from tests.progrun.director import director
from xlvs.model.settings import Timeouts
from xlvs.model.sysctl import SYSCTLS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.ipvs.pinned import PinnedTables


@pytest.fixture(scope="module")
def used() -> Iterator[PinnedTables]:
    """Tables of one director for all tests: to load it takes longer than any of them."""
    with director() as made:
        yield made.tables


@pytest.fixture
def tables(used: PinnedTables) -> PinnedTables:
    """They, empty again, and with the settings of new ones."""
    used.flush()
    used.set_timeouts(Timeouts())
    for name in used.sysctl_names():
        used.set_sysctl(name, " ".join(map(str, SYSCTLS[name].default)))
    used.zero(None)
    return used


class TestPinnedTables(TablesContract):
    """The contract."""
