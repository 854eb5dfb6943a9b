# SPDX-License-Identifier: Apache-2.0
"""Network namespaces of one test, found and removed by the next run when this one is killed."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xlvs.linux import bpffs, namespace

_PREFIX = "xlvs-linux-"


@contextmanager
def scratch_namespace() -> Iterator[str]:
    """A named namespace whose name carries our process; it goes together with its director's pins."""
    sweep()
    name = f"{_PREFIX}{os.getpid()}-{secrets.token_hex(3)}"
    namespace.create(name)
    try:
        yield name
    finally:
        remove(name)


def sweep() -> None:
    """Remove what processes that are dead have left."""
    for name in namespace.names():
        pid = name.removeprefix(_PREFIX).partition("-")[0]
        if name.startswith(_PREFIX) and pid.isdigit() and not Path(f"/proc/{pid}").exists():
            remove(name)


def remove(name: str) -> None:
    """Remove a namespace and its director's pins."""
    with namespace.entered(name):
        number = namespace.cookie()
    if number in bpffs.directors():
        bpffs.remove(bpffs.director(number))
    namespace.delete(name)
