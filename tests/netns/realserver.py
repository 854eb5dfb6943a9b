# SPDX-License-Identifier: Apache-2.0
"""What tests of real servers share: a host's whole state as text, and a command that dies between two steps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from xlvs.lab.lab import environment
from xlvs.linux import bpffs, namespace
from xlvs.linux.bpf_link import Link
from xlvs.model.errors import KernelError
from xlvs.realserver import journal

if TYPE_CHECKING:
    from tests.netns.topology import Net

_COMMANDS: Final = (
    ("ip", "-details", "address"),
    ("ip", "route", "show", "table", "all"),
    ("ip", "-6", "route", "show", "table", "all"),
    ("ip", "rule"),
    ("tc", "qdisc"),
)
_DEADLY: Final = """
import os, signal, sys
from xlvs.cli.main import main
from xlvs.linux import address, bpffs, tc_attach
from xlvs.linux.bpf import Map, Object
from xlvs.linux.handle import Handle
from xlvs.realserver import host, journal
steps = int(sys.argv[1])
def deadly(owner, name):
    step = getattr(owner, name)
    def stepped(*arguments, **options):
        global steps
        if steps == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        steps -= 1
        return step(*arguments, **options)
    setattr(owner, name, stepped)
for owner, name in ((host, "write"), (address, "add"), (address, "remove"), (tc_attach, "attach"), (tc_attach, "detach"),
                    (bpffs, "remove"), (bpffs, "unpin"), (Map, "update"), (Object, "load"), (Handle, "pin"),
                    (journal, "save"), (journal, "forget")):
    deadly(owner, name)
sys.exit(main(sys.argv[2:]))
"""


def snapshot(net: Net, node: str) -> str:
    """Addresses, routes, rules, queueing disciplines, tc filters, settings, and what of ours is pinned or written."""
    parts = [net.must(node, *command) for command in _COMMANDS]
    for interface in ("lo", "eth0"):
        parts += [net.must(node, "tc", "filter", "show", "dev", interface, way) for way in ("ingress", "egress")]
    with net.lab.entered(node):
        parts += sorted(_settings())
        number = namespace.cookie()
    parts.append(f"journal {(journal.DIRECTORY / f'{number:x}.json').exists()}")
    parts.append(f"pins {_pins(f'rs_{number:x}')}")
    return "\n".join(parts)


def killed(net: Net, node: str, steps: int, *words: str) -> bool:
    """Run `xlvs WORDS` in a node and kill it before the step after so many; False when it had no such step."""
    command = net.lab.command(node, [sys.executable, "-c", _DEADLY, str(steps), *words])
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode == -9


def attached(net: Net, node: str) -> set[str]:
    """Names of the links of ours that hang on something in a node."""
    with net.lab.entered(node):
        return attached_in(Path(bpffs.folder(f"rs_{namespace.cookie():x}", create=False)))


def attached_in(folder: Path) -> set[str]:
    """The same for a folder of pins."""
    found = set()
    for pin in folder.glob("*_[0-9]*"):
        with Link.from_pin(str(pin)) as link:
            if link.info.ifindex:
                found.add(pin.name)
    return found


def _settings() -> list[str]:
    """All of net.ipv4 and net.ipv6, without the counters that move by themselves."""
    found = []
    for path in Path("/proc/sys/net").rglob("*"):
        if path.is_file() and path.parts[4] in ("ipv4", "ipv6") and "stable_secret" not in path.name:
            try:
                found.append(f"{path} {path.read_text().strip()}")
            except OSError:
                continue  # for writing only
    return found


def _pins(folder: str) -> bool:
    try:
        return Path(bpffs.folder(folder, create=False)).exists()
    except KernelError:
        return False
