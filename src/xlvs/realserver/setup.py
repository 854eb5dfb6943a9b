# SPDX-License-Identifier: Apache-2.0
"""What a real server is to be, and what was changed to make it so. Values only, and their text form."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from xlvs.model.address import format_address, parse_dotted_quad, parse_ipv6

if TYPE_CHECKING:
    from collections.abc import Iterable

GUE_PORT: Final = 6080  # the port that IANA gave to GUE
_FORM: Final = 1  # of the text


class Method(StrEnum):
    """How the director forwards: its `-g` or its `-i`."""

    DIRECT_ROUTE = "dr"
    TUNNEL = "tunnel"


class TunnelType(StrEnum):
    """The `--tun-type` of the director's destination."""

    IPIP = "ipip"
    GUE = "gue"
    GRE = "gre"


# Bytes between the two IP headers, with a checksum and with GUE's remote checksum where there may be one.
_BETWEEN: Final = {TunnelType.IPIP: 0, TunnelType.GUE: 20, TunnelType.GRE: 8}


@dataclass(frozen=True, slots=True)
class SysctlChange:
    """One setting below /proc/sys/net that we set: `before` is put back if `ours` is still there."""

    key: str
    before: str
    ours: str


@dataclass(frozen=True, slots=True)
class Setup:
    """The whole of one real server.

    `vips`: packed addresses with the method of each; `interfaces`: those named by the user, () for all suitable ones;
    `sysctls` and `addresses` (of lo): what we changed, or were about to change.
    """

    vips: dict[bytes, Method] = field(default_factory=dict)
    interfaces: tuple[str, ...] = ()
    types: tuple[TunnelType, ...] = (TunnelType.IPIP,)
    gue_port: int = GUE_PORT
    sysctls: tuple[SysctlChange, ...] = ()
    addresses: tuple[bytes, ...] = ()

    def by(self, method: Method) -> list[bytes]:
        """The virtual addresses of one method."""
        return [vip for vip, its in self.vips.items() if its is method]

    @property
    def has_ipv4(self) -> bool:
        """Whether ARP is concerned at all: IPv6 asks for an address of lo in vain as it is."""
        return any(len(vip) == 4 for vip in self.vips)

    def overhead(self, *, ipv6: bool) -> int:
        """Bytes that the longest tunnel header takes off the MTU, in an outer packet of one family or the other."""
        return (40 if ipv6 else 20) + max(_BETWEEN[each] for each in self.types)

    def without(self, vips: Iterable[bytes]) -> Setup:
        """The same without these virtual addresses."""
        gone = set(vips)
        return replace(self, vips={vip: method for vip, method in self.vips.items() if vip not in gone})


def parse_address(text: str) -> bytes | None:
    """A packed address; None when the text is none (no short forms: this is where mistakes cost an outage)."""
    return parse_dotted_quad(text) or parse_ipv6(text)


def encode(setup: Setup) -> str:
    """The text of a setup, for its file."""
    fields = {
        "form": _FORM,
        "vips": {format_address(vip): method.value for vip, method in setup.vips.items()},
        "interfaces": list(setup.interfaces),
        "types": [each.value for each in setup.types],
        "gue_port": setup.gue_port,
        "sysctls": [[change.key, change.before, change.ours] for change in setup.sysctls],
        "addresses": [format_address(address) for address in setup.addresses],
    }
    return json.dumps(fields, indent=1) + "\n"


def decode(text: str) -> Setup:
    """The inverse of encode; ValueError when the text is something else."""
    try:
        fields: dict[str, Any] = json.loads(text)
        if fields["form"] != _FORM:
            raise ValueError(f"form {fields['form']}")
        return Setup(
            {_address(vip): Method(method) for vip, method in fields["vips"].items()},
            tuple(fields["interfaces"]),
            tuple(TunnelType(each) for each in fields["types"]),
            int(fields["gue_port"]),
            tuple(SysctlChange(str(key), str(before), str(ours)) for key, before, ours in fields["sysctls"]),
            tuple(_address(each) for each in fields["addresses"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a real server's file: {error}") from None


def _address(text: str) -> bytes:
    packed = parse_address(text)
    if packed is None:
        raise ValueError(f"{text} is no address")
    return packed
