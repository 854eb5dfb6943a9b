# SPDX-License-Identifier: Apache-2.0
"""Our BFD beside the real Keepalived's and FRR's bfdd on one wire, and what tracks its sessions."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from tests.netns.neighbours import KEEPALIVED, OURS, REAL, Daemon, Wire, wire
from tests.netns.topology import REAL_SERVERS, VIP
from xlvs.bfd.packet import PORT, ControlPacket, NotAControlPacket, State, parse
from xlvs.lab.lab import environment
from xlvs.linux import namespace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.netns.topology import Net

_FRR: Final = Path("/usr/lib/frr")
FRR: Final = "frr"
INSTALLED: Final = {OURS: True, REAL: Path(KEEPALIVED).exists(), FRR: (_FRR / "bfdd").exists()}
ADDRESSES: Final = {4: ("10.77.0.1", "10.77.0.2"), 6: ("fd00:77::1", "fd00:77::2")}
INTERVAL_S: Final = 0.05
DETECTION_S: Final = 6 * INTERVAL_S
LATE_S: Final = 1.0
"""How much later than due a busy machine may be."""

SESSION: Final = """
bfd_instance peer {{
 neighbor_ip {neighbor}
 source_ip {source}
 min_rx 50
 min_tx {interval}
 multiplier {multiplier}
 {more}
}}
"""
ROUTERS: Final = """
vrrp_instance VI_1 {
 interface @V
 virtual_router_id 51
 version 3
 advert_int 0.1
 priority 100
 track_bfd {
  peer
 }
 virtual_ipaddress {
  10.77.0.100
 }
}
vrrp_instance VI_2 {
 interface @V
 virtual_router_id 52
 version 3
 advert_int 0.1
 priority 100
 track_bfd {
  peer weight -20
 }
 virtual_ipaddress {
  10.77.0.102
 }
}
"""
_FRR_SCRIPT: Final = """
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir /run/frr
cp @FOLDER/bfdd.conf /run/frr
: > /run/frr/zebra.conf
chown -R frr:frr /run/frr
common="-P 0 -z /run/frr/zserv --vty_socket /run/frr --log stdout"
@PROGRAMS/zebra -f /run/frr/zebra.conf -i /run/frr/zebra.pid $common & zebra=$!
while [ ! -S /run/frr/zserv ]; do sleep 0.05; done
exec @PROGRAMS/bfdd -f /run/frr/bfdd.conf -i /run/frr/bfdd.pid --bfdctl /run/frr/bfdd.sock $common
"""
_FRR_PEER: Final = """
bfd
 peer {neighbor} local-address {source} interface vB
  receive-interval 50
  transmit-interval 50
  detect-multiplier 6
 !
!
"""


class Said(NamedTuple):
    """A control packet on the wire: kernel time in seconds, the sender's side, TTL, source port, what it says."""

    at: float
    side: str
    ttl: int
    port: int
    packet: ControlPacket


@pytest.fixture
def link(tmp_path: Path) -> Iterator[Wire]:
    """Two hosts with addresses of both families."""
    with wire(tmp_path) as made:
        for number, side in enumerate("AB", 1):
            made.must(side, "ip", "address", "add", f"fd00:77::{number}/64", "dev", f"v{side}", "nodad")
        yield made


def session(side: str, family: int, more: str = "", *, interval: int = 50, multiplier: int = 6) -> str:
    """The bfd_instance of a side."""
    source, neighbor = ADDRESSES[family] if side == "A" else reversed(ADDRESSES[family])
    return SESSION.format(neighbor=neighbor, source=source, more=more, interval=interval, multiplier=multiplier)


def start_peer(link: Wire, kind: str, family: int) -> Daemon:
    """The other end on side B."""
    if kind != FRR:
        return link.start("B", kind, session("B", family))
    neighbor, source = ADDRESSES[family]
    return start_frr(link, _FRR_PEER.format(neighbor=neighbor, source=source))


