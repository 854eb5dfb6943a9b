# SPDX-License-Identifier: Apache-2.0
"""Values of single keywords that no common kind describes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xlvs.config.values import (
    SECOND_US,
    Address,
    Choice,
    Custom,
    Endpoint,
    IPPort,
    Missing,
    Partly,
    Text,
    WrongValue,
    address,
    first,
    number,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

LONG: Final = "18446744073709.551614"
"""Seconds that 64 bits hold as microseconds."""
DELAY_MAX: Final = 4294
"""Seconds that 32 bits hold as microseconds."""
MONTH_SECONDS: Final = 31 * 24 * 3600
SCHEDULERS: Final = ("rr", "wrr", "lc", "wlc", "lblc", "sh", "mh", "dh", "fo", "ovf", "lblcr", "sed", "nq", "twos")
DNS_TYPES: Final = ("A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA", "RRSIG", "DNSKEY")
REGEX_OPTIONS: Final = (
    *("allow_empty_class", "alt_bsux", "auto_callout", "caseless", "dollar_endonly", "dotall", "dupnames", "extended"),
    *("firstline", "match_unset_backref", "multiline", "never_ucp", "never_utf", "no_auto_capture", "no_auto_possess"),
    *("no_dotstar_anchor", "no_start_optimize", "ucp", "ungreedy", "utf", "never_backslash_c", "alt_circumflex"),
    *("alt_verbnames", "use_offset_limit"),
)
VRRP_MACS: Final = ([0, 0, 0x5E, 0, 1], [0, 0, 0x5E, 0, 2])
UMASK_BITS: Final = {
    f"I{right}{who}": bit << shift
    for who, shift in (("USR", 6), ("GRP", 3), ("OTH", 0))
    for right, bit in (("R", 4), ("W", 2), ("X", 1))
}


@dataclass(frozen=True, slots=True)
class User:
    """Whose rights a script has; an empty group: the user's own."""

    name: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server by name or address."""

    host: str
    port: int = 25


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds of the IPVS timeouts; 0: as they are."""

    tcp: int = 0
    tcpfin: int = 0
    udp: int = 0


@dataclass(frozen=True, slots=True)
class SyncDaemon:
    """The IPVS synchronisation daemon. Its role follows the virtual router `instance`; both roles without one."""

    interface: str
    instance: str = ""
    syncid: int | None = None
    maxlen: int = 0
    port: int = 8848
    ttl: int = 1
    group: Address | None = None


@dataclass(frozen=True, slots=True)
class Fifo:
    """A named pipe for events and its owner."""

    path: str
    user: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class ExtraInterfaces:
    """Announcements on other interfaces than the router's; every: not only on those with a virtual MAC."""

    interval_us: int
    every: bool = False


@dataclass(frozen=True, slots=True)
class Vmac:
    """A virtual MAC interface; an empty name or address: the usual one."""

    name: str = ""
    mac: str = ""
    netlink_notify: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True)
class Ipvlan:
    """An IPVLAN interface."""

    name: str = ""
    address: str = ""
    mode: str = "bridge"


@dataclass(frozen=True, slots=True)
class InitFile:
    """The number that a tracked file is made with."""

    value: int = 0
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Forwarding:
    """A forwarding method: NAT, DR or TUN with its tunnel."""

    method: str
    tunnel: str = ""
    port: int = 0
    checksum: str = ""


def _user(words: Sequence[str]) -> User:
    name = first(words, "a user")
    return User(name, words[1].removeprefix(":") if len(words) > 1 else "")


def _mail_server(words: Sequence[str]) -> MailServer:
    return MailServer(first(words, "a mail server"), number(words[1], 1, 65535) if len(words) > 1 else 25)


def _timeouts(words: Sequence[str]) -> Timeouts:
    if len(words) < 2:
        raise WrongValue("lvs_timeouts needs at least one of tcp, tcpfin and udp with its seconds")
    found: dict[str, int] = {}
    for at in range(0, len(words), 2):
        if words[at] not in {"tcp", "tcpfin", "udp"}:
            raise WrongValue(f"unknown timeout {words[at]}", words[at], "tcp, tcpfin or udp")
        if at + 1 == len(words):
            raise WrongValue(f"{words[at]} is missing its seconds", words[at])
        found[words[at]] = number(words[at + 1], 0, MONTH_SECONDS, "s")
    return Timeouts(**found)


_SYNC_OPTIONS: Final = {"id": (0, 255), "maxlen": (1, 65507), "port": (1, 65535), "ttl": (1, 255)}


