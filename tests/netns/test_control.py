# SPDX-License-Identifier: Apache-2.0
"""The commands that look after a director, on a director with real interfaces and traffic."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.netns.topology import REAL_SERVERS, VIP, Net
from tests.unit.linux.scratch import scratch_namespace
from xlvs.ipvs import layout
from xlvs.lab.lab import environment
from xlvs.linux import bpffs, namespace
from xlvs.linux.bpf_map import Map

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_REQUEST: Final = b"GET / HTTP/1.1\r\nHost: vip\r\n\r\n"


def xlvs(net: Net, command_line: str, standard_input: str = "") -> subprocess.CompletedProcess[str]:
    """Run ``xlvs COMMAND-LINE`` on the director."""
    return net.run("director", ["xlvs", *command_line.split()], standard_input=standard_input)


def status(net: Net) -> dict[str, Any]:
    """What `xlvs status` knows."""
    found: dict[str, Any] = json.loads(xlvs(net, "status --json").stdout)
    return found


def serve(net: Net) -> None:
    """One service with both servers behind NAT."""
    net.ipvsadm(f"-A -t {VIP}:80 -s rr")
    for server in REAL_SERVERS:
        net.ipvsadm(f"-a -t {VIP}:80 -r {server}:80 -m")


@pytest.fixture
def connection(net: Net) -> Iterator[socket.socket]:
    """A client's connection through the director, open."""
    serve(net)
    with net.lab.entered("client"):
        opened = socket.create_connection((VIP, 80), timeout=5)
    with opened:
        yield opened


def answers(connection: socket.socket) -> bool:
    """Whether a request on the open connection is answered."""
    connection.sendall(_REQUEST)
    return connection.recv(4096).startswith(b"HTTP/1")


def links(net: Net) -> Sequence[str]:
    """Everything about the director's interfaces that attaching could change."""
    return [
        net.must("director", "ip", "-details", "link", "show"),
        net.must("director", "tc", "qdisc", "show"),
        net.must("director", "tc", "filter", "show", "dev", "ens33", "ingress"),
    ]


def pins(net: Net) -> str:
    """The folder of the director's pins."""
    with net.lab.entered("director"):
        return f"{bpffs.root()}/{namespace.cookie():x}"


def test_status_says_what_to_do_until_all_is_well(net: Net) -> None:
    """First nothing is there, then forwarding is off, then it is healthy; the exit code follows."""
    nothing = xlvs(net, "status")
    assert nothing.returncode == 1
    assert "xlvs attach" in nothing.stdout

    serve(net)
    net.must("director", "sysctl", "-qw", "net.ipv4.ip_forward=0")
    lacking = xlvs(net, "status")
    assert lacking.returncode == 1
    assert "sysctl -w net.ipv4.ip_forward=1" in lacking.stdout

    net.must("director", "sysctl", "-qw", "net.ipv4.ip_forward=1")
    well = xlvs(net, "status")
    assert well.returncode == 0, well.stdout
    assert "all is well" in well.stdout
    assert "\033" not in well.stdout


def test_an_interface_that_refuses_xdp_stays_as_it_was(net: Net) -> None:
    """The others are attached; the refusal is named with what helps, and is no broken edit."""
    refused = xlvs(net, "attach --mode xdp lo ens33")

    assert refused.returncode == 1
    assert refused.stdout == "ens33: tc (tcx) + XDP native\n"
    assert refused.stderr.startswith("xlvs: XDP on lo is not available")
    said = xlvs(net, "status").stdout
    assert "died" not in said
    assert re.search(r"^(interfaces)? +lo +tc egress \(\w+\)$", said, re.MULTILINE)


@pytest.mark.parametrize(
    "words", ["-D -t 10.0.0.1:80", "-d -t 10.0.0.1:80 -r 10.2.0.1", "-A -t 10.0.0.1:80 -s best", "-C", "-Z"]
)
def test_what_changes_nothing_loads_nothing(net: Net, words: str) -> None:
    """On a host without tables."""
    net.run("director", ["ipvsadm", *words.split()])

    assert xlvs(net, "status").stdout.startswith("director     none\n")