def start_frr(link: Wire, text: str) -> Daemon:
    """FRR's bfdd on side B with a configuration."""
    (link.folder / "bfdd.conf").write_text(text, encoding="utf-8")
    script = _FRR_SCRIPT.replace("@FOLDER", str(link.folder)).replace("@PROGRAMS", str(_FRR))
    log = link.folder / f"frr{len(list(link.folder.glob('*.log')))}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["ip", "netns", "exec", link.netns("B"), "unshare", "--mount", "sh", "-c", script],
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    link.daemons["B"] = daemon = Daemon(process, log)
    return daemon


def said(link: Wire) -> list[Said]:
    """All control packets so far."""
    return [found for at, frame in list(link.frames) if (found := _control_packet(at, frame))]


def _control_packet(at: float, frame: bytes) -> Said | None:
    if frame[12:14] == b"\x08\x00" and frame[23] == socket.IPPROTO_UDP:
        ttl, last, datagram = frame[22], frame[29], frame[34:]
    elif frame[12:14] == b"\x86\xdd" and frame[20] == socket.IPPROTO_UDP:
        ttl, last, datagram = frame[21], frame[37], frame[54:]
    else:
        return None
    source, destination = struct.unpack("!HH", datagram[:4])
    if destination != PORT:
        return None
    try:
        return Said(at, {1: "A", 2: "B"}[last], ttl, source, parse(datagram[8:]))
    except NotAControlPacket:
        return None


def test_neighbor_may_be_far_away_or_link_local(link: Wire) -> None:
    """FRR's multihop port, and an address that needs its interface."""
    if not INSTALLED[FRR]:
        pytest.skip("the package frr is not installed")
    far = session("A", 4, "multihop on").replace("peer", "far")
    near = SESSION.format(neighbor="fe80::2%vA", source="fe80::1", interval=50, multiplier=6, more="")
    ours = link.start("A", OURS, far + near)
    peers = "peer 10.77.0.1 multihop local-address 10.77.0.2\n peer fe80::1 local-address fe80::2 interface vB\n"
    start_frr(link, f"bfd\n {peers}!\n")

    link.wait(lambda: "(far) Entering Up state" in ours.log, "the one behind routers")
    link.wait(lambda: "(peer) Entering Up state" in ours.log, "the link-local one")


PEERS = [(REAL, 4), (REAL, 6), (FRR, 4), (FRR, 6)]


def downs_after(link: Wire, time: float) -> list[Said]:
    """Our packets of a session that is down."""
    return [each for each in said(link) if each.side == "A" and each.at > time and each.packet.state is State.DOWN]


@pytest.mark.parametrize(("kind", "family"), PEERS)
def test_session_comes_up_goes_down_with_its_peer_and_comes_back(link: Wire, kind: str, family: int) -> None:
    """And with it the routers that track it: one is in FAULT meanwhile, the other has less priority."""
    if not INSTALLED[kind]:
        pytest.skip(f"{kind} is not installed")
    ours = link.start("A", OURS, session("A", family) + ROUTERS)
    assert "(VI_1) Entering FAULT STATE (init)" in ours.log
    peer = start_peer(link, kind, family)
    link.wait(lambda: link.has("A", "10.77.0.100"), "a master whose session is up")
    agreed = f"Detection time is {DETECTION_S * 1e6:.0f} us"
    link.wait(lambda: agreed in ours.log, "the agreed intervals")

    peer.kill()
    link.wait(lambda: not link.has("A", "10.77.0.100"), "FAULT")
    link.wait(lambda: "(VI_2) Changing effective priority from 100 to 80" in ours.log.partition(agreed)[2], "less")
    heard = [each for each in said(link) if each.side == "B"]
    link.wait(lambda: bool(downs_after(link, heard[-1].at)), "a packet that says so")
    down = downs_after(link, heard[-1].at)[0]
    start_peer(link, kind, family)
    link.wait(lambda: link.has("A", "10.77.0.100"), "the master again")

    assert DETECTION_S <= down.at - heard[-1].at + 0.001 < DETECTION_S + LATE_S
    assert {each.ttl for each in said(link) if each.side == "A"} == {255}
    assert all(each.port >= 49152 for each in said(link) if each.side == "A")
    log = ours.log
    for line in (
        "(peer) Entering Up state",
        "VRRP_Instance(VI_1) Tracked BFD instance peer is UP",
        "(peer) Entering Down state (Local diagnostic - Control Detection Time Expired, Remote diagnostic - No Diag",
        "Received BFD event: instance peer is in state Down",
        "VRRP_Instance(VI_1) Tracked BFD instance peer is DOWN",
        "(VI_1) Entering FAULT STATE",
    ):
        assert line in log, line


