# SPDX-License-Identifier: Apache-2.0
"""The words of `xlvs lab fault`."""

from __future__ import annotations

import os

import pytest

from xlvs.lab import words
from xlvs.model.errors import PermissionDenied


@pytest.mark.parametrize("typed", ["list", "clear", "freeze server1"])
def test_who_is_not_root_is_told_what_to_type(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The very word that was typed."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(PermissionDenied, match=f"sudo xlvs lab fault {typed.split(maxsplit=1)[0]}"):
        words.run(["fault", *typed.split()])
