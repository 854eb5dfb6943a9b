# SPDX-License-Identifier: Apache-2.0
"""Starting programs: without input and output, in a process group of their own, with somebody's rights."""

from __future__ import annotations

import os
import subprocess
from errno import EINVAL
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlvs.model.rights import Rights


def start(arguments: Sequence[str], rights: Rights | None = None) -> subprocess.Popen[bytes]:
    """Start a program. `rights` None: those of this process. Raises OSError."""
    if rights is not None and rights.groups == () and (rights.uid, rights.gid) == (os.geteuid(), os.getegid()):
        rights = None  # nothing to change, and so much cheaper
    if any("\0" in each for each in arguments):
        raise OSError(EINVAL, "a word of the command has a NUL")
    return subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
        user=rights.uid if rights else None,
        group=rights.gid if rights else None,
        extra_groups=(rights.groups or (rights.gid,)) if rights else None,
    )
