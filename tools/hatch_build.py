# SPDX-License-Identifier: Apache-2.0
"""Build hook: a wheel carries the compiled BPF objects as `xlvs/_bpf/*.bpf.o`; an editable install uses `build/bpf`."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BpfBuildHook(BuildHookInterface):
    """Compiles `bpf/` and adds the objects to the wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """`version` is hatchling's word for the wheel's variety: `standard` or `editable`."""
        if version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root / "tools"))
        from build_bpf import build

        for built in build(root, root / "build" / "bpf"):
            build_data["force_include"][str(built)] = f"xlvs/_bpf/{built.name}"
