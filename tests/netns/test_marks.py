# SPDX-License-Identifier: Apache-2.0
"""Marks of netfilter: what users write balances, the way to it comes and goes by itself, and the host keeps what is its own."""

from __future__ import annotations

import os
import re
import signal
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns.editors import forked
from tests.netns.test_control import status, xlvs
from tests.netns.topology import REAL_SERVERS, SERVERS6, VIP, VIP6, Net
from tests.netns.traffic import UPLOAD, bulk, tcp_ask, tcp_echo, transfer
from xlvs.ipvs import detour
from xlvs.ipvs.pinned import PinnedTables
from xlvs.linux.netlink import Route
from xlvs.model.service import VirtualService, mark_service_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ELSEWHERE: Final = "192.168.77.7"  # routed to the director, and nobody's
_BULK_BYTES: Final = 50_000_000
_NFT: Final = """
table inet marks {
    chain in {
        type filter hook prerouting priority mangle;
        ip daddr 192.168.20.129 tcp dport { 80, 443 } meta mark set 10
    }
}
"""


def serve(net: Net, mark: str = "-f 10", servers: tuple[str, ...] = REAL_SERVERS) -> None:
    """One service by mark with the servers behind NAT."""
    net.ipvsadm(f"-A {mark} -s rr")
    for server in servers:
        net.ipvsadm(f"-a {mark} -r {server} -m")


def mark(net: Net, rest: str, program: str = "iptables-legacy") -> None:
    """A rule of netfilter, as the documents have it."""
    net.must("director", *f"{program} -t mangle -A PREROUTING {rest}".split())


def host(net: Net) -> list[str]:
    """What of the director's host a detour could change."""
    commands = (
        "ip rule",
        "ip -6 rule",
        "ip route show table all",
        "ip -6 route show table all",
        "ip -brief link",
        "ip -brief address",
    )
    return [re.sub(r" expires \d+sec", "", net.must("director", *each.split())) for each in commands]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "number"),
    [
        ("iptables-legacy -t mangle -A PREROUTING -d {vip} -p tcp -m multiport --dports 80,443 -j MARK --set-mark 10", 10),
        ("iptables-nft -t mangle -A PREROUTING -i ens37 -p tcp --dport 80 -j MARK --set-mark 10", 10),
        ("iptables-legacy -t mangle -A PREROUTING -d {vip} -p tcp -j MARK --set-mark 0xffff", 65535),
        ("iptables-legacy -t mangle -A PREROUTING -d {vip} -p tcp --dport 80 -j MARK --set-xmark 0x80000001", 0x80000001),
        ("nft -f -", 10),
    ],
)  # fmt: skip
def test_what_the_documents_write_balances(net: Net, command: str, number: int) -> None:
    """Iptables of both sorts, nftables, marks in any form."""
    done = net.run("director", command.format(vip=VIP).split(), standard_input=_NFT)
    assert done.returncode == 0, done.stderr
    serve(net, f"-f {number}")

    assert sorted(net.client_get(4)) == sorted(REAL_SERVERS * 2)
    assert status(net)["healthy"]


def test_an_address_that_is_not_the_hosts_balances(net: Net) -> None:
    """Whatever is routed to the director and marked."""
    net.must("client", "ip", "route", "add", _ELSEWHERE, "via", VIP)
    mark(net, f"-d {_ELSEWHERE} -j MARK --set-mark 10")
    serve(net)

    assert sorted(net.client_get(2, _ELSEWHERE)) == sorted(REAL_SERVERS)


def test_ipv6_balances(net: Net) -> None:
    """A service of its own with the same mark."""
    mark(net, f"-d {VIP6} -p tcp --dport 80 -j MARK --set-mark 10", "ip6tables-legacy")
    serve(net, "-f 10 -6", SERVERS6)

    assert sorted(net.client_get(2, f"[{VIP6}]")) == sorted(REAL_SERVERS)
    assert "xlvs-mark" not in net.must("director", "ip", "rule")