def _sync_daemon(words: Sequence[str]) -> SyncDaemon:
    interface = first(words, "an interface")
    rest = list(words[1:])
    instance = ""
    if rest[:1] == ["inst"] and len(rest) > 1:
        instance, rest = rest[1], rest[2:]
    elif rest and rest[0] not in {*_SYNC_OPTIONS, "group"} and not rest[0].isdigit():
        instance, rest = rest[0], rest[1:]
    problems: list[WrongValue] = []
    if rest and rest[0].isdigit():
        problems.append(WrongValue("the number of the daemon stands behind id", rest[0], f"id {rest[0]}"))
        rest.insert(0, "id")
    numbers: dict[str, int] = {}
    group: Address | None = None
    for key, value in _pairs(rest):
        if key == "group":
            group = address(value)
        elif key in _SYNC_OPTIONS:
            numbers[key] = number(value, *_SYNC_OPTIONS[key])
        else:
            raise WrongValue(f"unknown option {key} of lvs_sync_daemon", key, "id, maxlen, port, ttl or group")
    found = SyncDaemon(
        interface,
        instance,
        numbers.get("id"),
        numbers.get("maxlen", 0),
        numbers.get("port", 8848),
        numbers.get("ttl", 1),
        group,
    )
    if problems:
        raise Partly(found, problems)
    return found


def _pairs(words: Sequence[str]) -> list[tuple[str, str]]:
    if len(words) % 2:
        raise WrongValue(f"{words[-1]} is missing its value", words[-1])
    return list(zip(words[::2], words[1::2], strict=True))


def _fifo(words: Sequence[str]) -> Fifo:
    return Fifo(first(words, "a path"), *words[1:3])


def _extra_interfaces(words: Sequence[str], low: str = "0") -> ExtraInterfaces:
    every = bool(words) and words[0] == "all"
    seconds = number(first(words[1:] if every else words, "a time"), int(low), 86400, "s")
    return ExtraInterfaces(seconds * SECOND_US, every)


def _umask(words: Sequence[str]) -> int:
    word = first(words, "a mask")
    if word.isdigit():
        try:
            return int(word, 8 if word.startswith("0") else 10) & 0o777
        except ValueError:
            raise WrongValue(f"{word} is not an octal number", word) from None
    mask = 0
    for name in "".join(words).split("|"):
        if name not in UMASK_BITS:
            raise WrongValue(f"unknown bit {name}", name, "IRUSR, IWGRP, IXOTH and the like, with | between")
        mask |= UMASK_BITS[name]
    return mask


def _buffers(words: Sequence[str]) -> str:
    word = first(words, "a size")
    if word not in {"MTU", "ADVERT"}:
        number(word, 0, 2**31 - 1)
    return word


def _cpus(words: Sequence[str]) -> tuple[int, ...]:
    if not words:
        raise Missing("a list of CPUs is missing")
    return tuple(number(word, 0, 4095) for word in words)


def _include_check(words: Sequence[str]) -> tuple[str, ...]:
    for word in words:
        if word.lstrip("+-") not in {"readable", "match", "wildcard_match", "brace_match"}:
            raise WrongValue(f"unknown check {word}", word, "readable, match, wildcard_match or brace_match")
    return tuple(words)


def _is_mac(word: str) -> bool:
    parts = word.split(":")
    return len(parts) in {5, 6} and all(
        0 < len(part) <= 2 and set(part.lower()) <= set("0123456789abcdef") for part in parts
    )


def _vmac(words: Sequence[str]) -> Vmac:
    name = mac = group = ""
    notify = False
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word in {"name", "group"} and rest:
            value = rest.pop(0)
            name, group = (value, group) if word == "name" else (name, value)
        elif word == "netlink_notify_msg":
            notify = True
        elif _is_mac(word):
            if [int(part, 16) for part in word.split(":")[:5]] in VRRP_MACS:
                raise Partly(
                    Vmac(name, "", notify, group),
                    [WrongValue(f"{word} is VRRP's own: it is taken anyway", word, "remove it")],
                )
            mac = word
        elif name:
            raise WrongValue(f"the interface has the name {name} already", word)
        elif len(word) > 15:
            raise WrongValue(f"{word} is too long for the name of an interface", word, "15 characters at most")
        else:
            name = word
    return Vmac(name, mac, notify, group)


