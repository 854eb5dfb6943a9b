# SPDX-License-Identifier: Apache-2.0
"""Fixtures of tests that send packets through namespaces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.netns.topology import Net, built, nat_scene

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, before others look at the marks."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.netns)


@pytest.fixture
def net() -> Iterator[Net]:
    """The NAT scene, for one test alone."""
    with built(nat_scene()) as lab:
        yield lab
