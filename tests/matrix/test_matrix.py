# SPDX-License-Identifier: Apache-2.0
"""Every forwarding method carries its traffic whole: the matrix in a small size; `make matrix` is the full one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.matrix import program, scene
from tests.matrix.cells import Cell, cells
from tests.matrix.run import SMALL, Outcome, Runner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.netns


@dataclass(frozen=True, slots=True)
class Played:
    """A scene, and what has been run in it."""

    runner: Runner
    outcomes: list[Outcome] = field(default_factory=list)


@pytest.fixture(scope="module")
def executable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The traffic program."""
    try:
        return program.compiled(tmp_path_factory.mktemp("traffic"))
    except program.NoCompiler as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module", params=scene.MODES)
def played(request: pytest.FixtureRequest, executable: Path) -> Iterator[Played]:
    """All cells' services on a director that is attached in one mode."""
    with scene.scene(cells(small=True), request.param, executable) as net:
        yield Played(Runner(net, executable, SMALL))


@pytest.mark.parametrize("cell", [pytest.param(cell, id=cell.name.replace(" ", "-")) for cell in cells(small=True)])
def test_a_cell_carries_all_that_is_sent(played: Played, cell: Cell) -> None:
    """Every byte of long transfers both ways, every answer of short connections, from all servers."""
    outcome = played.runner.run(cell)
    played.outcomes.append(outcome)

    assert outcome.complaints == []


def test_the_director_counted_what_was_sent(played: Played) -> None:
    """After the cells above, or one cell where they were left out: connections, bytes, and nothing active any more."""
    if not played.outcomes:
        played.outcomes.append(played.runner.run(cells(small=True)[0]))
    played.runner.check_counters(played.outcomes)

    assert {outcome.cell.name: outcome.complaints for outcome in played.outcomes if outcome.complaints} == {}
