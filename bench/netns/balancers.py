# SPDX-License-Identifier: Apache-2.0
"""The balancers that are compared; each serves the VIP's HTTP and UDP ports on both servers, iperf3's on server 1."""

from __future__ import annotations

import os
import struct
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING

from bench.netns import topology as net
from bench.objects import compiled, loaded
from xlvs.linux import namespace
from xlvs.linux.bpf_link import XDP_NATIVE, Link

if TYPE_CHECKING:
    from collections.abc import Callable

FLOOR = "floor XDP"
HERE = Path(__file__).resolve().parent
_STREAM_MODULE = Path("/usr/lib/nginx/modules/ngx_stream_module.so")
_NFT = f"""
table ip lb {{
  chain pre {{
    type nat hook prerouting priority -100
    ip daddr {net.VIP} tcp dport {net.HTTP_PORT} dnat to numgen inc mod 2 map {{ 0 : {net.SERVER1_IP}, 1 : {net.SERVER2_IP} }}
    ip daddr {net.VIP} udp dport {net.UDP_PORT} dnat to numgen inc mod 2 map {{ 0 : {net.SERVER1_IP}, 1 : {net.SERVER2_IP} }}
    ip daddr {net.VIP} tcp dport {net.STREAM_PORT} dnat to {net.SERVER1_IP}
  }}
}}
"""
_HAPROXY = f"""
global
  maxconn 6000
  nbthread 1
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option splice-auto
listen web
  bind {net.VIP}:{net.HTTP_PORT} backlog 8192
  balance roundrobin
  server s1 {net.SERVER1_IP}:{net.HTTP_PORT}
  server s2 {net.SERVER2_IP}:{net.HTTP_PORT}
listen stream
  bind {net.VIP}:{net.STREAM_PORT}
  server s1 {net.SERVER1_IP}:{net.STREAM_PORT}
"""
_NGINX = f"""
daemon off; worker_processes 1; pid {{folder}}/stream.pid; error_log {{folder}}/stream.log crit;
worker_rlimit_nofile 20000;
events {{{{ worker_connections 8000; }}}}
stream {{{{
  upstream web {{{{ server {net.SERVER1_IP}:{net.HTTP_PORT}; server {net.SERVER2_IP}:{net.HTTP_PORT}; }}}}
  server {{{{ listen {net.VIP}:{net.HTTP_PORT} backlog=8192; proxy_pass web; proxy_timeout 60s; }}}}
  server {{{{ listen {net.VIP}:{net.STREAM_PORT}; proxy_pass {net.SERVER1_IP}:{net.STREAM_PORT}; }}}}
}}}}
"""


@dataclass
class Balancer:
    """One contestant: how to start it in the director's namespace; what it holds, processes too, ends with `down`."""

    name: str
    begin: Callable[[Balancer, Path], None]
    target: str = net.VIP
    tcp: bool = True
    udp: bool = True
    needs: tuple[str, ...] = ()
    held: ExitStack = field(default_factory=ExitStack)

    def up(self, folder: Path) -> None:
        """Start it; `folder` is for its files. Raises CalledProcessError."""
        self.begin(self, folder)

    def down(self) -> None:
        """End its processes and attachments; the rest goes with the namespace."""
        self.held.close()

    def start(self, command: list[str]) -> None:
        """Start a process of its own."""
        self.held.callback(net.stop, net.start(net.DIRECTOR, command))


def _direct(_balancer: Balancer, _folder: Path) -> None:
    """Nothing: the director is a router."""


def _nftables(_balancer: Balancer, _folder: Path) -> None:
    command = ["ip", "netns", "exec", net.DIRECTOR, "nft", "-f", "-"]
    subprocess.run(command, input=_NFT, text=True, check=True, capture_output=True)


def _haproxy(balancer: Balancer, folder: Path) -> None:
    config = folder / "haproxy.cfg"
    config.write_text(_HAPROXY)
    balancer.start(["haproxy", "-db", "-f", str(config)])


def _nginx(balancer: Balancer, folder: Path) -> None:
    module = f"load_module {_STREAM_MODULE};\n" if _STREAM_MODULE.exists() else ""
    config = folder / "stream.conf"
    config.write_text(module + _NGINX.format(folder=folder))
    balancer.start(["nginx", "-c", str(config)])


def _floor(balancer: Balancer, _folder: Path) -> None:
    """The least that a balancer with a table does to UDP towards the VIP; anything else is routed."""
    floor = balancer.held.enter_context(loaded(compiled(HERE / "floor.bpf.c")))
    servers = ((net.SERVER1, "d1", net.SERVER1_IP), (net.SERVER2, "d2", net.SERVER2_IP))
    config = b""
    for number, (server, device, address) in enumerate(servers):
        config += IPv4Address(address).packed + net.mac_of(server, "s0") + net.mac_of(net.DIRECTOR, device)
        port = struct.pack("I", net.index_of(net.DIRECTOR, device))
        with namespace.entered(net.DIRECTOR):
            floor.map("ports").update(struct.pack("I", number), port)
    config += IPv4Address(net.VIP).packed
    with floor.map(".bss").memory() as memory:
        memory[: len(config)] = config
    front = net.index_of(net.DIRECTOR, "d0")
    with namespace.entered(net.DIRECTOR):
        balancer.held.enter_context(Link.xdp(floor.program("floor_new").fd, front, XDP_NATIVE))


def _script(name: str) -> Callable[[Balancer, Path], None]:
    """A contestant's script, as ../shared/bench-peers/netns would call it."""

    def begin(_balancer: Balancer, _folder: Path) -> None:
        environment = os.environ | script_environment()
        done = subprocess.run([str(HERE / name), "up"], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, name, done.stdout, done.stderr)

    return begin


def script_environment() -> dict[str, str]:
    """What a contestant's script is told of the network."""
    names = {"NS_CL": net.CLIENT, "NS_DIR": net.DIRECTOR, "NS_S1": net.SERVER1, "NS_S2": net.SERVER2}
    devices = {"DEV_CL": "d0", "DEV_S1": "d1", "DEV_S2": "d2"}
    ends = {"CL": net.CLIENT_IP, "VIP": net.VIP, "S1": net.SERVER1_IP, "S2": net.SERVER2_IP}
    ports = {"VPORT": net.HTTP_PORT, "SPORT": net.HTTP_PORT, "UPORT": net.UDP_PORT, "IPORT": net.STREAM_PORT}
    return names | devices | ends | {name: str(port) for name, port in ports.items()}


def contestants() -> list[Balancer]:
    """All of them, ours first."""
    return [
        Balancer("xlvs tc", _script("xlvs-tc")),
        Balancer("xlvs XDP", _script("xlvs-xdp")),
        Balancer(FLOOR, _floor, tcp=False),
        Balancer("plain routing", _direct, target=net.SERVER1_IP),
        Balancer("nftables DNAT", _nftables, needs=("nft",)),
        Balancer("HAProxy TCP", _haproxy, udp=False, needs=("haproxy",)),
        Balancer("nginx stream", _nginx, udp=False, needs=("nginx",)),
    ]
