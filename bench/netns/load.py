# SPDX-License-Identifier: Apache-2.0
"""Load through the network, and what came of it: wrk, iperf3, and UDP frames made by a BPF program.

Everything runs on one core, so that requests per second are the reciprocal of the processor time of the whole path.
"""

from __future__ import annotations

import json
import re
import resource
import struct
from ipaddress import IPv4Address
from pathlib import Path

from bench.netns import topology as net
from bench.objects import BenchError, compiled, loaded
from bench.progrun.packets import ones_complement_sum
from xlvs.linux import namespace
from xlvs.linux.bpf_program import LIVE_FRAMES

HERE = Path(__file__).resolve().parent
_BURST, _FRAME = 131_072, 64
_NEW_BURST, _NEW_BURSTS = 32_768, 6  # fewer in all than a contestant's table has room for
_EVER_NEW = 1 << 30  # connections: none comes twice


def parse_wrk(text: str) -> float:
    """Requests per second from wrk's report. Raises BenchError when there is none, or many requests failed."""
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    failed = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    if not found or float(found[1]) == 0:
        raise BenchError("wrk got no answer")
    if failed and sum(map(int, failed.groups())) > 1000:
        raise BenchError(f"wrk: {failed[0].lower()}")
    return float(found[1])


def parse_iperf(text: str) -> float:
    """Gbit/s received from iperf3's JSON. Raises BenchError with iperf3's own words when it failed."""
    try:
        report = json.loads(text)
        return float(report["end"]["sum_received"]["bits_per_second"]) / 1e9
    except (ValueError, KeyError) as problem:
        found = re.search(r'"error":\s*"([^"]*)"', text)
        raise BenchError(found[1] if found else "iperf3 gave no report") from problem


def requests_per_second(target: str, seconds: float, *, keep: bool) -> float:
    """HTTP requests for 128 bytes over 64 connections, kept alive or one request each."""
    closing = [] if keep else ["-H", "Connection: close"]
    command = ["wrk", "-t1", "-c64", f"-d{seconds:g}s", *closing, f"http://{target}:{net.HTTP_PORT}/"]
    return parse_wrk(net.inside(net.CLIENT, command, seconds=seconds + 20))


def stream_gbit(target: str, seconds: float) -> float:
    """One TCP stream, Gbit/s."""
    command = ["iperf3", "-c", target, "-p", str(net.STREAM_PORT), "-t", f"{seconds:g}", "-J"]
    return parse_iperf(net.inside(net.CLIENT, command, check=False, seconds=seconds + 20))


def wire_gbit(target: str, seconds: float) -> float:
    """The same without segmentation offload: every segment is a packet, as on a wire.

    The far ends go on merging what arrives: without that, frames that XDP redirects would not reach them.
    """
    ends = [end for wire in net.WIRES for end in wire]
    for where, device in ends:
        net.set_offload(where, device, tso="off", gso="off", gro="off" if where == net.DIRECTOR else "on")
    try:
        return stream_gbit(target, seconds)
    finally:
        for end in ends:
            net.set_offload(*end, tso="on", gso="on", gro="on")


class UdpSource:
    """Frames of 64 bytes from the client towards a target, over so many connections."""

    def __init__(self, target: str, connections: int) -> None:
        self.object = loaded(compiled(HERE / "udp.bpf.c"))
        self.frame = _udp_frame(target)
        self.ifindex = net.index_of(net.CLIENT, "c0")
        head = struct.pack("4I", self.ifindex, connections, 0, 0) + self.frame[:48]
        with_memory = self.object.map(".bss").memory()
        with_memory[: len(head)] = head
        with_memory.close()

    def close(self) -> None:
        """Give the program back."""
        self.object.close()

    def send(self, seconds: float) -> tuple[int, float]:
        """Send for so much processor time: (frames, seconds of processor time, all that received them included)."""
        begin, sent = _cpu_seconds(), 0
        while _cpu_seconds() - begin < seconds:
            self.burst(_BURST)
            sent += _BURST
        return sent, _cpu_seconds() - begin

    def burst(self, frames: int) -> float:
        """Send so many frames; the seconds of processor time that it took, all that received them included."""
        context, begin = struct.pack("6I", 0, _FRAME, 0, self.ifindex, 0, 0), _cpu_seconds()
        with namespace.entered(net.CLIENT):
            program = self.object.program("send_udp")
            program.test_run(self.frame, context=context, repeat=frames, flags=LIVE_FRAMES)
        return _cpu_seconds() - begin


def udp_kpps(target: str, seconds: float, connections: int) -> float:
    """Thousand frames per second of one core's time that arrived at the servers."""
    source = UdpSource(target, connections)
    try:
        source.send(0.2)
        before = _arrived()
        _, cpu = source.send(seconds)
        return (_arrived() - before) / cpu / 1e3
    finally:
        source.close()


def udp_new_kpps(target: str) -> float:
    """The same where every frame is the first of its connection."""
    source = UdpSource(target, _EVER_NEW)
    try:
        source.burst(_NEW_BURST)
        before = _arrived()
        cpu = sum(source.burst(_NEW_BURST) for _ in range(_NEW_BURSTS))
        return (_arrived() - before) / cpu / 1e3
    finally:
        source.close()


def _udp_frame(target: str) -> bytes:
    size = _FRAME - 14
    head = struct.pack("!BBHHHBBH", 0x45, 0, size, 0, 0, 64, 17, 0)
    head += IPv4Address(net.CLIENT_IP).packed + IPv4Address(target).packed
    head = head[:10] + struct.pack("!H", ones_complement_sum(head)) + head[12:]
    ethernet = net.mac_of(net.DIRECTOR, "d0") + net.mac_of(net.CLIENT, "c0") + b"\x08\x00"
    udp = struct.pack("!HHHH", 1024, net.UDP_PORT, size - 20, 0)
    return (ethernet + head + udp).ljust(_FRAME, b"\0")


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _arrived() -> int:
    """Frames that the servers' sinks have counted."""
    return sum(_counted(server) for server in (net.SERVER1, net.SERVER2))


def _counted(server: str) -> int:
    found = re.search(r'"packets":\s*(\d+)', net.inside(server, ["nft", "-j", "list", "chain", "netdev", "sink", "in"]))
    return int(found[1]) if found else 0
