# SPDX-License-Identifier: Apache-2.0
"""Whose rights a program has that is run for somebody else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rights:
    """Numbers of a user and a group, and of supplementary groups."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()

    @property
    def is_privileged(self) -> bool:
        """Running what others may write would give them root's rights."""
        return self.uid == 0 or self.gid == 0
