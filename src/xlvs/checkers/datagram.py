# SPDX-License-Identifier: Apache-2.0
"""Probes by one packet and its answer: UDP_CHECK, DNS_CHECK, PING_CHECK."""

from __future__ import annotations

import os
import secrets
import socket
from errno import ENETUNREACH
from typing import TYPE_CHECKING

from xlvs.checkers import dns, ping
from xlvs.checkers.attempt import Attempt
from xlvs.checkers.sockets import connected
from xlvs.healthcheck.probe import DnsProbe, PingProbe, UdpProbe, end_text
from xlvs.model.address import format_address

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from xlvs.healthcheck.probe import ProbeResult

_LARGEST = 65535
_RANDOM_PAYLOAD = 32
_PING_GROUPS = "/proc/sys/net/ipv4/ping_group_range"


class DatagramAttempt(Attempt):
    """Sends one packet and judges what comes back."""

    __slots__ = ("_probe", "_sequence")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        probe: UdpProbe | DnsProbe | PingProbe,
        done: Callable[[ProbeResult], None],
    ) -> None:
        super().__init__(loop, probe.endpoint.timeout_us, done)
        self._probe = probe
        self._sequence = secrets.randbelow(1 << 16)

    def start(self) -> None:
        """Send."""
        try:
            opened, error = self._open()
            if error:
                opened.close()
                raise OSError(error, os.strerror(error))
            self._begin(opened)
            opened.send(self._packet())
        except (OSError, ValueError) as problem:
            self._unsent(problem)
            return
        self._loop.add_reader(opened.fileno(), self._heard)

    def _open(self) -> tuple[socket.socket, int]:
        endpoint = self._probe.endpoint
        if not isinstance(self._probe, PingProbe):
            return connected(endpoint, socket.SOCK_DGRAM)
        protocol = socket.IPPROTO_ICMP if len(endpoint.address) == 4 else socket.IPPROTO_ICMPV6
        try:
            return connected(endpoint, socket.SOCK_DGRAM, protocol)
        except PermissionError:
            _permit_ping(os.getegid())
            return connected(endpoint, socket.SOCK_DGRAM, protocol)

    def _packet(self) -> bytes:
        match self._probe:
            case PingProbe(endpoint):
                return ping.request(len(endpoint.address), self._sequence)
            case DnsProbe(_, name, kind):
                return dns.query(self._sequence, name, kind)
            case UdpProbe(payload=payload):
                return secrets.token_bytes(_RANDOM_PAYLOAD) if payload is None else payload

    def _name(self) -> str:
        protocol = "icmp" if isinstance(self._probe, PingProbe) else "udp"
        return end_text(self._probe.endpoint.address, self._probe.endpoint.port, protocol)

    def _word(self) -> str:
        return {PingProbe: "ICMP connection", DnsProbe: "DNS query", UdpProbe: "UDP connection"}[type(self._probe)]

    def _failed(self, why: str, said: str) -> None:
        self._finish(ok=False, reason=f"{self._word()} to {self._name()} failed: {why}.", said=said)

    def _unsent(self, problem: Exception) -> None:
        number = getattr(problem, "errno", None) or 0
        address = format_address(self._probe.endpoint.address)
        why = str(getattr(problem, "strerror", None) or problem)
        words: dict[type, str] = {
            PingProbe: "send ICMP packet fail",
            DnsProbe: f"network unreachable for {address}" if number == ENETUNREACH else "connection failure.",
            UdpProbe: f"UDP connect error {number} - {why}",
        }
        self._failed(why, words[type(self._probe)])

    def _broken(self, problem: OSError) -> None:
        number, why = problem.errno or 0, problem.strerror or str(problem)
        said = f"failed to read socket; errno {number} ({why})" if isinstance(self._probe, DnsProbe) else "failed"
        self._failed(why, said)

    def _good(self) -> None:
        self._finish(ok=True, reason=f"{self._word()} to {self._name()} success.")

    def _expired(self) -> None:
        if isinstance(self._probe, UdpProbe) and not self._probe.require_reply:
            self._good()
            return
        words: dict[type, str] = {PingProbe: "timeout", DnsProbe: "read timeout from socket", UdpProbe: "failed"}
        self._failed("no answer in time", words[type(self._probe)])

    def _heard(self) -> None:
        if not self._socket:
            return
        try:
            data = self._socket.recv(_LARGEST)
        except BlockingIOError:
            return
        except OSError as problem:
            self._broken(problem)
            return
        wrong = self._judge(data)
        if wrong:
            self._failed(wrong, f"read error occurred. ({wrong})" if isinstance(self._probe, DnsProbe) else "mismatch")
        elif wrong == "":
            self._good()

    def _judge(self, data: bytes) -> str | None:
        """What is wrong with an answer: "" nothing; None: it is none to this packet."""
        match self._probe:
            case PingProbe(endpoint):
                return "" if ping.is_reply(len(endpoint.address), self._sequence, data) else None
            case DnsProbe():
                return dns.judge(self._sequence, data)
            case UdpProbe():
                return judge_reply(self._probe, data)


def judge_reply(probe: UdpProbe, data: bytes) -> str:
    """What is wrong with a UDP reply; "" when nothing is."""
    if not probe.require_reply:
        return ""
    if not probe.shortest <= len(data) <= probe.longest:
        return f"reply of {len(data)} bytes, not {probe.shortest} to {probe.longest}"
    pairs = zip(data, probe.reply, probe.mask, strict=False)
    return "" if all((seen ^ wanted) & mask == 0 for seen, wanted, mask in pairs) else "another reply"


def _permit_ping(group: int) -> None:
    """Widen the groups that may open ICMP sockets by ours, as the original does; the default is nobody."""
    try:
        with open(_PING_GROUPS, encoding="ascii") as file:
            first, last = (int(word) for word in file.read().split())
        first, last = (group, group) if first > last else (min(first, group), max(last, group))
        with open(_PING_GROUPS, "w", encoding="ascii") as file:
            file.write(f"{first} {last}\n")
    except OSError:
        return