def test_status_counts_services_connections_and_packets(net: Net) -> None:
    """From the tables."""
    serve(net)
    net.client_get(3)

    found = status(net)

    assert (found["services"]["used"], found["destinations"]["used"]) == (1, 2)
    assert found["connections"]["used"] == 3
    assert found["verdicts"]["forward"] >= 9
    assert found["verdicts"]["reply"] >= 6
    assert found["clock_runs"]


def test_named_interfaces_are_the_user_s_choice(net: Net) -> None:
    """A service that is added later attaches no other one."""
    assert xlvs(net, "attach ens33").returncode == 0
    serve(net)

    attached = {each["name"]: each["tc"] for each in status(net)["interfaces"]}

    assert [name for name, tc in attached.items() if tc] == ["ens33"]
    assert xlvs(net, "attach").returncode == 0
    assert all(each["tc"] for each in status(net)["interfaces"] if each["suitable"])


def test_modes_can_be_forced(net: Net) -> None:
    """XDP in the driver, in the kernel, or none."""
    for mode, expected in (("xdp", "native"), ("xdp-generic", "generic"), ("tc", "")):
        assert xlvs(net, f"attach --mode {mode} ens33").returncode == 0
        (line,) = [each for each in status(net)["interfaces"] if each["name"] == "ens33"]
        assert (bool(line["tc"]), line["xdp"]) == (True, expected)


def test_an_interface_that_is_not_there_is_named(net: Net) -> None:
    """And nothing is loaded for it."""
    refused = xlvs(net, "attach ens34")

    assert refused.returncode == 2
    assert "there is no interface ens34" in refused.stderr
    assert not os.path.exists(pins(net))


def test_detach_leaves_the_host_as_it_was(net: Net) -> None:
    """Qdiscs, filters, XDP, pins; also when XDP was forced."""
    before = links(net)
    serve(net)
    xlvs(net, "attach --mode xdp")
    assert links(net) != before

    assert xlvs(net, "detach --yes").returncode == 0

    assert links(net) == before
    assert not os.path.exists(pins(net))
    assert net.ipvsadm("-Ln").count("\n") == 3
    again = xlvs(net, "detach")
    assert (again.returncode, again.stdout) == (0, "nothing was attached\n")


def test_tables_of_another_version_are_left_alone_and_can_be_removed(net: Net) -> None:
    """Every command says what they are and what to do, and that is possible with the version at hand."""
    before = links(net)
    serve(net)
    xlvs(net, "attach --mode xdp")
    with Map.from_pin(f"{pins(net)}/ledger") as ledger, ledger.memory() as memory:
        memory[layout.LEDGER_LAYOUT : layout.LEDGER_LAYOUT + 4] = (layout.LAYOUT - 1).to_bytes(4, "little")
    refused = [xlvs(net, command) for command in ("upgrade", "status", "detach", "detach ens33")]
    attached = links(net)

    for each in refused:
        assert each.returncode == 1
        assert f"another version of xlvs (layout {layout.LAYOUT - 1}, not {layout.LAYOUT})" in each.stderr
        assert "`xlvs detach --yes`" in each.stderr
    assert attached != before
    removed = xlvs(net, "detach --yes")
    assert (removed.returncode, removed.stderr) == (0, "services forgotten: those of another version of xlvs\n")
    assert links(net) == before
    assert not os.path.exists(pins(net))
    serve(net)


def test_detach_does_not_forget_services_unasked(net: Net) -> None:
    """It says how many there are and how to keep them."""
    serve(net)
    before = links(net), net.ipvsadm("-Sn")

    refused = xlvs(net, "detach")

    assert refused.returncode == 1
    assert "1 service would be forgotten" in refused.stderr
    assert "xlvs save > FILE" in refused.stderr
    assert (links(net), net.ipvsadm("-Sn")) == before


def test_detach_of_one_interface_keeps_the_tables(net: Net) -> None:
    """It stays detached when a service is added."""
    serve(net)
    assert xlvs(net, "detach ens33").returncode == 0

    net.ipvsadm(f"-A -t {VIP}:81 -s rr")

    lines = {each["name"]: each["tc"] for each in status(net)["interfaces"]}
    assert lines["ens33"] == ""
    assert status(net)["services"]["used"] == 2


