# SPDX-License-Identifier: Apache-2.0
"""hatchling as the build backend, with `ziglang` as a further requirement of a wheel where the system has no clang."""

import sys
from pathlib import Path
from typing import Any

from hatchling import build as hatchling_build
from hatchling.build import build_editable, build_sdist, build_wheel

sys.path.insert(0, str(Path(__file__).parent))

from build_bpf import find_clang

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_wheel",
]

get_requires_for_build_editable = hatchling_build.get_requires_for_build_editable


def get_requires_for_build_wheel(config_settings: dict[str, Any] | None = None) -> list[str]:
    """PEP 517 hook: what must be installed before `build_wheel`."""
    requirements: list[str] = hatchling_build.get_requires_for_build_wheel(config_settings)
    return requirements if find_clang() else [*requirements, "ziglang>=0.15"]
