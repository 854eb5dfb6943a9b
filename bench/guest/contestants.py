# SPDX-License-Identifier: Apache-2.0
"""What the director is in turn: nothing but a device, a router, the kernel's IPVS, xlvs at tc, xlvs at XDP."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.guest.flows import BALANCED, PLAIN, ROUTED, Flow
from bench.netns import topology as net
from xlvs.linux import bpffs, namespace, tc_attach
from xlvs.linux.bpf_link import XDP_NATIVE, Link
from xlvs.linux.interface import interface

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from xlvs.linux.bpf_object import Object

IPVSADM = "/usr/sbin/ipvsadm"
GENERATOR, GENERATOR_TC, BARE_TC, BARE_XDP = "source alone", "source, frame built", "sent on by tc", "sent on by XDP"
ROUTER, IPVS, TC, XDP = "plain routing", "IPVS", "xlvs tc", "xlvs XDP"
_OWN = Path(sys.prefix, "bin")
_DEVICES = net.DEVICES[net.DIRECTOR]


@dataclass(frozen=True)
class Contestant:
    """One of them: how it starts in the director's namespace, and the flows that it is given."""

    name: str
    begin: Callable[[ExitStack, Object], None]
    flows: Sequence[Flow]


def _rules() -> str:
    return "".join(f"{line}\n" for flow in BALANCED for line in flow.rules())


def _in_director(command: Sequence[str], text: str = "") -> None:
    subprocess.run(
        ["ip", "netns", "exec", net.DIRECTOR, *command], input=text, text=True, check=True, capture_output=True
    )


@contextmanager
def xdp_attached(where: str, device: str, program_fd: int) -> Iterator[None]:
    """An XDP program on a device of a namespace for a while."""
    with namespace.entered(where):
        link = Link.xdp(program_fd, interface(device).ifindex, XDP_NATIVE)
    with link:
        yield


def _by_xdp(program: str) -> Callable[[ExitStack, Object], None]:
    def begin(stack: ExitStack, programs: Object) -> None:
        stack.enter_context(xdp_attached(net.DIRECTOR, "d0", programs.program(program).fd))

    return begin


def _by_tc(program: str) -> Callable[[ExitStack, Object], None]:
    def begin(_stack: ExitStack, programs: Object) -> None:
        with namespace.entered(net.DIRECTOR):
            pin = f"{bpffs.director(namespace.cookie())}/bench"
            tc_attach.attach(programs.program(program).fd, interface("d0").ifindex, pin)

    return begin


def _router(_stack: ExitStack, _programs: Object) -> None:
    """The director forwards anyway."""


def _ipvs(_stack: ExitStack, _programs: Object) -> None:
    _in_director([IPVSADM, "-R"], _rules())


def _xlvs(mode: str) -> Callable[[ExitStack, Object], None]:
    def begin(_stack: ExitStack, _programs: Object) -> None:
        _in_director([str(_OWN / "xlvs"), "attach", "--mode", mode, *_DEVICES])
        _in_director([str(_OWN / "ipvsadm"), "-R"], _rules())

    return begin


def contestants() -> list[Contestant]:
    """All of them, in the order of their turns."""
    return [
        Contestant(GENERATOR, _by_xdp("sink"), PLAIN),
        Contestant(GENERATOR_TC, _by_tc("drop"), PLAIN),
        Contestant(BARE_XDP, _by_xdp("onward_xdp"), PLAIN),
        Contestant(BARE_TC, _by_tc("onward_tc"), PLAIN),
        Contestant(ROUTER, _router, ROUTED),
        Contestant(IPVS, _ipvs, BALANCED),
        Contestant(TC, _xlvs("tc"), BALANCED),
        Contestant(XDP, _xlvs("xdp"), BALANCED),
    ]
