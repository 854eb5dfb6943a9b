# SPDX-License-Identifier: Apache-2.0
"""The words of the oracle's scenes, spoken to the reference director: so recordings can be held against it as they are.

Servers are `rs1`, `rs2` ... with the addresses 10.2.N.100 and 2001:db8:2:N::100; the client is 10.1.8.5.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from tests.reference.director import Director
from tests.reference.outcome import Outcome, Verdict
from tests.reference.tcp_states import ACK, FIN, PSH, RST, SYN, URG
from xlvs.model.address import Family, family_of
from xlvs.model.destination import Destination, DestinationKey, ForwardingMethod
from xlvs.model.service import Protocol, ServiceKey, VirtualService, mark_service_key
from xlvs.model.settings import Timeouts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.reference.destinations import Counts

VIP, VIP2, VIP3, VIP6 = "10.0.0.1", "10.0.0.2", "10.0.0.3", "2001:db8::1"
CLIENT, CLIENT6 = "10.1.8.5", "2001:db8:8::5"

FLAGS = {"F": FIN, "S": SYN, "R": RST, "P": PSH, "A": ACK, "U": URG}
SCHEDULER_FLAGS = {"sh-fallback": 0x08, "sh-port": 0x10, "mh-fallback": 0x08, "mh-port": 0x10}

METHODS = {"-m": ForwardingMethod.MASQUERADE, "-g": ForwardingMethod.DIRECT_ROUTE}

# From the client (i) or the server (o), as in the scenes: what brings a connection into each state.
ESTABLISH = ["iS", "oSA", "iA"]
PATHS = {
    "SYN_RECV": ["iS"],
    "ESTABLISHED": ESTABLISH,
    "FIN_WAIT": [*ESTABLISH, "oFA"],
    "CLOSE_WAIT": [*ESTABLISH, "iFA"],
    "TIME_WAIT": [*ESTABLISH, "oFA", "iFA"],
    "CLOSE": [*ESTABLISH, "iR"],
    "SYN_SENT": [*ESTABLISH, "oFA", "iFA", "oS"],
}


def packed(address: str) -> bytes:
    """An address as text, packed."""
    return ip_address(address).packed


def flag_bits(letters: str) -> int:
    """TCP flags from their first letters."""
    return sum(FLAGS[letter] for letter in letters)


def server_name(address: bytes) -> str:
    """`rs2` for 10.2.2.100 and 2001:db8:2:2::100."""
    return f"rs{address[2] if len(address) == 4 else address[7]}"


def server_address(name: str, family: Family = Family.IPV4) -> str:
    """The other way round."""
    return f"10.2.{name[2:]}.100" if family is Family.IPV4 else f"2001:db8:2:{name[2:]}::100"


class Scene:
    """A director, a clock in seconds, and a client that takes a new port for each connection, from 1001 on."""

    def __init__(self, *commands: str) -> None:
        self.director = Director(ticks_per_second=1000)
        self.port = 1000
        self.adm(*commands)

    def adm(self, *commands: str) -> None:
        """Configure with a command line of ipvsadm, as far as the scenes use them."""
        for command in commands:
            _Command(command).apply(self.director)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.director.advance(self.director.now + round(seconds * 1000))

    def tcp(
        self, flags: str, port: int, vip: str = VIP, dport: int = 80, *, source: str = CLIENT, mark: int = 0
    ) -> str:
        """Who gets a TCP packet of the client."""
        return self._who(
            self.director.packet(
                (packed(source), port),
                (packed(vip), dport),
                Protocol.TCP,
                flag_bits(flags),
                now=self.director.now,
                mark=mark,
            ),
        )

    def udp(self, port: int, vip: str = VIP, dport: int = 53, *, source: str = CLIENT, mark: int = 0) -> str:
        """Who gets a datagram of the client."""
        ends = (packed(source), port), (packed(vip), dport)
        return self._who(self.director.packet(*ends, Protocol.UDP, now=self.director.now, mark=mark))

    def answer(self, server: str, flags: str | None, port: int, sport: int = 80, *, client: str = CLIENT) -> str:
        """Address and port that the client sees as the source of a server's packet; `flags` None is a datagram."""
        address = packed(client)
        outcome = self.director.packet(
            (packed(server_address(server, family_of(address))), sport),
            (address, port),
            Protocol.UDP if flags is None else Protocol.TCP,
            flag_bits(flags or ""),
            now=self.director.now,
        )
        return f"{ip_address(outcome.source)}:{outcome.source_port}"

    def syns(self, count: int, vip: str = VIP, dport: int = 80, *, source: str = CLIENT) -> str:
        """Who gets that many new TCP connections."""
        return " ".join(self.tcp("S", self._next_port(), vip, dport, source=source) for _ in range(count))

    def datagrams(self, count: int, vip: str = VIP, dport: int = 53, *, source: str = CLIENT) -> str:
        """Who gets that many new UDP connections."""
        return " ".join(self.udp(self._next_port(), vip, dport, source=source) for _ in range(count))

    def walk(self, steps: Iterable[str], port: int, vip: str = VIP) -> str:
        """Packets of one connection, `iS` from the client, `oSA` from the server that got the first one."""
        server = ""
        for step in steps:
            if step[0] == "i":
                who = self.tcp(step[1:], port, vip)
                server = server or who
            else:
                self.answer(server, step[1:], port)
        return server

    def states(self) -> dict[int, str]:
        """State by client port."""
        return {connection.client[1]: connection.state for connection in self.director.connections()}

    def lnc(self) -> list[str]:
        """`-Lnc` as the scenes mask it: sorted, expiry rounded up to ten seconds."""
        return sorted(
            f"{connection.protocol.name} {self._expiry(connection.expires)} {connection.state} "
            f"{_text(connection.client)} {_text(connection.virtual)} {_text(connection.server)}"
            for connection in self.director.connections()
        )

    def loads(self, service: str) -> dict[str, tuple[int, int]]:
        """ActiveConn and InActConn by server, sorted by name."""
        live = self.director.destinations(_service_key(*service.split()))
        return {
            server_name(one.configured.key.address): (one.active, one.inactive)
            for one in sorted(live, key=lambda one: one.configured.key.address)
        }

    def counts(self, service: str) -> list[Counts]:
        """Counters of a service's destinations, newest first."""
        return [one.counts for one in self.director.destinations(_service_key(*service.split()))]

    def _expiry(self, expires: int) -> str:
        seconds = (expires - self.director.now) // 1000
        tens = -(-max(seconds - 1, 0) // 10) * 10
        return f"{tens // 60:02}:{tens % 60:02}"

    def _next_port(self) -> int:
        self.port += 1
        return self.port

    def _who(self, outcome: Outcome) -> str:
        """The name of the server that gets the packet, where it goes on, else what becomes of it."""
        names = {
            Verdict.ANSWERED: "refused",
            Verdict.PASS: "pass",
            Verdict.DROP_DESTINATION_GONE: "dropped",
            Verdict.DROP_NO_DESTINATION: "lost",
            Verdict.DROP_TABLE_FULL: "full",
            Verdict.DROP_DEFENCE: "drop",
        }
        return names.get(outcome.verdict) or server_name(outcome.server or outcome.destination)


class _Command:
    """One command line: the first option is the command, the others have one argument each, but `-m` and `-g` none."""

    def __init__(self, line: str) -> None:
        self.command, *words = line.split()
        self.words = words
        self.options: dict[str, str] = {}
        rest = iter(word for word in words if word not in METHODS)
        self.method = next((METHODS[word] for word in words if word in METHODS), ForwardingMethod.DIRECT_ROUTE)
        if self.command != "--set":
            self.options = {option: next(rest) for option in rest}

    def apply(self, director: Director) -> None:
        match self.command:
            case "-C":
                director.flush()
            case "--set":
                director.set_timeouts(Timeouts(*map(int, self.words)))
            case "-A":
                director.add_service(self._service())
            case "-E":
                director.update_service(self._service())
            case "-D":
                director.delete_service(self._key())
            case "-a":
                director.add_destination(self._key(), self._destination())
            case "-e":
                director.update_destination(self._key(), self._destination())
            case "-d":
                director.delete_destination(self._key(), self._destination_key())
            case _:
                raise ValueError(self.command)

    def _key(self) -> ServiceKey:
        option = next(option for option in ("-t", "-u", "-f") if option in self.options)
        return _service_key(option, self.options[option])

    def _service(self) -> VirtualService:
        names = self.options.get("-b", "").split(",")
        scheduler = self.options.get("-s", "wlc")
        return VirtualService(
            self._key(),
            "" if scheduler == "none" else scheduler,
            sum(SCHEDULER_FLAGS[name] for name in names if name),
            int(self.options.get("-p", 0)),
        )

    def _destination_key(self) -> DestinationKey:
        address, port = _end(self.options["-r"], self._key().port)
        return DestinationKey(family_of(address), address, port)

    def _destination(self) -> Destination:
        weight, upper, lower = (int(self.options.get(o, default)) for o, default in (("-w", 1), ("-x", 0), ("-y", 0)))
        return Destination(self._destination_key(), self.method, weight, upper, lower)


def _service_key(option: str, text: str) -> ServiceKey:
    if option == "-f":
        return mark_service_key(int(text))
    address, port = _end(text, 0)
    return ServiceKey(Protocol.TCP if option == "-t" else Protocol.UDP, family_of(address), address, port)


def _end(text: str, default_port: int) -> tuple[bytes, int]:
    """Address and port of `10.0.0.1:80`, `10.0.0.1` or `[2001:db8::1]:80`."""
    address, colon, port = text.rpartition(":") if "." not in text or ":" in text else (text, "", "")
    return packed(address.strip("[]")), int(port) if colon else default_port


def _text(end: tuple[bytes, int]) -> str:
    address = ip_address(end[0])
    return f"[{address}]:{end[1]}" if address.version == 6 else f"{address}:{end[1]}"
