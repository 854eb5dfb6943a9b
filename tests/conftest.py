# SPDX-License-Identifier: Apache-2.0
"""What every kind of test shares: where the project stands, and which tests need root."""

import os
from pathlib import Path

import pytest

PRIVILEGED_MARKERS = ("netns", "progrun")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs root where there is none, so that `pytest` says something useful to everybody."""
    if os.geteuid() == 0:
        return
    needs_root = pytest.mark.skip(reason="needs root: run `sudo make test`")
    for item in items:
        if any(item.get_closest_marker(name) for name in PRIVILEGED_MARKERS):
            item.add_marker(needs_root)


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The checkout that is being tested."""
    return Path(__file__).resolve().parent.parent
