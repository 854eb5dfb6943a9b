# SPDX-License-Identifier: Apache-2.0
"""The words of ``xlvs lab``, and what those do that are not worth a file of their own."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from xlvs.lab import build, capture_words, fault_words, get_words, state, topology_words
from xlvs.lab.errors import LabError
from xlvs.lab.hints import require_own_commands, require_root, tell_ways
from xlvs.lab.lab import Lab, environment, find

_PLAYED: Final = {
    "demo": "play nat, dr, tunnel, marks, keepalived and tour, with every command, request and listing",
    "nat": "play the scene of LVS-NAT",
    "dr": "play the scene of direct routing, with three real servers on one segment",
    "tunnel": "play the scene of tunnels, with real servers in other networks",
    "fullnat": "play the scene of full NAT, whose real servers have no route through the director",
    "marks": "play the scene of firewall marks and persistence",
    "rules": "play the table: services and destinations added, edited, deleted, saved, restored",
    "keepalived": "play two directors that share an address, one of which dies (a minute; --quick: less)",
    "sync": "play two directors that share their connections, one of which goes",
    "tour": "play what is beyond IPVS: full NAT, a capture, a fault, a packet explained, a server drained",
    "checks": "play checks of web pages, with digests and a sorry server (a minute; --quick: less)",
}
_SHELL_START: Final = "shell.rc"
_EXAMPLES: Final = """\
examples:
  xlvs lab demo                        play the scenes, one after the other
  xlvs lab dr                          play one: nat, dr, tunnel, fullnat, marks, rules, keepalived, sync, tour, checks
  xlvs lab dr --keep                   play it and leave it up
  xlvs lab up nat                      only the network and its web servers
  xlvs lab show nat > mine.toml        a network as a file, to make one's own of; xlvs-lab(5)
  xlvs lab up mine.toml                build it; play: build it, and type what the file says
  xlvs lab shell director              a shell on the director
  xlvs lab stop server1                kill its web server; start: bring it back
  xlvs lab log server1                 whom it served
  xlvs lab exec client xlvs lab get -n 4 192.168.20.129
  xlvs lab down                        remove everything
"""


def run(argv: list[str]) -> int:
    """Carry out one of them, by the arguments of ``xlvs lab``; the exit code."""
    options = parser().parse_args(argv)
    action: Callable[[argparse.Namespace], int] = options.action
    return action(options)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="xlvs lab",
        description="Whole networks in namespaces of this machine. Nothing of a lab leaves it.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    for name, summary in _PLAYED.items():
        demo = commands.add_parser(name, help=summary)
        demo.add_argument("--keep", action="store_true", help="leave the lab up afterwards")
        demo.add_argument("--quick", action="store_true", help="with short timers, where a scene waits for timers")
        demo.add_argument("--name", help=f"what to call the lab (default: {name})")
        demo.set_defaults(action=_demo, scene=name)

    topology_words.add(commands)

    down = commands.add_parser("down", help="remove labs")
    down.add_argument("names", nargs="*", metavar="LAB", help="which (default: all but those of running tests)")
    down.set_defaults(action=_down)

    listing = commands.add_parser("list", help="show the labs that are up")
    listing.set_defaults(action=_list)

    shell = commands.add_parser("shell", help="open a shell in a node")
    _add_node(shell)
    shell.set_defaults(action=_shell)

    execute = commands.add_parser("exec", help="run a command in a node")
    _add_node(execute)
    execute.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND", help="the command, with its options")
    execute.set_defaults(action=_exec)

    get_words.add(commands)

    for word, action in (("start", _start), ("stop", _stop)):
        servers = commands.add_parser(word, help=f"{word} the web server of a node")
        servers.add_argument("--lab", metavar="NAME", help="the lab, where several are up")
        servers.add_argument("node", help="server1, server2 ...")
        servers.set_defaults(action=action)

    fault_words.add(commands)
    capture_words.add(commands)
    return parser


def _add_node(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lab", metavar="NAME", help="the lab, where several are up")
    parser.add_argument("node", help="client, director, server1 ...")


def _demo(options: argparse.Namespace) -> int:
    from xlvs.lab import demo

    require_root(options.scene)
    require_own_commands()
    started = time.monotonic()
    wanted = demo.ALL if options.scene == demo.NAME else (options.scene,)
    try:
        labs = demo.run(wanted, options.name or options.scene, keep=options.keep, quick=options.quick)
    except ValueError as error:
        raise LabError(str(error)) from None
    print(f"took {time.monotonic() - started:.1f} s")
    for name in labs if options.keep else ():
        tell_ways(name)
    return 0


def _down(options: argparse.Namespace) -> int:
    require_root("down")
    names = options.names or [lab.name for lab in build.existing() if lab.owner is None]
    known = {lab.name for lab in state.load_all()}
    for name in names:
        if name not in known:
            raise LabError(f"the lab {name} is not up", "see `xlvs lab list`")
        build.down(name)
        print(f"{name}: removed")
    if not names:
        build.sweep()
        print("no lab is up")
    return 0


def _list(_: argparse.Namespace) -> int:
    for lab in build.existing():
        owner = f"  (of process {lab.owner.pid})" if lab.owner else ""
        print(f"{lab.name}: {' '.join(lab.namespaces)}{owner}")
    return 0


def _shell(options: argparse.Namespace) -> int:
    require_root("shell")
    lab = find(options.lab)
    shell = os.environ.get("SHELL", "/bin/sh")
    arguments = [shell]
    if Path(shell).name == "bash":
        arguments += ["--rcfile", _write_shell_start(lab, options.node), "-i"]
    return _become(lab, options.node, arguments)


def _exec(options: argparse.Namespace) -> int:
    require_root("exec")
    if not options.command:
        raise LabError("no command to run", "for example: xlvs lab exec director ipvsadm -L -n")
    return _become(find(options.lab), options.node, options.command)


def _start(options: argparse.Namespace) -> int:
    require_root("start")
    build.start_servers(find(options.lab), options.node)
    return 0


def _stop(options: argparse.Namespace) -> int:
    require_root("stop")
    build.stop_servers(find(options.lab), options.node)
    return 0


def _become(lab: Lab, node: str, arguments: list[str]) -> int:
    """Turn this process into a command in a node, so that signals, terminal and exit code are the command's own."""
    command = lab.command(node, arguments)
    sys.stdout.flush()
    try:
        os.execvpe(command[0], command, {**environment(), "XLVS_NODE": node})  # noqa: S606 - the user's own command
    except FileNotFoundError:
        raise LabError(f"the lab needs the command `{command[0]}`", "install the package iproute2") from None


def _write_shell_start(lab: Lab, node: str) -> str:
    """What bash reads first in a node: the user's own settings, then the node's name in the prompt; its path there.

    It removes itself: by the time it is read this process is the shell.
    """
    directory, seen = state.DIRECTORY, str(state.DIRECTORY)
    if lab.has_own_run(node):
        directory, seen = state.run_directory(lab.name, node), "/run"
    (directory / _SHELL_START).write_text(
        "node_path=$PATH\n[ -r ~/.bashrc ] && . ~/.bashrc\nPATH=$node_path\nunset node_path\nPS1='[$XLVS_NODE]# '\n"
        f"command rm -f -- '{seen}/{_SHELL_START}'\n"
    )
    return f"{seen}/{_SHELL_START}"
