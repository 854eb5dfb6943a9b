# SPDX-License-Identifier: Apache-2.0
"""The rows of programs alone, in groups: each has a director of its own, so that a row's connections are all there are."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from bench.netns import topology as net
from bench.progrun.harness import ALL_NEW, MASKS, ORDER, OTHER_ORDER
from bench.progrun.packets import ACK, SYN, VIP4, VIP6, Packet, ipv4, ipv6

REPEAT, NEW_REPEAT = 300_000, 15_000
SENT = frozenset({"TX", "REDIRECT"})
PASSED = frozenset({"PASS", "OK", "NEXT"})
DROPPED = frozenset({"DROP", "SHOT"})
METHODS = {"NAT": "-m", "DR": "-g", "tunnel": "-i"}
_OPTIONS = METHODS | {"full NAT": "--fullnat"}
SCHEDULERS = ("rr", "wrr", "sh", "dh", "mh", "wlc")
SMALL_TABLE = 16_384
FEW, MANY = "10 services", "10,000 services"
SERVICES = {FEW: 10, MANY: 10_000}
MANY_VIPS = "10.101.0.0"  # the first of them
FLOOR, ROUTED, HASH, BYSTANDER = "floor", "floor, routed", "floor, hash table", "floor, not ours"


@dataclass(frozen=True)
class Case:
    """One row: its packet, how many connections it walks, what makes them known first, what must become of it.

    `known_by`: packets, each with the mask of its connections. `beside`: the columns that stand beside ours. `pushes`:
    ours leaves a longer packet. `order`: in which order connections become known; they are walked in the usual one.
    """

    packet: Packet
    mask: int
    known_by: tuple[tuple[Packet, int], ...] = ()
    verdicts: frozenset[str] = SENT
    repeat: int = REPEAT
    beside: tuple[str, ...] = (HASH,)
    pushes: bool = False
    order: int = ORDER

    @property
    def is_new(self) -> bool:
        """Every packet is the first of its connection."""
        return self.mask == ALL_NEW


@dataclass(frozen=True)
class Group:
    """Rows that follow each other in one director. `forwards`: what becomes of packets, as `verify.faulty` knows it."""

    rules: list[str]
    cases: dict[str, Case]
    forwards: str = "NAT"
    connections: int = 0  # room in its table; 0: the usual one
    local_addresses: tuple[str, ...] = ()  # what `xlvs laddr add` is told


def service(address: str, scheduler: str, method: str, destinations: list[str], weights: int = 1) -> list[str]:
    """A service as lines for `ipvsadm -R`; weights go from 1 up to `weights` again and again."""
    lines = [f"-A {address} -s {scheduler}"]
    for number, destination in enumerate(destinations):
        lines.append(f"-a {address} -r {destination} {_OPTIONS[method]} -w {1 + number % weights}")
    return lines


def destinations4(port: int = 80) -> list[str]:
    """The ten that each service has."""
    return [f"{address}:{port}" for address in net.DESTINATIONS4]


def _known(label: str, ask: Packet, *begin: Packet, beside: tuple[str, ...] = (HASH,), pushes: bool = False) -> Case:
    mask = MASKS[label]
    return Case(ask, mask, tuple((packet, mask) for packet in begin), beside=beside, pushes=pushes)


def _established(method: str) -> Group:
    """TCP with IPv4: the same connections, ever more of them."""
    tunnels, beside = method == "tunnel", (FLOOR, ROUTED, HASH) if method == "NAT" else (HASH,)
    rows = {
        f"TCP {method}, {label}": _known(label, ipv4(), ipv4(SYN), ipv4(), beside=beside, pushes=tunnels)
        for label in MASKS
    }
    return Group(service(f"-t {VIP4}:80", "rr", method, destinations4()), rows, method)


def _shuffled() -> Group:
    """Connections that are met in another order than they were made in, so that no cache may guess the next one."""
    mask = MASKS["512 k"]
    case = Case(ipv4(), mask, ((ipv4(SYN), mask), (ipv4(), mask)), order=OTHER_ORDER)
    rules = service(f"-t {VIP4}:80", "rr", "NAT", destinations4())
    return Group(rules, {"TCP NAT, 512 k, shuffled": case})


def _replies() -> Group:
    """Answers of one destination, so that the wrapper knows whose they are."""
    answer = ipv4(source=net.DESTINATIONS4[0], target="10.128.0.0", ports=(8080, 1024), wrapper="wrap_v4_reply")
    rows = {f"TCP NAT reply, {label}": _known(label, answer, ipv4(SYN), ipv4()) for label in ("1", "64 k", "512 k")}
    return Group(service(f"-t {VIP4}:80", "rr", "NAT", [f"{net.DESTINATIONS4[0]}:8080"]), rows, "reply")


def _udp(method: str) -> Group:
    tunnels = method == "tunnel"
    rows = {f"UDP {method}, {label}": _known(label, ipv4(0), ipv4(0), pushes=tunnels) for label in ("1", "1 k", "64 k")}
    pool = ("-u", f"{VIP4}:80", "--ports", "1024-65535", "--routed", net.LOCAL4) if method == "full NAT" else ()
    return Group(service(f"-u {VIP4}:80", "rr", method, destinations4()), rows, method, local_addresses=pool)


def _ipv6(method: str) -> Group:
    tunnels, beside = method == "tunnel", (FLOOR, ROUTED, HASH) if method == "NAT" else (HASH,)
    rows = {
        f"IPv6 TCP {method}, {label}": _known(label, ipv6(), ipv6(SYN), ipv6(), beside=beside, pushes=tunnels)
        for label in ("1", "64 k")
    }
    rules = service(f"-t [{VIP6}]:80", "rr", method, [f"[{address}]:80" for address in net.DESTINATIONS6])
    return Group(rules, rows, method)


def client_of(number: int) -> str:
    """Clients of their own for each row of new connections: the first of up to 65,536 addresses."""
    return f"10.{128 + number}.0.0"


def _new() -> Group:
    """New connections of every kind; the first row is of packets that are none of ours."""
    rows = {"not ours": Case(ipv4(target="10.200.9.9"), 65535, verdicts=PASSED, beside=(BYSTANDER, HASH))}
    rules: list[str] = []
    kinds = {
        "TCP, NAT, rr": ("-t", "NAT", "rr"),
        "UDP, NAT, rr": ("-u", "NAT", "rr"),
        "TCP, NAT, wlc": ("-t", "NAT", "wlc"),
    }
    for number, (name, (option, method, scheduler)) in enumerate(
        (kinds | {"TCP, DR, wlc": ("-t", "DR", "wlc")}).items()
    ):
        flags = SYN if option == "-t" else 0
        packet = ipv4(flags, source=client_of(number), ports=(1024, 80 + number))
        port = 80 + number if method == "DR" else 80
        rules += service(f"{option} {VIP4}:{80 + number}", scheduler, method, destinations4(port))
        rows[f"new {name}"] = Case(packet, ALL_NEW, repeat=NEW_REPEAT)
    return Group(rules, rows)


def _full() -> Group:
    """A small table that somebody has filled: what the next client costs, and those that were there before."""
    known, others = MASKS["1 k"], MASKS["64 k"]
    fill = ((ipv4(SYN), known), (ipv4(), known), (ipv4(SYN, source=client_of(1)), others))
    rows = {
        "TCP NAT, 1 k, table full": Case(ipv4(), known, fill),
        "new TCP, table full": Case(
            ipv4(SYN, source=client_of(2)), ALL_NEW, verdicts=SENT | DROPPED, repeat=NEW_REPEAT
        ),
    }
    return Group(service(f"-t {VIP4}:80", "rr", "NAT", destinations4()), rows, connections=SMALL_TABLE)


def virtual_address(number: int) -> str:
    """One of many, from MANY_VIPS on."""
    return str(IPv4Address(MANY_VIPS) + number)


def many_services(count: int) -> list[str]:
    """The rules of so many services, each with a destination."""
    rules: list[str] = []
    for number in range(count):
        rules += service(f"-t {virtual_address(number)}:80", "rr", "NAT", [f"{net.DESTINATIONS4[number % 10]}:80"])
    return rules


def at_all(count: int, flags: int, client: int) -> Packet:
    """A packet that asks for each of so many services in turn."""
    packet = ipv4(flags, source=client_of(client), target=MANY_VIPS, wrapper="wrap_v4_targets")
    return Packet(packet.data, packet.wrapper, count)


def _services(label: str) -> Group:
    """So many services, of which one is used, or all of them one after another."""
    count = SERVICES[label]
    one = virtual_address(count // 2)
    rows = {
        f"not ours, {label}": Case(ipv4(target="10.200.9.9"), 65535, verdicts=PASSED, beside=(BYSTANDER, HASH)),
        f"TCP NAT, 1 k, {label}": _known("1 k", ipv4(target=one), ipv4(SYN, target=one), ipv4(target=one)),
        f"TCP NAT, 64 k, all of {label}": _known("64 k", *(at_all(count, flags, 1) for flags in (ACK, SYN, ACK))),
        f"new TCP, {label}": Case(ipv4(SYN, source=client_of(2), target=one), ALL_NEW, repeat=NEW_REPEAT),
        f"new TCP, all of {label}": Case(at_all(count, SYN, 3), ALL_NEW, repeat=NEW_REPEAT),
    }
    return Group(many_services(count), rows)


def _schedulers() -> Group:
    """Every scheduler with few and with many destinations."""
    rows, rules = {}, []
    for number, (scheduler, count) in enumerate((name, count) for name in SCHEDULERS for count in (10, 1000)):
        port = 1000 + number
        addresses = [f"{address}:80" for address in net.MANY_DESTINATIONS4[:count]]
        rules += service(f"-t {VIP4}:{port}", scheduler, "NAT", addresses, weights=4)
        packet = ipv4(SYN, source=client_of(number), ports=(1024, port))
        rows[f"new TCP, {scheduler}, {count:,} destinations"] = Case(packet, ALL_NEW, repeat=NEW_REPEAT * 2 // 3)
    return Group(rules, rows)


def groups() -> list[Group]:
    """All of them, in the order of the table."""
    return [
        _new(),
        _established("NAT"),
        _shuffled(),
        _replies(),
        _established("DR"),
        _established("tunnel"),
        _udp("NAT"),
        _udp("tunnel"),
        _udp("full NAT"),
        _ipv6("NAT"),
        _ipv6("tunnel"),
        _full(),
        _services(FEW),
        _services(MANY),
        _schedulers(),
    ]
