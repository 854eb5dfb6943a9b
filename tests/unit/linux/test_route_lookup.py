# SPDX-License-Identifier: Apache-2.0
"""Routes of single packets, from the kernel's own answers: this host always has one to itself."""

from __future__ import annotations

import pytest

from xlvs.linux.route_lookup import Flow, Found, _parse, find

_LOOPBACK, _LOOPBACK6 = bytes((127, 0, 0, 1)), bytes(15) + b"\x01"


@pytest.mark.parametrize(
    "flow",
    [
        Flow(_LOOPBACK, _LOOPBACK, 6, 1000, 80),
        Flow(b"", _LOOPBACK),
        Flow(b"", _LOOPBACK6, 17, 1, 53),
        Flow(_LOOPBACK, _LOOPBACK, 132, 1000, 80),
        Flow(_LOOPBACK6, _LOOPBACK6, 132, 1000, 80),
    ],
)
def test_what_is_for_this_host_ends_here(flow: Flow) -> None:
    """With and without source and ports; with a protocol of which the kernel takes none."""
    assert find(flow).local


def test_a_route_has_an_interface_and_a_gateway() -> None:
    """As RTM_NEWROUTE says it: header, RTA_OIF, RTA_GATEWAY."""
    header = bytes((2, 32, 0, 0, 254, 0, 0, 1)) + bytes(4)
    interface, gateway = b"\x08\0\x04\0" + b"\x03\0\0\0", b"\x08\0\x05\0" + bytes((10, 0, 0, 1))
    assert _parse(header + interface + gateway) == Found(ifindex=3, gateway=bytes((10, 0, 0, 1)))


@pytest.mark.parametrize(("kind", "said"), [(6, "blackhole"), (7, "unreachable"), (8, "prohibit")])
def test_a_route_that_refuses_says_why(kind: int, said: str) -> None:
    """By its type."""
    assert said in _parse(bytes((2, 32, 0, 0, 254, 0, 0, kind)) + bytes(4)).refusal
