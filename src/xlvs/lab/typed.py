# SPDX-License-Identifier: Apache-2.0
"""Commands as a user types them, run in the nodes of a lab: for a file's setup and its play."""

from __future__ import annotations

import subprocess
import tempfile
from typing import TYPE_CHECKING, Final

from xlvs.lab.errors import LabError
from xlvs.lab.lab import environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xlvs.lab.lab import Lab

_PATIENCE_S: Final = 60.0


def run(lab: Lab, node: str, command: str, directory: Path | None = None) -> tuple[int, str]:
    """Run a command by sh(1) in a node; its exit code, and all that it printed. LabError when it does not end.

    It starts in `directory` (default: the caller's). What it leaves running with ``&`` holds nobody up.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        try:
            done = subprocess.run(
                lab.command(node, ["sh", "-c", command]),
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**environment(), "XLVS_NODE": node},
                cwd=directory,
                timeout=_PATIENCE_S,
            )
        except subprocess.TimeoutExpired:
            raise LabError(
                f"`{command}` on {node} did not end within {_PATIENCE_S:.0f} s", "what is to go on gets an & behind it"
            ) from None
        output.seek(0)
        return done.returncode, output.read()


def set_up(lab: Lab, directory: Path | None, tell: Callable[[str, str, str], None] | None = None) -> None:
    """Run the setup of every node, in the order of the nodes; `tell` gets node, command and output. LabError if one fails."""
    for node in lab.topology.nodes:
        for command in node.setup:
            code, output = run(lab, node.name, command, directory)
            if tell:
                tell(node.name, command, output)
            if code:
                said = output.strip() or "nothing was said"
                raise LabError(f"`{command}` in the setup of {node.name} ended with exit code {code}: {said}")
