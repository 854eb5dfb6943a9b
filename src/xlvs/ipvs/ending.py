# SPDX-License-Identifier: Apache-2.0
"""Ending connections: TCP is reset at both ends, datagrams find another destination.

The director keeps no sequence numbers, and a reset without the right one is ignored (RFC 5961 3.2). So both ends are
made to send a segment now, and the packet path makes the resets of that (bpf/ipvs/reset_skb.h); an end that does not
hear us is reset by the next segment that it sends.
"""

from __future__ import annotations

from contextlib import suppress
from operator import add
from typing import TYPE_CHECKING

from xlvs.ipvs import running
from xlvs.ipvs.selection import Act, Chosen, Selection
from xlvs.linux.tcp_probe import Prober
from xlvs.model.connection_filter import ConnectionFilter
from xlvs.model.policy import Fate
from xlvs.model.service import Protocol

if TYPE_CHECKING:
    from xlvs.ipvs.store import Store


def end(store: Store, wanted: ConnectionFilter, *, silent: bool = False) -> Chosen:
    """End the connections that fit a filter; how many. `silent`: nobody is told."""
    since = running.now(store.directory)
    with Selection(store, wanted) as selection:
        chosen = selection.end(Act.DISCARD if silent else Act.RESET)
        if chosen.tcp and not silent:
            _tell_at_once(selection, since)
    return chosen


def end_of_destination(store: Store, number: int, fate: Fate) -> Chosen:
    """A destination goes: end its connections as its service wants (MOVE, RESET), and let no client stick to it."""
    wanted = ConnectionFilter(protocol=Protocol.UDP if fate is Fate.MOVE else None)
    since = running.now(store.directory)
    forget_templates(store, number)
    with Selection(store, wanted, dest=number) as selection:
        first = selection.end(Act.RESET)
        # A packet that was being scheduled has its connection by now.
        last = selection.end(Act.RESET)
        if first.tcp or last.tcp:
            _tell_at_once(selection, since)
    return Chosen(*map(add, first, last))


def forget_templates(store: Store, number: int) -> Chosen:
    """No client sticks to a destination any more; its connections go on."""
    with Selection(store, ConnectionFilter(templates=True, connections=False), dest=number) as selection:
        return selection.end(Act.DISCARD)


def _tell_at_once(selection: Selection, since: int) -> None:
    with suppress(OSError), Prober() as prober:  # without raw sockets the next segment has to do
        for each in selection.ended(since):
            prober.ask(each.virtual, each.virtual_port, each.client, each.client_port)
            if each.source:
                prober.ask(*each.source, each.server, each.server_port)
