# SPDX-License-Identifier: Apache-2.0
"""What the BFD process knows at this moment, for `xlvs keepalived status`."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from xlvs.bfd.packet import diagnostic_text

if TYPE_CHECKING:
    from xlvs.keepalived.sessions.bfd_process import BfdProcess, RunningSession


def state(process: BfdProcess) -> dict[str, object]:
    """As JSON has it: times in seconds since 1970, intervals in milliseconds, null for never."""
    return {"sessions": [_session(each) for each in process.running.values()]}


def _session(running: RunningSession) -> dict[str, object]:
    session = running.session
    return {
        "name": running.name,
        "neighbor": str(ip_address(session.settings.neighbor)),
        "up": session.up,
        "state": session.state.text,
        "since": running.changed_at,
        "diagnostic": diagnostic_text(session.diagnostic),
        "remote_diagnostic": diagnostic_text(session.neighbor.diagnostic),
        "last_heard": running.heard_at,
        "interval_ms": session.tx_interval_us / 1000,
        "detection_ms": session.detection_us / 1000,
    }