def test_bulk_comes_whole(net: Net) -> None:
    """Segments of a stream as large as the interface gives them."""
    mark(net, f"-d {VIP} -p tcp -j MARK --set-mark 10")
    serve(net, servers=REAL_SERVERS[:1])
    with bulk(net.lab, "server1", 5001), net.lab.entered("client"):
        sent, received = transfer((VIP, 5001), _BULK_BYTES, UPLOAD)
    assert sent == received


def pings(net: Net) -> bool:
    """Whether the director itself answers an echo request to the virtual address."""
    request = bytes((8, 0, 0xF7, 0xFD, 0, 1, 0, 1))  # type, code, checksum, identifier, number
    with net.lab.entered("client"), socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as opened:
        opened.settimeout(5)
        opened.sendto(request, (VIP, 0))
        return opened.recv(200)[20:28] == bytes((0, 0, 0xFF, 0xFD, 0, 1, 0, 1))


def test_what_the_host_itself_serves_is_reached_as_before(net: Net) -> None:
    """Marked or not; also where a check of senders is strict everywhere."""
    mark(net, f"-d {VIP} -j MARK --set-mark 10")
    net.must("director", "sysctl", "-qw", "net.ipv4.conf.all.rp_filter=1")
    net.ipvsadm("-A -f 11 -s rr")
    with tcp_echo(net.lab, "director", 2222, greeting=b"director"), net.lab.entered("client"):
        assert tcp_ask((VIP, 2222), b"x", length=9) == b"directorx"
    assert pings(net)
    net.ipvsadm("-A -f 10 -s rr")
    assert pings(net)
    with net.lab.entered("client"), pytest.raises(ConnectionRefusedError):
        socket.create_connection((VIP, 2222), timeout=5)


def test_the_host_is_as_it_was_when_the_last_one_goes(net: Net) -> None:
    """With the user's own rules before and behind."""
    for rule in ("pref 5 fwmark 7 lookup 100", "pref 1000 iif ens33 lookup main"):
        net.must("director", "ip", "rule", "add", *rule.split())
    net.ipvsadm(f"-A -t {VIP}:80 -s rr")
    before = host(net)
    net.ipvsadm("-A -f 10 -s rr")
    net.ipvsadm("-A -f 11 -s rr")
    net.ipvsadm("-A -f 10 -6 -s rr")
    net.ipvsadm(f"-A -u {VIP}:53 -s rr")
    during = host(net)
    assert [line for line in during[0].splitlines() if "proto 118" not in line] == before[0].splitlines()
    net.ipvsadm("-D -f 10")
    assert "fwmark 0xb" in net.must("director", "ip", "rule")
    net.ipvsadm("-D -f 11")
    net.ipvsadm("-D -f 10 -6")

    assert host(net) == before


@pytest.mark.parametrize("command", ["ipvsadm -C", "xlvs detach --yes"])
def test_nothing_is_left_when_all_is_taken_away(net: Net, command: str) -> None:
    """By either way."""
    before = host(net)
    net.ipvsadm("-A -f 10 -s rr")
    net.ipvsadm("-A -f 10 -6 -s rr")

    net.must("director", *command.split())

    assert host(net) == before


@pytest.mark.parametrize(
    ("damage", "missing"),
    [
        ("ip link del xlvs-mark", "the device xlvs-mark"),
        ("ip link set xlvs-mark down", "the device xlvs-mark"),
        ("ip rule del fwmark 10", "the IPv4 rules"),
        ("ip route flush table 2020374131", "the IPv4 route"),
        ("ip rule add pref 0 lookup local", ""),
    ],
)
def test_status_says_what_is_missing_and_attach_puts_it_back(net: Net, damage: str, missing: str) -> None:
    """What somebody took away."""
    mark(net, f"-d {VIP} -p tcp --dport 80 -j MARK --set-mark 10")
    serve(net)
    net.must("director", *damage.split())

    said = [each["what"] for each in status(net)["findings"]]
    assert any(missing in each for each in said) if missing else said == []
    assert xlvs(net, "attach").returncode == 0
    assert status(net)["findings"] == []
    assert sorted(net.client_get(2)) == sorted(REAL_SERVERS)


