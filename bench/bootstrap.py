# SPDX-License-Identifier: Apache-2.0
"""The tools that the measurements through namespaces need; Debian's packages are installed for those that are missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

PACKAGES = {
    "wrk": ["wrk"],
    "iperf3": ["iperf3"],
    "nginx": ["nginx-light", "libnginx-mod-stream"],
    "haproxy": ["haproxy"],
    "nft": ["nftables"],
    "ethtool": ["ethtool"],
}
_POLICY = Path("/usr/sbin/policy-rc.d")


def missing_tools() -> list[str]:
    """The tools that are not on PATH."""
    return [tool for tool in PACKAGES if not shutil.which(tool)]


def install() -> list[str]:
    """Install what is missing, where apt and its sources are at hand; return what is missing still."""
    wanted = [package for tool in missing_tools() for package in PACKAGES[tool]]
    if wanted and shutil.which("apt-get") and os.geteuid() == 0:
        print(f"installing {' '.join(wanted)}", flush=True)
        _without_starting_services(["apt-get", "install", "-y", "-q", "--no-install-recommends", *wanted])
    return missing_tools()


def _without_starting_services(command: list[str]) -> None:
    """Run apt-get so that nginx and haproxy do not start on this host: policy-rc.d says no while it runs."""
    ours = not _POLICY.exists()
    if ours:
        _POLICY.write_text("#!/bin/sh\nexit 101\n")
        _POLICY.chmod(0o755)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        if subprocess.run(command, capture_output=True, env=environment, check=False).returncode:
            subprocess.run(["apt-get", "update", "-q"], capture_output=True, env=environment, check=False)
            subprocess.run(command, capture_output=True, env=environment, check=False)
    finally:
        if ours:
            _POLICY.unlink(missing_ok=True)