def _ipvlan(words: Sequence[str]) -> Ipvlan:
    name = at = ""
    mode = "bridge"
    for word in words:
        if word in {"bridge", "private", "vepa"}:
            mode = word
        elif ":" in word or word[:1].isdigit():
            address(word.partition("/")[0])
            at = word
        else:
            name = word
    return Ipvlan(name, at, mode)


def _hmac_key(words: Sequence[str]) -> tuple[int, str]:
    identifier = number(first(words, "the key's number"), 1, 255)
    key = first(words[1:], "the key")
    if key.startswith("hex:"):
        digits = key.removeprefix("hex:")
        if len(digits) % 2 or not set(digits.lower()) <= set("0123456789abcdef") or not 64 <= len(digits) <= 128:
            raise WrongValue("the key is not 32 to 64 bytes in hexadecimal digits", key)
    elif not key.startswith("file:") and not 32 <= len(key) <= 64:
        raise WrongValue("the key is not 32 to 64 characters long", key)
    return identifier, key


def _init_file(words: Sequence[str]) -> InitFile:
    value, overwrite = 0, False
    for word in words:
        if word == "overwrite":
            overwrite = True
        else:
            value = number(word, -(2**31), 2**31 - 1)
    return InitFile(value, overwrite)


def _forwarding(words: Sequence[str]) -> Forwarding:
    method = first(words, "NAT, DR or TUN")
    if method not in {"NAT", "DR", "TUN"}:
        raise WrongValue(f"unknown forwarding method {method}", method, "NAT, DR or TUN")
    if method != "TUN":
        return Forwarding(method)
    tunnel, port, checksum = "ipip", 0, ""
    rest = list(words[1:])
    while rest:
        word = rest.pop(0)
        if word == "type" and rest:
            tunnel = rest.pop(0)
            if tunnel not in {"ipip", "gue", "gre"}:
                raise WrongValue(f"unknown tunnel {tunnel}", tunnel, "ipip, gue port NUMBER or gre")
        elif word == "port" and rest:
            port = number(rest.pop(0), 1, 65535)
        elif word in {"nocsum", "csum", "remcsum"}:
            checksum = word
        else:
            raise WrongValue(f"unknown option {word} of a tunnel", word, "type, port, nocsum, csum or remcsum")
    if tunnel == "gue" and not port:
        raise WrongValue("a GUE tunnel needs its port", words[0], "TUN type gue port NUMBER")
    return Forwarding("TUN", tunnel, port, checksum)


def _granularity(words: Sequence[str]) -> int:
    word = first(words, "a mask")
    if word.isdigit():
        return number(word, 1, 128)
    try:
        bits = f"{int(address(word)):032b}"
    except WrongValue:
        raise WrongValue(f"{word} is not a netmask", word, "255.255.255.0, or 1 to 128 with IPv6") from None
    if "." not in word or "01" in bits:
        raise WrongValue(f"{word} is not a netmask", word, "255.255.255.0, or 1 to 128 with IPv6")
    return bits.count("1")


def _status_codes(words: Sequence[str]) -> tuple[tuple[int, int], ...]:
    if not words:
        raise Missing("a status code is missing")
    found = []
    for word in words:
        low, dash, high = word.partition("-")
        pair = number(low, 100, 599), number(high if dash else low, 100, 599)
        if pair[0] > pair[1]:
            raise WrongValue(f"the range {word} is empty", word)
        found.append(pair)
    return tuple(found)


def _digest(words: Sequence[str]) -> bytes:
    word = first(words, "a digest")
    if len(word) != 32 or not set(word.lower()) <= set("0123456789abcdef"):
        raise WrongValue(f"{word} is not an MD5 digest", word, "32 hexadecimal digits")
    return bytes.fromhex(word)


def _payload(words: Sequence[str]) -> bytes:
    text = "".join(words)
    if not words:
        raise Missing("hexadecimal digits are missing")
    if len(text) % 2 or not set(text.lower()) <= set("0123456789abcdef"):
        raise WrongValue("the payload is not a row of bytes in hexadecimal", words[0], "two digits a byte")
    return bytes.fromhex(text)


def _reply(words: Sequence[str]) -> str:
    text = "".join(words).upper()
    if len(text) % 2 or not set(text) <= set("0123456789ABCDEFX"):
        raise WrongValue(
            "the reply is not a row of bytes in hexadecimal", words[0], "two digits a byte, X for any digit"
        )
    return text


def _regex_stack(words: Sequence[str]) -> tuple[int, int]:
    return (
        number(first(words, "the size to start with"), 0, 2**31 - 1),
        number(first(words[1:], "the greatest size"), 0, 2**31 - 1),
    )


