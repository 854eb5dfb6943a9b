# SPDX-License-Identifier: Apache-2.0
"""How commands name connections, services and servers. Pure."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from typing import Final, NamedTuple

from xlvs.model.address import Family, format_address, parse_dotted_quad, parse_ipv6
from xlvs.model.connection_filter import Network
from xlvs.model.service import Protocol, ServiceKey, mark_service_key

PROTOCOLS: Final = {each.name.lower(): each for each in (Protocol.TCP, Protocol.UDP, Protocol.SCTP)}
STATES: Final = (
    "NONE", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN",
    "SYNACK", "UDP", "INIT1", "INIT", "C-SENT", "C-REPLIED", "C-WAIT", "COOKIE", "C-ECHOED", "S-SENT", "S-RECEIVED",
    "S-ACK-SENT", "REJECTED", "CLOSED",
)  # fmt: skip
_MARKS: Final = {"fwm": Family.IPV4, "fwm6": Family.IPV6}
_LAST_PORT: Final = 65535
_PORT: Final = r"(?::([0-9]{1,5}))?"
_SIX_IN_BRACKETS: Final = re.compile(rf"\[([^\[\]]*:[^\[\]]*)\]{_PORT}")
_FOUR: Final = re.compile(rf"([^:\[\]]+){_PORT}")
_MARK_MAX: Final = 0xFFFFFFFF
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "": 1}


class Server(NamedTuple):
    """A server as it is named; `port` None where none is written."""

    address: bytes
    port: int | None


def service(text: str) -> ServiceKey:
    """`tcp:VIP:PORT`, `udp:...`, `sctp:...`, `fwm:MARK` or `fwm6:MARK`; IPv6 in brackets."""
    kind, colon, rest = text.partition(":")
    if kind in _MARKS and colon:
        return mark_service_key(mark(rest), _MARKS[kind])
    if kind not in PROTOCOLS or not colon:
        raise ArgumentTypeError(
            f"{text!r} is not a service: write tcp:VIP:PORT, udp:VIP:PORT, sctp:VIP:PORT or fwm:MARK"
        )
    return service_at(PROTOCOLS[kind], rest)


def service_at(protocol: Protocol, text: str) -> ServiceKey:
    """The service of a protocol at `VIP:PORT`, as ipvsadm's options take it (numbers only)."""
    found = server(text)
    if found.port is None:
        raise ArgumentTypeError(f"{text!r} has no port: write VIP:PORT, an IPv6 address in brackets")
    return ServiceKey(protocol, _family(found.address), found.address, found.port)


def mark(text: str) -> int:
    """A firewall mark."""
    if not text.isdecimal() or not 1 <= int(text) <= _MARK_MAX:
        raise ArgumentTypeError(f"{text!r} is not a firewall mark (1 to {_MARK_MAX})")
    return int(text)


def server(text: str) -> Server:
    """`ADDRESS` or `ADDRESS:PORT`; IPv6 in brackets before a port."""
    found = _SIX_IN_BRACKETS.fullmatch(text) or _FOUR.fullmatch(text)
    host, port = found.groups() if found else (text, None)
    address = parse_ipv6(host) if ":" in host else parse_dotted_quad(host)
    if address is None or int(port or 0) > _LAST_PORT:
        raise ArgumentTypeError(f"{text!r} is not ADDRESS or ADDRESS:PORT (numbers; IPv6 in brackets before a port)")
    return Server(address, None if port is None else int(port))


def network(text: str) -> Network:
    """`ADDRESS[/PREFIX]` or `ADDRESS:PORT`."""
    host, slash, prefix = text.partition("/")
    found = server(host)
    bits = len(found.address) * 8
    if not slash:
        return Network(found.address, bits, found.port or 0)
    if found.port is not None or not prefix.isdecimal() or int(prefix) > bits:
        raise ArgumentTypeError(f"{text!r} is not a network: write ADDRESS/PREFIX, the prefix from 0 to {bits}")
    return Network(found.address, int(prefix))


def states(text: str) -> frozenset[str]:
    """Names of states with commas between, in any case."""
    names = frozenset(word.strip().upper() for word in text.split(","))
    for name in sorted(names.difference(STATES)):
        from difflib import get_close_matches

        near = get_close_matches(name, STATES, n=1)
        raise ArgumentTypeError(
            f"{name!r} is not a state{f'; did you mean {near[0]}?' if near else ''} ({', '.join(STATES)})"
        )
    return names


def seconds(text: str) -> float:
    """A time: `90`, `90s`, `5m`, `1h`."""
    number, unit = (text[:-1], text[-1:]) if text[-1:] in _UNITS and not text[-1:].isdecimal() else (text, "")
    try:
        value = float(number)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise ArgumentTypeError(f"{text!r} is not a time: write 60, 60s, 5m or 1h")
    return value * _UNITS[unit]


def endpoint(address: bytes, port: int) -> str:
    """`ADDRESS:PORT`, IPv6 in brackets."""
    text = format_address(address)
    return f"{text}:{port}" if len(address) == 4 else f"[{text}]:{port}"


def service_text(key: ServiceKey) -> str:
    """A service as `service` reads it."""
    if key.fwmark:
        return f"{'fwm' if key.family is Family.IPV4 else 'fwm6'}:{key.fwmark}"
    return f"{key.protocol.name.lower()}:{endpoint(key.address, key.port)}"


def _family(address: bytes) -> Family:
    return Family.IPV4 if len(address) == 4 else Family.IPV6
