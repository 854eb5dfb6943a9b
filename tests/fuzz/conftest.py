# SPDX-License-Identifier: Apache-2.0
"""Fuzzing needs root, as all that runs the programs."""

from __future__ import annotations

from pathlib import Path

import pytest

_HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, before others look at the marks."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.progrun)
