# SPDX-License-Identifier: Apache-2.0
"""The command `xlvs explain` in a lab: what it says is what the client sees then, from the host's own interfaces and routes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.netns.test_control import xlvs
from tests.netns.topology import REAL_SERVERS, SERVERS6, VIP, VIP6

if TYPE_CHECKING:
    from tests.netns.topology import Net

CLIENT, CLIENT6 = "192.168.20.1", "2001:db8:20::1"


def told(net: Net, line: str) -> dict[str, Any]:
    """What `xlvs explain` says of a packet."""
    done = xlvs(net, f"explain {line} --json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def chosen(net: Net, line: str) -> str:
    """The address of the server that it names."""
    step = told(net, line)["steps"][-1]
    address: str = step["destination"]["address"]
    return address.rpartition(":")[0].strip("[]")


def serve(net: Net) -> None:
    """One service by round robin in each family."""
    net.ipvsadm(f"-A -t {VIP}:80 -s rr")
    net.ipvsadm(f"-A -t [{VIP6}]:80 -s rr")
    for four, six in zip(REAL_SERVERS, SERVERS6, strict=True):
        net.ipvsadm(f"-a -t {VIP}:80 -r {four}:80 -m")
        net.ipvsadm(f"-a -t [{VIP6}]:80 -r [{six}]:80 -m")


def test_the_server_that_is_named_is_the_next_one(net: Net) -> None:
    """However often it is asked: asking takes nobody's turn."""
    serve(net)
    for _ in range(2):
        names = {chosen(net, f"tcp {CLIENT}:4{port} {VIP}:80") for port in (1000, 1001)}
        assert names == set(net.client_get(1))


def test_ipv6_and_where_it_leaves(net: Net) -> None:
    """Interfaces and next hops are the host's."""
    serve(net)
    document = told(net, f"tcp [{CLIENT6}]:41000 [{VIP6}]:80")
    (step,) = document["steps"]
    assert (document["packet"]["interface"], step["interface"], step["out"]) == ("ens37", "ens37", "ens33")
    assert step["next_hop"] in SERVERS6


def test_an_answer_comes_in_where_the_servers_are(net: Net) -> None:
    """Of a connection that is there, and goes back to the client."""
    serve(net)
    net.client_get(1)
    listing = net.ipvsadm("-Lcn").splitlines()[2].split()
    client, server = listing[3], listing[5]
    (step,) = told(net, f"tcp {server} {client} --flags A")["steps"]
    assert (step["interface"], step["verdict"], step["out"]) == ("ens33", "reply", "ens37")
    assert step["rewritten"][0] == f"source {server} -> {VIP}:80"
    (step,) = told(net, f"tcp {client} {VIP}:80 --flags A")["steps"]
    assert step["connection"]["server"] == server


@pytest.mark.parametrize("mode", ["tc", "xdp"])
def test_xdp_comes_first_where_it_is_attached(net: Net, mode: str) -> None:
    """And what it leaves to tc is told as that."""
    serve(net)
    xlvs(net, f"attach --mode {mode} ens37 ens33")
    net.ipvsadm(f"-A -u {VIP}:53 -s rr -o")
    net.ipvsadm(f"-a -u {VIP}:53 -r {REAL_SERVERS[0]} -m")
    steps = told(net, f"udp {CLIENT}:5000 {VIP}:53")["steps"]
    assert [each["hook"] for each in steps] == (["xdp", "tc"] if mode == "xdp" else ["tc"])
    if mode == "xdp":
        assert steps[0]["verdict"] == "hand_up"
        assert steps[0]["reason"] == "its service has one-packet scheduling"
    assert steps[-1]["verdict"] == "forward"


def test_a_mark_of_netfilter_leads_it_to_the_mark_device(net: Net) -> None:
    """By the host's own rules; without its mark nobody wants it."""
    net.ipvsadm("-A -f 10 -s rr")
    net.ipvsadm(f"-a -f 10 -r {REAL_SERVERS[0]} -m")
    document = told(net, f"tcp {CLIENT}:41000 {VIP}:80 --mark 10")
    assert [each["interface"] for each in document["steps"]] == ["ens37", "xlvs-mark"]
    assert document["verdict"] == "forward"
    assert document["steps"][-1]["service"]["fwmark"] == 10
    without = told(net, f"tcp {CLIENT}:41000 {VIP}:80")
    assert without["verdict"] == "pass"
    assert "FWM 10: takes packets with mark 10, and it bears none" in str(without["story"])


def test_what_the_director_itself_sends(net: Net) -> None:
    """A local client's request, on its way out."""
    serve(net)
    document = told(net, f"tcp {VIP}:41000 {VIP}:80")
    assert document["packet"]["own"]
    assert [each["hook"] for each in document["steps"]] == ["egress"]
    assert document["verdict"] == "forward"


def test_it_says_what_is_missing(net: Net) -> None:
    """No tables, no such interface, no way: in a sentence, with an exit code."""
    bare = xlvs(net, f"explain tcp {CLIENT}:1 {VIP}:80")
    assert (bare.returncode, "there are no tables" in bare.stderr) == (2, True)
    serve(net)
    wrong = xlvs(net, f"explain tcp {CLIENT}:1 {VIP}:80 --in eth9")
    assert (wrong.returncode, "there is no interface eth9" in wrong.stderr) == (2, True)


def test_what_is_not_attached_is_said(net: Net) -> None:
    """The story is then what would be."""
    serve(net)
    xlvs(net, "detach ens37")
    done = xlvs(net, f"explain tcp {CLIENT}:41000 {VIP}:80 --in ens37")
    assert "! nothing is attached to ens37" in done.stdout
    assert "verdict     forward" in done.stdout


def test_a_too_big_datagram_is_split_or_answered(net: Net) -> None:
    """And nothing leaves by telling so: copies are counted, not sent."""
    net.ipvsadm(f"-A -u {VIP}:53 -s rr")
    net.ipvsadm(f"-a -u {VIP}:53 -r {REAL_SERVERS[0]} -m")
    net.must("director", "ip", "link", "set", "ens33", "mtu", "1000")
    server = net.mac("server1", "ens33")
    # To a neighbour that is not known yet the kernel sends it in whole.
    known = f"ip neighbour replace {REAL_SERVERS[0]} lladdr {server.hex(':')} dev ens33 nud permanent"
    net.must("director", *known.split())
    with net.sniffer("server1", "ens33") as sniffer:
        (split,) = told(net, f"udp {CLIENT}:5000 {VIP}:53 --length 1400 --may-split")["steps"]
        (answered,) = told(net, f"udp {CLIENT}:5000 {VIP}:53 --length 1400")["steps"]
        seen = sniffer.next(lambda frame: frame[:6] == server and frame[23] == 17, timeout_s=0.2)
    assert (split["verdict"], split["copies"], split["out"]) == ("forward", 2, "ens33")
    assert (answered["verdict"], answered["copies"]) == ("answered", 0)
    assert answered["rewritten"] == [f"into an ICMP error (too-big), from {VIP} to {CLIENT}"]
    assert seen is None