def dies_at(step: int, action: Callable[[], None]) -> bool:
    """Whether a child that does something dies of SIGKILL before its `step`-th request to the kernel's network."""
    exchange, left = Route._exchange, step

    def counted(route: Route, kind: int, flags: int, payload: bytes) -> Iterator[bytes]:
        nonlocal left
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return exchange(route, kind, flags, payload)

    def child() -> None:
        Route._exchange = counted  # type: ignore[method-assign, assignment]  # a stand-in
        action()

    _, how = os.waitpid(forked(child), 0)
    return os.WIFSIGNALED(how)


def add_mark() -> None:
    """The first service by mark."""
    PinnedTables().add_service(VirtualService(mark_service_key(10), "rr"))


def flush() -> None:
    """The last ones go."""
    PinnedTables().flush()


@pytest.mark.parametrize("action", [add_mark, flush])
def test_a_death_at_any_step_is_made_good_by_the_next_edit(net: Net, action: Callable[[], None]) -> None:
    """And the host is as it was in the end."""
    net.ipvsadm(f"-A -t {VIP}:443 -s rr")
    before = host(net)
    step = 0
    with net.lab.entered("director"):
        while True:
            if action is flush:
                net.ipvsadm("-A -f 10 -s rr")
            died = dies_at(step, action)
            rules = net.must("director", "ip", "rule")
            assert "from all lookup local" in rules
            net.ipvsadm("-A -f 11 -s rr")
            store = PinnedTables().store()
            assert detour.examine(store).lacks == ()
            net.ipvsadm("-C")
            net.ipvsadm(f"-A -t {VIP}:443 -s rr")
            assert host(net) == before
            if not died:
                break
            step += 1
    assert step > 5


def test_packets_are_led_there_before_the_service_is_there(net: Net) -> None:
    """Where the device cannot be made, the service is refused and nothing is left."""
    net.ipvsadm(f"-A -t {VIP}:443 -s rr")
    before = host(net)
    net.must("director", "ip", "link", "add", "xlvs-mark-end", "type", "ifb")
    try:
        done = net.run("director", ["ipvsadm", "-A", "-f", "10", "-s", "rr"])
        assert done.returncode != 0
        assert "xlvs-mark" in done.stderr
    finally:
        with suppress(AssertionError):
            net.must("director", "ip", "link", "del", "xlvs-mark-end")
    assert "FWM" not in net.ipvsadm("-L -n")
    assert host(net) == before


@pytest.fixture
def shop(net: Net) -> Net:
    """HTTP and HTTPS of one mark, by `xlvs mark`."""
    assert xlvs(net, f"mark add --vip {VIP} --proto tcp --ports 80,8000-8010 --mark 10").returncode == 0
    serve(net)
    return net


def test_marks_by_address_and_port_balance_with_no_netfilter(shop: Net) -> None:
    """No device, no rule, nothing of netfilter."""
    assert sorted(shop.client_get(4)) == sorted(REAL_SERVERS * 2)
    with (
        tcp_echo(shop.lab, "server1", 8005, greeting=b"1"),
        tcp_echo(shop.lab, "server2", 8005, greeting=b"2"),
        shop.lab.entered("client"),
    ):
        assert {tcp_ask((VIP, 8005), b"x") for _ in range(4)} == {b"1", b"2"}
    assert "xlvs-mark" not in "".join(host(shop))


def test_a_mark_that_is_taken_away_is_netfilters_again(shop: Net) -> None:
    """And the other way round."""
    mark(shop, f"-d {VIP} -p tcp --dport 80 -j MARK --set-mark 10")
    assert xlvs(shop, "mark del --mark 10").returncode == 0

    assert "xlvs-mark" in "".join(host(shop))
    assert sorted(shop.client_get(2)) == sorted(REAL_SERVERS)
