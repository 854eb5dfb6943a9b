# SPDX-License-Identifier: Apache-2.0
"""keepalived_bfd.data: the sessions in the original's layout, without its internal pointers."""

from __future__ import annotations

import os
import time
from ipaddress import ip_address
from typing import TYPE_CHECKING

from xlvs.bfd.packet import diagnostic_text
from xlvs.keepalived.dumps import dump_global
from xlvs.keepalived.dumps.dump import file_name, write_file

if TYPE_CHECKING:
    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.keepalived.daemon.log import Log
    from xlvs.keepalived.sessions.bfd_process import BfdProcess, RunningSession


def write(process: BfdProcess, config: KeepalivedConfig, log: Log) -> None:
    """All sessions, in the file that SIGUSR1 asks for."""
    log.write(f"Printing BFD data for process({os.getpid()}) on signal")
    lines = [*dump_global.lines(config), "------< BFD Data >------", "------< BFD Topology >------"]
    for each in process.running.values():
        lines += data(each)
    try:
        write_file(file_name(config, "keepalived_bfd.data"), "\n".join(lines) + "\n")
    except OSError as error:
        log.write(f"Can't open dump file {error.filename} ({error.errno}: {error.strerror})")


def data(running: RunningSession) -> list[str]:
    """Lines about one session."""
    session, plan = running.session, running.plan
    settings, neighbor = session.settings, session.neighbor
    heard = bool(session.detection_us)
    source = [f"   Source IP = {ip_address(settings.source)}"] if settings.source else []
    return [
        f" BFD Instance = {running.name}",
        f"   Neighbor IP = {ip_address(settings.neighbor)}",
        *source,
        f"   Required min RX interval = {settings.min_rx_us} us",
        f"   Desired min TX interval = {settings.min_tx_us} us",
        f"   Desired idle TX interval = {settings.idle_tx_us} us",
        f"   Detection multiplier = {settings.multiplier}",
        f"   {'TTL' if len(settings.neighbor) == 4 else 'hoplimit'} = {settings.ttl}",
        f"   max_hops = {plan.max_hops}",
        f"   passive = {'true' if settings.passive else 'false'}",
        f"   send event to VRRP process = {_yes(plan.tells_routers)}",
        f"   send event to checker process = {_yes(plan.tells_checks)}",
        f"   send error = {'true' if running.send_error else 'false'}",
        f"   local state = {session.state.text}",
        f"   remote state = {neighbor.state.text}",
        f"   local discriminator = 0x{session.discriminator:x}",
        f"   remote discriminator = 0x{neighbor.discriminator:x}",
        f"   local diag = {diagnostic_text(session.diagnostic)}",
        f"   remote diag = {diagnostic_text(neighbor.diagnostic)}",
        f"   remote min tx intv = {neighbor.desired_min_tx_us} us",
        f"   remote min rx intv = {neighbor.required_min_rx_us if heard else 0} us",
        "   local demand = 0",
        f"   remote demand = {int(neighbor.demand)}",
        f"   remote detect multiplier = {neighbor.multiplier}",
        f"   {'' if session.polling else '!'}poll, !final",
        f"   local tx intv = {session.tx_interval_us} us",
        f"   remote tx intv = {session.neighbor_tx_interval_us if heard else 0} us",
        f"   local detection time = {session.detection_us} us",
        f"   remote detection time = {settings.multiplier * session.tx_interval_us if heard else 0} us",
        f"   last seen = {_time(running.heard_at)}" if running.heard_at else "   last_seen = [never]",
    ]


def _yes(value: bool) -> str:  # noqa: FBT001 - a word for a value
    return "Yes" if value else "No"


def _time(at: float) -> str:
    """Seconds, and the same for people."""
    return f"{at:.6f} ({time.ctime(at)}.{int(at % 1 * 1e6):06d})"
