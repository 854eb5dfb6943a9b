# SPDX-License-Identifier: Apache-2.0
"""The table of commands: help, dispatch and completion all read it."""

from __future__ import annotations

from typing import Final, NamedTuple


class Command(NamedTuple):
    """One word after `xlvs`. `entry` is ``module:function`` of ``(argv) -> int``; `words` is what completion offers next."""

    name: str
    group: str
    summary: str
    entry: str
    words: tuple[str, ...] = ()


_TRAFFIC: Final = "The packet path on this host"
_REAL_SERVER: Final = "A real server"
_TABLES: Final = "The tables"
_KEEP: Final = "Keeping it alive"
_TRY: Final = "Learning and trying"
_ABOUT: Final = "About xlvs"

COMMANDS: Final = (
    Command(
        "status",
        _TRAFFIC,
        "what is attached where, what is missing and what to do",
        "xlvs.control.status:main",
        ("--json",),
    ),
    Command("explain", _TRAFFIC, "what becomes of a packet, and why", "xlvs.explain.main:main"),
    Command("attach", _TRAFFIC, "attach the packet path to interfaces", "xlvs.control.attach:main"),
    Command("detach", _TRAFFIC, "take it off again; the host is as it was", "xlvs.control.detach:main"),
    Command("upgrade", _TRAFFIC, "replace the programs under traffic", "xlvs.control.upgrade:main"),
    Command(
        "realserver",
        _REAL_SERVER,
        "virtual addresses, quiet ARP, the tunnel's end, clients behind full NAT: up, status, down, toa",
        "xlvs.control.realserver:main",
    ),
    Command(
        "save",
        _TABLES,
        "all that the director is told, as lines for `xlvs restore`",
        "xlvs.cli.save:main",
        ("--beside",),
    ),
    Command("restore", _TABLES, "make the tables as a file says, and show the difference", "xlvs.cli.restore:main"),
    Command(
        "proc", _TABLES, "the views ip_vs, ip_vs_conn, ip_vs_stats", "xlvs.control.proc:main", ("read", "write", "list")
    ),
    Command("mark", _TABLES, "firewall marks by address and port, with no netfilter", "xlvs.control.mark:main"),
    Command("connections", _TABLES, "list the connections, or end some of them", "xlvs.control.connections:main"),
    Command("drain", _TABLES, "take a server out of service without hurting anybody", "xlvs.control.drain:main"),
    Command(
        "service", _TABLES, "timeouts of a service's own; what happens when servers go", "xlvs.control.service:main"
    ),
    Command("laddr", _TABLES, "local addresses of full NAT", "xlvs.control.laddr:main"),
    Command("sysctl", _TABLES, "read and set the settings of net.ipv4.vs", "xlvs.control.sysctl:main", ("--json",)),
    Command(
        "sync", _KEEP, "connections shared with other directors", "xlvs.control.sync:main", ("status", "send", "--json")
    ),
    Command("keepalived", _KEEP, "VRRP and health checks from keepalived.conf", "xlvs.keepalived.main:main"),
    Command(
        "genhash",
        _KEEP,
        "the digest of a page, for keepalived.conf",
        "xlvs.keepalived.genhash:main",
        ("-s", "-p", "-u", "-S", "-I", "-V", "-m", "-P", "-t"),
    ),
    Command(
        "lab",
        _TRY,
        "networks in namespaces of this machine; start with `xlvs lab demo`",
        "xlvs.lab.main:main",
        (
            "demo",
            "nat",
            "dr",
            "tunnel",
            "fullnat",
            "marks",
            "rules",
            "keepalived",
            "sync",
            "tour",
            "checks",
            "up",
            "show",
            "play",
            "down",
            "list",
            "shell",
            "exec",
            "get",
            "log",
            "start",
            "stop",
            "fault",
            "capture",
        ),
    ),
    Command(
        "completion", _ABOUT, "completion for the shell: xlvs completion bash", "xlvs.cli.completion:main", ("bash",)
    ),
    Command("version", _ABOUT, "the version", "xlvs.cli.version:main"),
)

BY_NAME: Final = {command.name: command for command in COMMANDS}


def grouped() -> dict[str, list[Command]]:
    """The commands by group, in the order of the table."""
    groups: dict[str, list[Command]] = {}
    for command in COMMANDS:
        groups.setdefault(command.group, []).append(command)
    return groups
