# SPDX-License-Identifier: Apache-2.0
"""The table of docs/compatibility.md about --config-test: our column is what we end with."""

import pytest

from tests.unit.config.generated import around
from tests.unit.config.texts import PATH, MadeUpHost, Memory
from tests.unit.docs.test_compatibility import Row, tables
from xlvs.config.files import Identity
from xlvs.keepalived.config_check import examine, exit_code

ROWS = tables()["keepalived.conf"]


def test_the_table_is_there() -> None:
    """With its five columns."""
    assert len(ROWS) > 5
    assert {len(row.cells) for row in ROWS} == {5}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.cells[1])
def test_config_test_ends_as_the_table_says(row: Row) -> None:
    """And not as the original does, or the row is of no use."""
    block, lines, theirs, ours, reason = row.cells
    text = around(block.strip("`"), lines.strip("`").replace("\\n", "\n"))
    _, problems = examine(PATH, Identity("main"), Memory({PATH: text}), MadeUpHost())
    assert str(exit_code(problems)) == ours != theirs
    assert reason