def test_reload_keeps_the_session_up_and_agrees_on_other_intervals(link: Wire) -> None:
    """The real Keepalived hears the new ones by a poll; nobody was down meanwhile."""
    if not INSTALLED[REAL]:
        pytest.skip("the package keepalived is not installed")
    ours = link.start("A", OURS, session("A", 4, multiplier=100))
    real = link.start("B", REAL, session("B", 4, multiplier=100))
    link.wait(lambda: "Detection time is 5000000 us" in real.log, "the session")
    (link.folder / "A.conf").write_text(session("A", 4, multiplier=100, interval=80), encoding="utf-8")
    ours.signal(signal.SIGHUP)
    link.wait(lambda: "Detection time is 8000000 us (was 5000000 us)" in real.log, "the other interval")
    link.wait(lambda: {each.side for each in said(link) if each.packet.final} == {"A", "B"}, "answers to both polls")
    assert "Entering Down state" not in ours.log + real.log


def test_parts_that_were_killed_find_the_session_again(link: Wire) -> None:
    """The routers learn its state when they are started again; the sessions come up anew."""
    if not INSTALLED[REAL]:
        pytest.skip("the package keepalived is not installed")
    ours = link.start("A", OURS, session("A", 4, multiplier=40) + ROUTERS)
    link.start("B", REAL, session("B", 4, multiplier=40))
    for part, again in (("r", "Starting VRRP"), ("b", "Starting BFD")):
        link.wait(lambda: link.has("A", "10.77.0.100"), "a master whose session is up")
        seen = len(ours.log)
        os.kill(int((link.folder / f"A.{part}.pid").read_text()), signal.SIGKILL)
        link.wait(lambda again=again, seen=seen: again in ours.log[seen:], again)  # type: ignore[misc]  # bound in this round; no type is inferred for it
        up = "VRRP_Instance(VI_1) Tracked BFD instance peer is UP"
        link.wait(lambda up=up, seen=seen: up in ours.log[seen:], up)  # type: ignore[misc]  # bound in this round; no type is inferred for it
    link.wait(lambda: link.has("A", "10.77.0.100"), "the master again")


def header(
    first: int = 0x20, second: int = 0x40, multiplier: int = 3, length: int = 24, mine: int = 7, yours: int = 0
) -> bytes:
    """A packet, good unless told otherwise: Down, of a neighbor that knows nobody."""
    return struct.pack("!BBBBIIIII", first, second, multiplier, length, mine, yours, 1_000_000, 50_000, 0)


HOSTILE = {
    "short": header()[:20],
    "empty": b"",
    "version 0": header(first=0),
    "version 7": header(first=0xE0),
    "length too small": header(length=20),
    "length too large": header(length=30),
    "multiplier 0": header(multiplier=0),
    "multipoint": header(second=0x41),
    "no discriminator": header(mine=0),
    "up, but knows nobody": header(second=0xC0),
    "init, but knows nobody": header(second=0x80),
    "authenticated": header(second=0x44),
    "unknown discriminator": header(yours=0x1234),
    "poll and final": header(second=0x70),
    "several flaws": header(first=0, multiplier=0, mine=0),
}


def throw(link: Wire, side: str, ttl: int, packets: list[bytes]) -> None:
    """Send these from a side to the other."""
    here, there = ADDRESSES[4] if side == "A" else reversed(ADDRESSES[4])
    with namespace.entered(link.netns(side)):
        voice = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with voice:
        voice.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
        voice.bind((here, 50000))
        for each in packets:
            voice.sendto(each, (there, PORT))
            time.sleep(0.002)