def test_an_upgrade_breaks_no_connection(net: Net, connection: socket.socket) -> None:
    """New programs everywhere, the old connection and its state in place."""
    assert answers(connection)
    before = status(net)

    upgraded = xlvs(net, "upgrade")

    after = status(net)
    assert upgraded.returncode == 0, upgraded.stderr
    assert f"tc: program {before['tc_program']} -> {after['tc_program']}" in upgraded.stdout
    assert before["tc_program"] != after["tc_program"]
    assert all(each["current"] for each in after["interfaces"])
    assert after["clock_runs"]
    assert answers(connection)
    assert net.client_get(2) != []


def test_an_upgrade_of_nothing_is_no_error(net: Net) -> None:
    """A package's script may run it always."""
    done = xlvs(net, "upgrade")

    assert done.returncode == 0
    assert "nothing is loaded here" in done.stdout


def test_restore_keeps_connections_of_servers_that_stay(net: Net, connection: socket.socket) -> None:
    """Only the other server goes, and a new service comes."""
    assert answers(connection)
    (used,) = [line.split()[-1] for line in net.ipvsadm("-Lnc").splitlines()[2:]]
    rules = f"-A -t {VIP}:80 -s wlc\n-a -t {VIP}:80 -r {used} -m -w 7\n-A -t {VIP}:81 -s rr\n"

    dry = xlvs(net, "restore --dry-run -", rules)
    before = net.ipvsadm("-Sn")
    done = xlvs(net, "restore -v -", rules)

    assert dry.returncode == 0, dry.stderr
    assert dry.stdout == done.stdout
    assert before.count("-a ") == 2
    assert sorted(net.ipvsadm("-Sn").splitlines()) == sorted(
        [f"-A -t {VIP}:80 -s wlc", f"-a -t {VIP}:80 -r {used} -m -w 7", f"-A -t {VIP}:81 -s rr"]
    )
    assert answers(connection)
    assert xlvs(net, "restore -v -", rules).stdout == "no difference\n"


def test_a_wrong_rule_changes_nothing(net: Net) -> None:
    """It is named with its number; those before it are not carried out."""
    serve(net)
    before = net.ipvsadm("-Sn")

    refused = xlvs(net, "restore -", f"-A -t {VIP}:81 -s rr\n-a -t {VIP}:82 -r 10.0.0.1 -m\n")

    assert refused.returncode == 2
    assert "standard input, line 2: Service not defined; nothing was changed" in refused.stderr
    assert net.ipvsadm("-Sn") == before


def test_settings_are_those_of_the_director(net: Net) -> None:
    """By sysctl and by the kernel's path."""
    assert xlvs(net, "sysctl nat_icmp_send=1").returncode == 0
    assert xlvs(net, "proc read /proc/sys/net/ipv4/vs/nat_icmp_send").stdout == "1\n"
    assert xlvs(net, "proc write /proc/sys/net/ipv4/vs/sync_version 9").returncode != 0


def test_the_last_director_takes_the_bpffs_with_it() -> None:
    """On a host of its own: nothing is mounted any more, and nothing lies below the mount point."""
    script = (
        "mount -t tmpfs none /run && ip link add e0 type veth peer name e1 && xlvs attach e0 && test -d /run/xlvs"
        " && test -e /run/xlvs/maps.debug && xlvs detach && rmdir /run/xlvs"
    )
    with scratch_namespace() as name:
        command = [
            "ip",
            "netns",
            "exec",
            name,
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "--mount-proc",
            "sh",
            "-c",
            script,
        ]
        done = _run(command)

    assert done.returncode == 0, done.stdout + done.stderr


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False, timeout=120)


def test_a_load_that_was_cut_short_is_cleaned_up_by_detach(net: Net) -> None:
    """Its folder goes, although there are no programs yet."""
    Path(pins(net)).mkdir(mode=0o700)

    assert xlvs(net, "detach").returncode == 0

    assert not os.path.exists(pins(net))
