# SPDX-License-Identifier: Apache-2.0
"""What several commands of the lab say: what they need, and how to go on."""

from __future__ import annotations

import os
import shutil
import sys

from xlvs.lab import build
from xlvs.lab.errors import LabError
from xlvs.lab.lab import find, own_directories
from xlvs.model.errors import PermissionDenied


def tell_ways(name: str) -> None:
    """How to get into a lab that is up, and how to be rid of it."""
    program = "xlvs" if shutil.which("xlvs") else sys.argv[0]
    choice = "" if len([lab for lab in build.existing() if lab.owner is None]) == 1 else f"--lab {name} "
    nodes = find(name).topology.namespace_names()
    print(
        f"in:   {program} lab shell {choice}{next((each for each in nodes if each.startswith('director')), nodes[0])}"
    )
    print(f"down: {program} lab down {name}")


def require_root(command: str) -> None:
    """PermissionDenied unless namespaces can be worked with."""
    if os.geteuid() != 0:
        raise PermissionDenied("working with network namespaces", f"run it as root: sudo xlvs lab {command}")


def require_own_commands() -> None:
    """Scenes type `ipvsadm` and `xlvs`: those of this installation have to be there, not another `ipvsadm`."""
    search = os.pathsep.join(own_directories())
    for command in ("ipvsadm", "xlvs"):
        if not shutil.which(command, path=search):
            raise LabError(f"the command `{command}` of xlvs is not installed", "run `pip install .` in its sources")
