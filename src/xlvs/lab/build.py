# SPDX-License-Identifier: Apache-2.0
"""Building and removing labs."""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from xlvs.lab import inside, lab_text, plan, state, typed
from xlvs.lab.errors import LabError
from xlvs.lab.lab import Lab
from xlvs.lab.topology import HttpServer, Node, Topology, check_names
from xlvs.linux import bpffs, namespace

_ETC_NETNS: Final = Path("/etc/netns")
_NO_NAME_SERVER: Final = "# a lab has no name server\n"
_BACKLOG: Final = 1024
_SERVER_SOCKET: Final = 3
_KILLED_S: Final = 5.0
_SELF_SIGNED: Final = [
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "30",
    "-subj",
    "/CN=lab",
    "-keyout",
    "-",
]

# The children of this process that nobody else waits for.
_servers: set[int] = set()


def up(
    topology: Topology,
    name: str,
    *,
    owned: bool = False,
    directory: Path | None = None,
    tell: Callable[[str, str, str], None] | None = None,
) -> Lab:
    """Build a lab called `name`; a lab of that name that is there already is replaced.

    An owned lab ends with the calling process: its servers die with it, the rest goes with the next lab command. The
    commands of the nodes' setup are run in `directory`; `tell` is told of each, with its node and output.
    Raises LabError; what was built until then is removed again.
    """
    check_names(name)
    with state.locked():
        _sweep()
        _remove(name)
        owner = state.this_process() if owned else None
        state.save(state.LabState(name, topology.name, tuple(topology.namespace_names()), owner))
        try:
            _build(topology, name, owned=owned)
        except BaseException:
            _remove(name)
            raise
    lab = Lab(name, topology)
    try:
        typed.set_up(lab, directory, tell)
    except BaseException:
        down(name)
        raise
    return lab


def down(name: str) -> None:
    """Remove a lab with all its processes; a part of one, or none at all, is no error."""
    check_names(name)
    with state.locked():
        _sweep()
        _remove(name)


def sweep() -> None:
    """Remove the labs whose owner is gone."""
    with state.locked():
        _sweep()


def existing() -> list[state.LabState]:
    """The labs of this host that are in use."""
    return [lab for lab in state.load_all() if not state.is_orphan(lab)]


def _sweep() -> None:
    for lab in state.load_all():
        if state.is_orphan(lab):
            _remove(lab.name)


def _build(topology: Topology, name: str, *, owned: bool) -> None:
    state.topology(name).write_text(lab_text.write(topology), encoding="utf-8")
    _ip(plan.namespace_lines(name, topology))
    for member in topology.namespace_names():
        inside.write_sysctls(plan.namespace(name, member), plan.BASELINE)
    _ip(plan.link_lines(name, topology))
    for switch in topology.switches():
        _ip(plan.switch_lines(topology, switch), plan.namespace(name, switch))
    for node in topology.nodes:
        inside.write_sysctls(plan.namespace(name, node.name), node.sysctls)
        _ip(plan.node_lines(node), plan.namespace(name, node.name))
    _write_etc(topology, name)
    for node in topology.nodes:
        if node.own_run:
            _make_run(name, node)
    for server in topology.servers:
        _start_server(server, name, owner=os.getpid() if owned else 0)


def _make_run(name: str, node: Node) -> None:
    """The directory that a node sees as /run, with a place for the pins, which must be there before any command."""
    run = state.run_directory(name, node.name)
    (run / Path(bpffs.MOUNT_POINT).name).mkdir(mode=0o755, parents=True)
    for file, text in node.files:
        (run / file).write_text(text, encoding="utf-8")
    with namespace.entered(plan.namespace(name, node.name)):
        bpffs.director()


def start_servers(lab: Lab, node: str) -> None:
    """Start the web servers of a node; they end with the lab. Raises LabError when one runs, or it has none."""
    lab.namespace(node)
    if inside.servers_in(lab.namespace(node)):
        raise LabError(f"the web server of {node} is running")
    servers = [server for server in lab.topology.servers if server.node == node]
    if not servers:
        raise LabError(f"{node} has no web server")
    for server in servers:
        _start_server(server, lab.name, owner=0)


def stop_servers(lab: Lab, node: str) -> None:
    """Kill the web servers of a node, as a crash would; open connections are reset. Raises LabError when none runs."""
    pids = inside.servers_in(lab.namespace(node))
    if not pids:
        raise LabError(f"no web server runs on {node}")
    descriptors = [_signalled(pid, signal.SIGKILL) for pid in pids]
    _wait_until_gone([each for each in descriptors if each is not None], _KILLED_S)
    _reap()


def _ip(lines: list[str], within: str = "") -> None:
    command = ["ip", *(["-n", within] if within else []), "-batch", "-"]
    try:
        # The child inherits the lock (all other descriptors close themselves): should this process be killed, nobody
        # tears the lab down while `ip` is still building it.
        done = subprocess.run(
            command, check=False, input="\n".join(lines) + "\n", capture_output=True, text=True, close_fds=False
        )
    except FileNotFoundError:
        raise LabError("the lab needs the command `ip`", "install the package iproute2") from None
    if done.returncode:
        raise LabError(_explain(done.stderr, lines, within))


