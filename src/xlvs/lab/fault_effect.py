# SPDX-License-Identifier: Apache-2.0
"""Faults that need no look at packets: a port that is down, a web server that is gone, a node that stands still.

All can be undone from outside, should the process that holds the fault have been killed.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from xlvs.lab import build, inside, lab, plan
from xlvs.lab.errors import LabError
from xlvs.lab.fault_link import detach_filter
from xlvs.lab.fault_note import FROZEN, LINK, STOPPED, UNPLUGGED
from xlvs.linux import device, namespace
from xlvs.linux.interface import interface
from xlvs.linux.netlink import Route
from xlvs.model.errors import KernelError

if TYPE_CHECKING:
    from xlvs.lab.fault_note import Fault

HOLDER: Final = "xlvs.lab.fault_holder"
"""The module that runs as the process that holds a fault."""


def begin(fault: Fault) -> None:
    """Bring it about. Raises LabError, KernelError."""
    within = plan.namespace(fault.lab, fault.place)
    if fault.kind == UNPLUGGED:
        _set_port(fault, up=False)
    elif fault.kind == STOPPED:
        build.stop_servers(lab.find(fault.lab), fault.place)
    elif fault.kind == FROZEN and not signal_all(within, signal.SIGSTOP):
        raise LabError(f"nothing runs on {fault.place}")


def undo(fault: Fault) -> None:
    """As it was before; what is so already is fine."""
    within = plan.namespace(fault.lab, fault.place)
    if fault.kind == UNPLUGGED:
        with suppress(KernelError):
            _set_port(fault, up=True)
    elif fault.kind == STOPPED:
        with suppress(LabError, OSError):
            build.start_servers(lab.find(fault.lab), fault.place)
    elif fault.kind == FROZEN:
        signal_all(within, signal.SIGCONT)
    elif fault.kind == LINK:
        with suppress(KernelError), namespace.entered(within):
            for point in fault.points:
                detach_filter(fault, point)


def signal_all(within: str, number: signal.Signals) -> int:
    """Signal every process of a namespace but those that hold faults; how many there were."""
    pids = [pid for pid in inside.processes_in([within]) if not inside.runs_module(pid, HOLDER)]
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    return len(pids)


def _set_port(fault: Fault, *, up: bool) -> None:
    with namespace.entered(plan.namespace(fault.lab, fault.place)), Route() as route:
        change = device.set_up if up else device.set_down
        change(route, interface(fault.port).ifindex)
