# SPDX-License-Identifier: Apache-2.0
"""Ending connections: TCP is reset at both ends, datagrams find another destination.

The director keeps no sequence numbers, and a reset without the right one is ignored (RFC 5961 3.2). So both ends are
made to send a segment now, and the packet path makes the resets of that (bpf/ipvs/reset_skb.h); an end that does not
hear us is reset by the next segment that it sends.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from xlvs.ipvs import running
from xlvs.ipvs.selection import Act, Chosen, Selection
from xlvs.linux.tcp_probe import Prober
from xlvs.model.destination import ForwardingMethod

if TYPE_CHECKING:
    from xlvs.ipvs.store import Store
    from xlvs.model.connection_filter import ConnectionFilter


def end(store: Store, wanted: ConnectionFilter, *, silent: bool = False) -> Chosen:
    """End the connections that fit a filter; how many. `silent`: nobody is told."""
    since = running.now(store.directory)
    with Selection(store, wanted) as selection:
        chosen = selection.end(Act.DISCARD if silent else Act.RESET)
        if chosen.tcp and not silent:
            _tell_at_once(selection, since)
    return chosen


def _tell_at_once(selection: Selection, since: int) -> None:
    with suppress(OSError), Prober() as prober:  # without raw sockets the next segment has to do
        for each in selection.ended(since):
            prober.ask(each.virtual, each.virtual_port, each.client, each.client_port)
            if each.method is ForwardingMethod.MASQUERADE:  # others do not answer over the director
                prober.ask(each.client, each.client_port, each.server, each.server_port)