def _explain(complaint: str, lines: list[str], within: str) -> str:
    """Name the line that ``ip -batch`` stopped at, and the node."""
    where = f" in {within.rpartition('-')[2]}" if within else ""
    reason = complaint.strip().splitlines()[0] if complaint.strip() else "no reason given"
    number = re.search(r"Command failed -:(\d+)", complaint)
    if not number:
        return f"`ip` refused a line of the lab: {reason}"
    return f"the kernel refused `ip {lines[int(number[1]) - 1]}`{where}: {reason}"


def _write_etc(topology: Topology, name: str) -> None:
    """Give every node its /etc/hosts and no DNS: ``ip netns exec`` mounts what it finds in /etc/netns over /etc."""
    files = {
        "hosts": plan.hosts_file(topology),
        "nsswitch.conf": _name_switch(Path("/etc/nsswitch.conf")),
        "resolv.conf": _NO_NAME_SERVER,
    }
    for node in topology.namespace_names():
        directory = _ETC_NETNS / plan.namespace(name, node)
        directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        for file, text in files.items():
            if Path("/etc", file).exists():
                (directory / file).write_text(text)


def _name_switch(host_file: Path) -> str:
    """The host's nsswitch.conf with host names from files alone."""
    lines = host_file.read_text().splitlines() if host_file.exists() else []
    kept = [line for line in lines if not line.startswith("hosts:")]
    return "\n".join([*kept, "hosts: files", ""])


def _start_server(server: HttpServer, lab_name: str, *, owner: int) -> None:
    within = plan.namespace(lab_name, server.node)
    certificate = str(_certificate(lab_name)) if server.tls else ""
    log = state.log(lab_name, server.node)
    log.touch(mode=0o644)
    pages = [server.page, *(word for each in server.pages for word in each)]
    arguments = [
        sys.executable,
        "-I",
        "-S",
        inside.SERVER,
        str(_SERVER_SOCKET),
        str(owner),
        certificate,
        str(log),
        *pages,
    ]
    null = [(os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_RDWR, 0) for descriptor in range(3)]
    with (
        namespace.entered(within),
        socket.create_server(
            ("", server.port), family=socket.AF_INET6, backlog=_BACKLOG, dualstack_ipv6=True
        ) as listener,
    ):
        actions = [*null, (os.POSIX_SPAWN_DUP2, listener.fileno(), _SERVER_SOCKET)]
        _servers.add(os.posix_spawn(sys.executable, arguments, os.environ, file_actions=actions, setsid=True))


def _certificate(lab_name: str) -> Path:
    """Key and certificate of a lab's HTTPS servers, made when they are first needed."""
    path = state.DIRECTORY / f"{lab_name}.pem"
    if path.exists():
        return path
    try:
        made = subprocess.run([*_SELF_SIGNED, "-out", "-"], capture_output=True, check=True, text=True)
    except FileNotFoundError:
        raise LabError("this lab needs the command `openssl`", "install the package openssl") from None
    except subprocess.CalledProcessError as error:
        raise LabError(f"`openssl` made no certificate: {error.stderr.strip()}") from None
    path.touch(mode=0o600)
    path.write_text(made.stdout)
    return path


def _remove(name: str) -> None:
    """Remove whatever exists of a lab, whichever step its building or an earlier removal stopped at."""
    prefix = plan.namespace(name, "")
    found = [entry for entry in namespace.names() if entry.startswith(prefix)]
    _end_processes(found)
    for entry in found:
        inside.remove_tables(entry)
    if found:
        _ip([f"netns delete {entry}" for entry in found])
    for directory in _ETC_NETNS.glob(f"{prefix}*"):
        shutil.rmtree(directory, ignore_errors=True)
    with contextlib.suppress(OSError):
        _ETC_NETNS.rmdir()
    state.forget(name)


def _end_processes(namespaces: Iterable[str]) -> None:
    """Hang up on everything inside, then kill what stays: a shell gets the chance to save its history."""
    namespaces = list(namespaces)
    if not namespaces:
        return
    # Twice to kill: what was watched over may have been started anew meanwhile.
    for number, patience_s in ((signal.SIGHUP, 0.5), (signal.SIGKILL, _KILLED_S), (signal.SIGKILL, _KILLED_S)):
        pids = inside.processes_in(namespaces)
        _wait_until_gone(
            [descriptor for pid in pids if (descriptor := _signalled(pid, number)) is not None], patience_s
        )
    _reap()


def _signalled(pid: int, number: signal.Signals) -> int | None:
    """Signal a process through a pidfd, which cannot hit a later process of the same pid; None when it is gone."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(descriptor, number)
    return descriptor


def _wait_until_gone(descriptors: list[int], patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    for descriptor in descriptors:
        select.select([descriptor], [], [], max(deadline - time.monotonic(), 0))
        os.close(descriptor)


def _reap() -> None:
    """Take note of the servers' ends, lest they stay in the process table until this process ends too."""
    for pid in list(_servers):
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG)[0] == 0:
                continue
        _servers.discard(pid)
