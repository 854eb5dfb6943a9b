# SPDX-License-Identifier: Apache-2.0
"""What every kind of test shares: where the project stands, and which tests need root."""

import os
from pathlib import Path

import pytest

PRIVILEGED_MARKERS = ("netns", "progrun")
LONGEST_FIRST = ("oracle", "netns", "matrix", "progrun", "fuzz")  # so that no process is left alone with one at the end


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what takes long; skip what needs root where there is none, so that `pytest` tells everybody something."""
    items.sort(key=_turn)
    if os.geteuid() == 0:
        return
    needs_root = pytest.mark.skip(reason="needs root: run `sudo make test`")
    for item in items:
        if any(item.get_closest_marker(name) for name in PRIVILEGED_MARKERS):
            item.add_marker(needs_root)


def _turn(item: pytest.Item) -> int:
    kind = item.path.relative_to(Path(__file__).parent).parts[0]
    return LONGEST_FIRST.index(kind) if kind in LONGEST_FIRST else len(LONGEST_FIRST)


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The checkout that is being tested."""
    return Path(__file__).resolve().parent.parent
