# SPDX-License-Identifier: Apache-2.0
"""Builds the small BPF object that the tests of xlvs.linux read, load and attach."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_SOURCE = Path(__file__).with_name("probe.bpf.c")


def build(directory: Path) -> Path:
    """Compile the object into `directory`; skips the test where there is no compiler for BPF."""
    target = directory / "probe.bpf.o"
    options = ["-O2", "-g", "-mcpu=v3", "-nostdinc", "-fno-asynchronous-unwind-tables", "-c", str(_SOURCE)]
    subprocess.run([*_compiler(), *options, "-o", str(target)], check=True, capture_output=True, timeout=120)
    return target


def _compiler() -> list[str]:
    if shutil.which("clang"):
        return ["clang", "-target", "bpf"]
    if importlib.util.find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc", "-target", "bpfel-freestanding"]
    pytest.skip("neither clang nor ziglang is installed")
