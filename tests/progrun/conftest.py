# SPDX-License-Identifier: Apache-2.0
"""Fixtures of tests that run the programs on packets, one by one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.progrun import director as directors

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE = Path(__file__).parent

settings.register_profile("long", max_examples=5_000, print_blob=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, before others look at the marks."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.progrun)


@pytest.fixture(scope="module")
def loaded() -> Iterator[directors.Director]:
    """A director for all tests of a module, whose thread is in its network namespace meanwhile."""
    with directors.director() as made:
        yield made


@pytest.fixture
def director(loaded: directors.Director) -> directors.Director:
    """The module's director, empty."""
    loaded.clear()
    return loaded
