# SPDX-License-Identifier: Apache-2.0
"""Collections put off while a configuration is made."""

from __future__ import annotations

import gc

import pytest

from xlvs.keepalived.daemon.garbage import collected_later


def test_collections_wait_and_go_on_again() -> None:
    """Even when the making fails."""
    with collected_later():
        assert not gc.isenabled()
    assert gc.isenabled()

    with pytest.raises(ValueError, match="mistake"), collected_later():
        raise ValueError("mistake")
    assert gc.isenabled()


def test_who_collects_nothing_at_all_is_left_alone() -> None:
    """They stay off where they were off before."""
    gc.disable()
    try:
        with collected_later():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
