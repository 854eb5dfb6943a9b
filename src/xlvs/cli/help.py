# SPDX-License-Identifier: Apache-2.0
"""The text of ``xlvs --help``."""

from __future__ import annotations

from typing import Final

from xlvs.cli.commands import grouped

_INTRODUCTION: Final = """\
xlvs is the Linux Virtual Server on eBPF. Virtual services are set up with ipvsadm, as ever; xlvs has the rest.

usage: xlvs COMMAND [ARGUMENT ...]     xlvs COMMAND --help
"""

_EXAMPLES: Final = """\
Examples
  ipvsadm -A -t 192.168.20.129:80 -s rr                      a virtual service; attaches what is not yet attached
  ipvsadm -a -t 192.168.20.129:80 -r 192.168.10.133 -m       a real server behind NAT
  xlvs status                                                is everything in place?
  xlvs explain tcp 192.168.20.1:51184 192.168.20.129:80      what would become of this packet, and why?
  xlvs restore --dry-run /etc/ipvsadm.rules                  what would a file of rules change?
  xlvs lab demo                                              all of it with real packets, in namespaces
"""


def text() -> str:
    """All commands by group, with examples."""
    parts = [_INTRODUCTION]
    for group, commands in grouped().items():
        lines = [group, *(f"  {command.name:<11} {command.summary}" for command in commands)]
        parts.append("\n".join(lines) + "\n")
    return "\n".join([*parts, _EXAMPLES])
