# SPDX-License-Identifier: Apache-2.0
"""A lab that is up: running commands and opening sockets in its nodes."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from xlvs.lab import lab_file, plan, state
from xlvs.lab.errors import LabError, LabFileError
from xlvs.linux import bpffs, namespace

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from xlvs.lab.topology import Topology

# Pins lie below /run, and have to be those of the whole host.
_OWN_RUN: Final = f"""\
mount --bind {bpffs.MOUNT_POINT} "$1{bpffs.MOUNT_POINT.removeprefix("/run")}" && mount --rbind "$1" /run && shift && exec "$@"
"""


@dataclass(frozen=True, slots=True)
class Lab:
    """Handle of a lab by name; holds nothing open."""

    name: str
    topology: Topology

    def namespace(self, node: str) -> str:
        """The name of the node's network namespace."""
        if node not in self.topology.namespace_names():
            raise LabError(f"the lab {self.name} has no node {node}", self._nodes())
        return plan.namespace(self.name, node)

    def command(self, node: str, arguments: Sequence[str]) -> list[str]:
        """The command line that runs `arguments` in a node, with its own /sys and /etc/hosts, and /run where it has one."""
        within = ["ip", "netns", "exec", self.namespace(node)]
        if self.has_own_run(node):
            # What `ip` starts has a mount namespace of its own, so this mount ends with the command.
            within += ["sh", "-c", _OWN_RUN, "sh", str(state.run_directory(self.name, node))]
        return [*within, *arguments]

    def has_own_run(self, node: str) -> bool:
        """Whether commands in a node see a /run of its own, which is `state.run_directory` outside."""
        return any(each.name == node and each.own_run for each in self.topology.nodes)

    def run(
        self, node: str, arguments: Sequence[str], *, standard_input: str = "", timeout_s: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a node and wait; its output is text, with standard error apart."""
        return subprocess.run(
            self.command(node, arguments),
            check=False,
            input=standard_input,
            capture_output=True,
            text=True,
            env=environment(),
            timeout=timeout_s,
        )

    def entered(self, node: str) -> AbstractContextManager[None]:
        """Put the calling thread into a node's network for a with block, to make sockets there."""
        return namespace.entered(self.namespace(node))

    def _nodes(self) -> str:
        return "nodes: " + " ".join(self.topology.namespace_names())


def environment() -> dict[str, str]:
    """The environment of commands in nodes: the `ipvsadm` and `xlvs` of this installation before any other."""
    inherited = os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
    return {**os.environ, "PATH": os.pathsep.join([*own_directories(), inherited])}


def own_directories() -> list[str]:
    """Where the commands of this installation may lie: beside the running one, the interpreter, or as pip puts them."""
    running = Path(sys.argv[0]).resolve()
    places = [str(running.parent)] if running.name == "xlvs" else []
    return list(dict.fromkeys([*places, str(Path(sys.executable).parent), sysconfig.get_path("scripts")]))


def find(name: str | None = None) -> Lab:
    """The lab called `name`, or the only one that is up; labs of tests and running demos are found by name only."""
    labs = [lab for lab in state.load_all() if (lab.name == name if name else lab.owner is None)]
    if not labs:
        raise LabError(f"the lab {name} is not up" if name else "no lab is up", "start one with `xlvs lab up nat`")
    if len(labs) > 1:
        names = " ".join(lab.name for lab in labs)
        raise LabError(f"several labs are up: {names}", "choose one with --lab NAME")
    return Lab(labs[0].name, _topology(labs[0].name))


def _topology(name: str) -> Topology:
    """The network of a lab that is up, as it was written down when it was built."""
    path = state.topology(name)
    try:
        return lab_file.read(path.read_text(encoding="utf-8"), str(path)).topology
    except (OSError, LabFileError):
        raise LabError(
            f"the lab {name} was built by another version of xlvs", f"remove it with `xlvs lab down {name}`"
        ) from None