def complaints(daemon: Daemon) -> list[str]:
    """Its lines about packets, without the time."""
    lines = [line.partition(": ")[2].strip() for line in daemon.log.splitlines()]
    lines = [line for line in lines if line.startswith(("Packet", "Discarding"))]
    return [line.replace("10.77.0.2", "X").replace("10.77.0.1", "X") for line in lines]


def test_hostile_packets_are_refused_in_the_original_s_words_and_change_nothing(link: Wire) -> None:
    """Both get the same; both are passive, so that each word of theirs is an answer."""
    if not INSTALLED[REAL]:
        pytest.skip("the package keepalived is not installed")
    ours = link.start("A", OURS, session("A", 4, "passive"))
    real = link.start("B", REAL, session("B", 4, "passive"))
    for side in "AB":
        throw(link, side, 255, list(HOSTILE.values()))
        throw(link, side, 64, [header()])
        throw(link, side, 254, [header()])
    link.wait(lambda: "(254)" in ours.log and "(254)" in real.log, "all of them")
    ours.signal(signal.SIGTERM)
    ours.process.wait(10)
    assert complaints(ours) == complaints(real)
    assert "Session parameters" not in ours.log
    assert [each for each in said(link) if each.port != 50000] == []


CHECKED: Final = """
bfd_instance server {{
 neighbor_ip {server}
 source_ip {director}
 min_rx 50
 min_tx 50
 multiplier 3
}}
virtual_server {vip} 80 {{
 lb_algo rr
 lb_kind NAT
 protocol TCP
 real_server {server} 8080 {{
  BFD_CHECK {{
   name server
   alpha
  }}
 }}
 real_server {other} 8080 {{
 }}
}}
"""


@contextmanager
def daemon(net: Net, node: str, folder: Path, text: str) -> Iterator[Callable[[], str]]:
    """Ours on a node of a lab; gives its log, and kills it in the end."""
    (folder / f"{node}.conf").write_text(text, encoding="utf-8")
    pids = [f"-{letter}{folder}/{node}.{letter}.pid" for letter in "prcb"]
    log = folder / f"{node}.log"
    command = net.lab.command(node, ["xlvs", "keepalived", "-nlGD", "-f", str(folder / f"{node}.conf"), *pids])
    with log.open("wb") as output:
        process = subprocess.Popen(command, stderr=output, env=environment(), start_new_session=True)
    try:
        yield log.read_text
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def until(condition: Callable[[], bool], log: Callable[[], str]) -> None:
    """It has to come true."""
    end = time.monotonic() + 45
    while not condition():
        assert time.monotonic() < end, log()
        time.sleep(0.02)


def test_real_server_leaves_with_its_session_and_comes_back(net: Net, tmp_path: Path) -> None:
    """BFD_CHECK: it comes when the session does, goes when the server falls silent."""
    server, other = REAL_SERVERS[:2]
    director = next(
        word.partition("/")[0]
        for word in net.must("director", "ip", "-o", "-4", "address").split()
        if word.startswith(server.rpartition(".")[0]) and "/" in word
    )
    both, alone = {f"{server}:8080", f"{other}:8080"}, {f"{other}:8080"}
    here = CHECKED.format(server=server, other=other, director=director, vip=VIP)
    there = SESSION.format(neighbor=director, source=server, interval=50, multiplier=6, more="")

    def destinations() -> set[str]:
        return {line.split()[1] for line in net.ipvsadm("-L -n").splitlines() if ":8080" in line}

    with daemon(net, "director", tmp_path, here) as log:
        until(lambda: destinations() == alone, log)
        for _ in range(2):
            with daemon(net, "server1", tmp_path, there):
                until(lambda: destinations() == both, log)
            until(lambda: destinations() == alone, log)
        said_of_it = [line.partition(": ")[2] for line in log().splitlines() if "BFD check" in line]
    up, down = (f"BFD check of [server] RS([{server}]:tcp:8080) is {word}" for word in ("UP", "DOWN"))
    assert said_of_it == [down, up, down, up, down]