def _server_head(words: Sequence[str]) -> ServerHead:
    word = first(words, "ADDRESS [PORT], fwmark NUMBER or group NAME")
    if word == "group":
        return ServerHead(group=first(words[1:], "a name"))
    if word == "fwmark":
        return ServerHead(mark=number(first(words[1:], "a mark"), 1, 2**32 - 1))
    try:
        end = IPPort().parse(words)
    except Partly as error:
        raise Partly(_head(error.value), error.problems) from None
    return _head(end)


def _head(end: object) -> ServerHead:
    return ServerHead(end.address, end.port) if isinstance(end, Endpoint) else ServerHead()


NAT: Final = Forwarding("NAT")


@dataclass(frozen=True, slots=True)
class ServerHead:
    """What a virtual server answers for: an address with a port, a mark or a group."""

    address: Address | None = None
    port: int = 0
    mark: int = 0
    group: str = ""

    def __str__(self) -> str:
        """As it is written in the file."""
        if self.group:
            return f"group {self.group}"
        return f"fwmark {self.mark}" if self.mark else f"{self.address} {self.port}"


SERVER_HEAD: Final = Custom("ADDRESS [PORT]|fwmark NUMBER|group NAME", _server_head, ("fwmark", "group"))
USER: Final = Custom("USER [GROUP]", _user)
MAIL_SERVER: Final = Custom("HOST [PORT]", _mail_server)
TIMEOUTS: Final = Custom("[tcp SECONDS] [tcpfin SECONDS] [udp SECONDS]", _timeouts, ("tcp", "tcpfin", "udp"))
SYNC_DAEMON: Final = Custom(
    "INTERFACE [[inst] INSTANCE] [id 0-255] [maxlen 1-65507] [port PORT] [ttl 1-255] [group ADDRESS]",
    _sync_daemon,
    ("inst", "id", "maxlen", "port", "ttl", "group"),
)
FIFO: Final = Custom("PATH [USER [GROUP]]", _fifo)
GLOBAL_EXTRA_INTERFACES: Final = Custom(
    "[all] TIME (1 to 86400 s)", lambda words: _extra_interfaces(words, "1"), ("all",)
)
EXTRA_INTERFACES: Final = Custom("[all] TIME (0 to 86400 s)", _extra_interfaces, ("all",))
UMASK: Final = Custom("NUMBER|IRUSR[|IWGRP...]", _umask, tuple(UMASK_BITS))
BUFFERS: Final = Custom("MTU|ADVERT|NUMBER", _buffers, ("MTU", "ADVERT"))
CPUS: Final = Custom("CPU...", _cpus)
INCLUDE_CHECK: Final = Custom(
    "[[+|-]readable|match|wildcard_match|brace_match]...",
    _include_check,
    ("readable", "match", "wildcard_match", "brace_match"),
)
VMAC: Final = Custom(
    "[[name] NAME] [MAC] [netlink_notify_msg] [group GROUP]", _vmac, ("name", "netlink_notify_msg", "group")
)
IPVLAN: Final = Custom("[NAME] [ADDRESS] [bridge|private|vepa]", _ipvlan, ("bridge", "private", "vepa"))
HMAC_KEY: Final = Custom("NUMBER hex:DIGITS|file:PATH|TEXT", _hmac_key)
INIT_FILE: Final = Custom("[NUMBER] [overwrite]", _init_file, ("overwrite",))
SCHEDULER: Final = Choice(SCHEDULERS)
FORWARDING: Final = Custom(
    "NAT|DR|TUN [type ipip|gue port PORT|gre] [nocsum|csum|remcsum]",
    _forwarding,
    ("NAT", "DR", "TUN", "type", "ipip", "gue", "gre", "port", "nocsum", "csum", "remcsum"),
)
GRANULARITY: Final = Custom("NETMASK|1-128", _granularity)
STATUS_CODES: Final = Custom("CODE[-CODE]...", _status_codes)
DIGEST: Final = Custom("MD5 (32 hexadecimal digits)", _digest)
PAYLOAD: Final = Custom("HEX", _payload)
REPLY: Final = Custom("HEX (X: any digit)", _reply)
REGEX_STACK: Final = Custom("START MAX", _regex_stack)
NAME: Final = Text("NAME", lenient=True)
"""Of a block; without it the block is left out."""
STRICT_NAME: Final = Text("NAME")
"""Of a block; without it the original stops reading."""
