# SPDX-License-Identifier: Apache-2.0
"""The views are files that `cat` reads, in the kernel's format; `xlvs proc` prints the same from Python."""

import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.netns.topology import SERVERS6, VIP, VIP6, Net
from xlvs.ipvs.views import VIEWS
from xlvs.linux import bpffs

_REAL_SERVERS = ("192.168.10.133", "192.168.10.134")
_PATIENCE_S = 20.0  # the statistics follow every 2 seconds


@pytest.fixture
def view(net: Net) -> Callable[[str], str]:
    """Read a view of the lab's director as `cat` does."""

    def read(name: str) -> str:
        with net.lab.entered("director"):
            return Path(f"{bpffs.director(create=False)}/{name}").read_text()

    return read


def from_python(net: Net, name: str) -> str:
    """The same view, printed from Python."""
    return net.must("director", "xlvs", "proc", "read", f"/proc/net/{name}")


def set_up(net: Net) -> None:
    """One service of each family, each with two servers."""
    net.ipvsadm(f"-A -t {VIP}:80 -s rr")
    net.ipvsadm(f"-A -t [{VIP6}]:80 -s rr -p 60 -M 64")
    for server in _REAL_SERVERS:
        net.ipvsadm(f"-a -t {VIP}:80 -r {server}:80 -m")
    for server in SERVERS6:
        net.ipvsadm(f"-a -t [{VIP6}]:80 -r [{server}]:80 -m -w 5")


def test_services_and_servers(net: Net, view: Callable[[str], str]) -> None:
    """Title, services, destinations newest first."""
    net.ipvsadm(f"-A -t {VIP}:80 -s rr -p 300")
    net.ipvsadm(f"-a -t {VIP}:80 -r {_REAL_SERVERS[0]}:80 -m -w 3")
    net.ipvsadm(f"-a -t {VIP}:80 -r {_REAL_SERVERS[1]}:80 -g")

    title, *rest = view("ip_vs").splitlines()

    assert re.fullmatch(r"IP Virtual Server version 1\.2\.1 \(size=\d+\)", title)
    assert rest == [
        "Prot LocalAddress:Port Scheduler Flags",
        "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn",
        "TCP  C0A81481:0050 rr  persistent 30000 FFFFFFFF",
        "  -> C0A80A86:0050      Route   1      0          0         ",
        "  -> C0A80A85:0050      Masq    3      0          0         ",
    ]


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_without_services_is_its_title(net: Net, view: Callable[[str], str], name: str) -> None:
    """As the kernel's files when nothing is set up."""
    net.must("director", "xlvs", "attach", "ens33")

    assert view(name) == from_python(net, name)


def test_connections_of_both_families(net: Net, view: Callable[[str], str]) -> None:
    """One line each, the same as from Python."""
    set_up(net)
    net.client_get(2)
    net.client_get(1, f"[{VIP6}]")

    def sorted_rows(text: str) -> list[str]:
        return sorted(re.sub(r" +\d+$", "", row) for row in text.splitlines())

    for name in ("ip_vs_conn", "ip_vs_conn_sync"):
        assert sorted_rows(view(name)) == sorted_rows(from_python(net, name))
        assert len(view(name).splitlines()) >= 1 + 3
    assert re.search(
        r"^TCP [0-9A-F]{8} [0-9A-F]{4} C0A81481 0050 C0A80A8[56] 0050 \w+ +\d+$", view("ip_vs_conn"), re.MULTILINE
    )


def test_an_expired_connection_is_not_shown(net: Net, view: Callable[[str], str]) -> None:
    """Whether or not its memory was given back."""
    net.ipvsadm(f"-A -u {VIP}:53 -s rr")
    net.ipvsadm(f"-a -u {VIP}:53 -r {_REAL_SERVERS[0]}:53 -m")
    net.ipvsadm("--set 0 0 1")
    with net.lab.entered("client"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"query", (VIP, 53))
    deadline = time.monotonic() + _PATIENCE_S
    seen = set()
    while 1 not in seen and time.monotonic() < deadline:
        seen.add(len(view("ip_vs_conn").splitlines()))
        time.sleep(0.05)

    assert seen == {1, 2}


def test_statistics_in_total_and_by_processor(net: Net, view: Callable[[str], str]) -> None:
    """Hexadecimal; the lines of the processors that counted add up to the total, and the first is there always."""
    set_up(net)
    net.client_get(3)
    deadline = time.monotonic() + _PATIENCE_S
    while view("ip_vs_stats").split("\n")[2].split()[0] != "3" and time.monotonic() < deadline:
        time.sleep(0.1)

    total = view("ip_vs_stats").splitlines()[2].split()
    _, _, *processors, shown, _, _, _ = view("ip_vs_stats_percpu").splitlines()
    assert total[0] == "3"
    assert shown.split() == ["~", *total]
    assert processors[0].split()[0] == "0"
    sums = [sum(int(row.split()[1 + column], 16) for row in processors) for column in range(5)]
    assert [f"{each:X}" for each in sums] == total


def test_a_service_with_thousands_of_servers_is_shown_whole(net: Net, view: Callable[[str], str]) -> None:
    """More than the kernel's buffer of 32 KiB holds at once, between services that fit."""
    rules = [f"-A -t {VIP}:79 -s rr", f"-A -t {VIP}:80 -s rr"]
    rules += [f"-a -t {VIP}:80 -r 10.9.{number >> 8}.{number & 255}:80 -m" for number in range(1, 2500)]
    rules += [f"-A -t {VIP}:81 -s rr", f"-a -t {VIP}:81 -r 10.9.0.1:81 -m"]
    done = net.run("director", ["ipvsadm", "-R"], standard_input="\n".join(rules))
    assert done.returncode == 0, done.stderr

    text = view("ip_vs")

    assert text.count("\n  -> ") == 1 + 2499 + 1
    assert text == from_python(net, "ip_vs")


def test_two_readers_do_not_disturb_each_other(net: Net) -> None:
    """Each has its own place, however they alternate."""
    set_up(net)
    with net.lab.entered("director"):
        path = f"{bpffs.director(create=False)}/ip_vs"
        whole = Path(path).read_text()
        with open(path, "rb", buffering=0) as one, open(path, "rb", buffering=0) as other:
            first: list[bytes] = []
            second: list[bytes] = []
            while not first or first[-1] or second[-1]:
                first.append(one.read(50))
                second.append(other.read(70))

    assert [b"".join(each).decode() for each in (first, second)] == [whole, whole]


def test_an_open_view_goes_on_after_an_upgrade(net: Net, view: Callable[[str], str]) -> None:
    """The new one is put over the old one; a reader that has begun ends with the old one."""
    set_up(net)
    before = view("ip_vs")
    with net.lab.entered("director"):
        path = f"{bpffs.director(create=False)}/ip_vs"
        with open(path, "rb", buffering=0) as opened:
            beginning = opened.read(40)
            net.must("director", "xlvs", "upgrade")
            rest = b"".join(iter(lambda: opened.read(4096), b""))

    assert (beginning + rest).decode() == before
    assert view("ip_vs") == before
