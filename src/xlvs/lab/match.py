# SPDX-License-Identifier: Apache-2.0
"""Which packets a fault or a capture is about: from words to the terms of bpf/lab/match.h. No I/O here.

The words are those of pcap-filter(7), as far as they go: ``tcp``, ``host 10.0.0.1``, ``src host 10.0.0.0/24``,
``dst port 80``, ``ether host 02:00:00:00:01:01``, each with ``not`` before it if need be. All of them must hold; ``and``
between them may be left out.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import TYPE_CHECKING, Final, Literal

from xlvs.lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Sequence

TERMS_MAX: Final = 8
_TERM: Final = Struct("=BBBB2sH16s")  # struct term
_MAC: Final = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", re.IGNORECASE)
_WORDS: Final = (
    "tcp udp icmp icmp6 sctp vrrp arp ip ip6, proto N, [src|dst] host ADDRESS, [src|dst] port N, ether host MAC"
)


class Kind(IntEnum):
    """enum term_kind."""

    NONE = 0
    ETHERTYPE = 1
    PROTOCOL = 2
    HOST = 3
    PORT = 4
    MAC = 5


class Side(IntEnum):
    """enum term_side."""

    EITHER = 0
    SOURCE = 1
    DESTINATION = 2


_ETHERTYPES: Final = {"ip": 0x0800, "ip6": 0x86DD, "arp": 0x0806}
_PROTOCOLS: Final = {"tcp": 6, "udp": 17, "icmp": 1, "icmp6": 58, "sctp": 132, "vrrp": 112}
_SIDES: Final = {"src": Side.SOURCE, "dst": Side.DESTINATION}


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. `number`: EtherType, protocol or port; `value`: packed address or hardware address."""

    kind: Kind
    side: Side = Side.EITHER
    negated: bool = False
    number: int = 0
    value: bytes = b""
    bits: int = 0


def parse(words: Sequence[str]) -> tuple[Term, ...]:
    """The terms that the words of a filter say; none when there are no words. Raises LabError."""
    pending = [word for argument in words for word in argument.split()]
    terms: list[Term] = []
    while pending:
        if pending[0] in ("and", "&&") and terms and len(pending) > 1:
            pending.pop(0)
        terms.append(_term(pending))
    if len(terms) > TERMS_MAX:
        raise LabError(f"a filter has {TERMS_MAX} terms at most", f"these are {len(terms)}")
    return tuple(terms)


def from_mac(mac: str) -> Term:
    """Whatever comes from this hardware address."""
    return Term(Kind.MAC, Side.SOURCE, value=_packed_mac(mac))


def pack(terms: Sequence[Term]) -> bytes:
    """The value of `terms` in a BPF object. Raises LabError when they are too many."""
    if len(terms) > TERMS_MAX:
        raise LabError(f"a filter has {TERMS_MAX} terms at most", "the other end's address counts as one")
    return b"".join(_pack(term) for term in terms).ljust(_TERM.size * TERMS_MAX, b"\0")


def _pack(term: Term) -> bytes:
    order: Literal["little", "big"] = "little" if term.kind is Kind.PROTOCOL else "big"
    number = term.number.to_bytes(2, order)
    family = {4: 4, 16: 6}.get(len(term.value), 0) if term.kind is Kind.HOST else 0
    return _TERM.pack(term.kind, term.side, term.negated, term.bits, number, family, term.value)


def _term(pending: list[str]) -> Term:
    word = pending.pop(0)
    negated = word in ("not", "!")
    if negated:
        word = _following(pending, "not")
    if word in _ETHERTYPES:
        return Term(Kind.ETHERTYPE, negated=negated, number=_ETHERTYPES[word])
    if word in _PROTOCOLS:
        return Term(Kind.PROTOCOL, negated=negated, number=_PROTOCOLS[word])
    if word == "proto":
        return Term(Kind.PROTOCOL, negated=negated, number=_number(_following(pending, word), 255))
    ether = word == "ether"
    if ether:
        word = _following(pending, word)
    side = _SIDES.get(word, Side.EITHER)
    if side:
        word = _following(pending, word)
    if word in ("host", "net"):
        return _host(_following(pending, word), side, negated=negated, ether=ether)
    if word == "port" and not ether:
        return Term(Kind.PORT, side, negated, _number(_following(pending, word), 65535))
    raise LabError(f"{word!r} is no word of a filter", f"words: {_WORDS}; all of them must hold")


def _host(text: str, side: Side, *, negated: bool, ether: bool) -> Term:
    if ether:
        return Term(Kind.MAC, side, negated, value=_packed_mac(text))
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise LabError(f"{text!r} is not an address", "for example host 192.168.20.1, host 10.0.0.0/8") from None
    return Term(Kind.HOST, side, negated, value=network.network_address.packed, bits=network.prefixlen)


def _packed_mac(text: str) -> bytes:
    if not _MAC.fullmatch(text):
        raise LabError(f"{text!r} is not a hardware address", "for example 02:00:00:00:01:01")
    return bytes.fromhex(text.replace(":", ""))


def _number(text: str, most: int) -> int:
    if not text.isdecimal() or int(text) > most:
        raise LabError(f"{text!r} is not a number up to {most}")
    return int(text)


def _following(pending: list[str], word: str) -> str:
    if not pending:
        raise LabError(f"something is missing after {word!r}", f"words: {_WORDS}")
    return pending.pop(0)
