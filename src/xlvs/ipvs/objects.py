# SPDX-License-Identifier: Apache-2.0
"""Where the compiled packet path is: inside the installed package, or in a source checkout's build folder."""

import os
from typing import Final

from xlvs.model.errors import NotSupported

_PACKAGE: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def object_path(name: str) -> str:
    """Path of `NAME.bpf.o`. Raises NotSupported when it has not been built."""
    places = (f"{_PACKAGE}/_bpf", f"{_PACKAGE}/../../build/bpf")
    for place in places:
        path = f"{place}/{name}.bpf.o"
        if os.path.exists(path):
            return path
    raise NotSupported("the packet path", f"{name}.bpf.o is nowhere", "run `make build` in the source checkout")
