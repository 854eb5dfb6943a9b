# SPDX-License-Identifier: Apache-2.0
"""Which interfaces the packet path goes onto, and that the host is as before when it is taken off."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.netns.topology import VIP, Net
from xlvs.linux import bpffs

if TYPE_CHECKING:
    from collections.abc import Sequence


def attached(net: Net) -> set[str]:
    """The director's interfaces that carry the packet path."""
    status = json.loads(net.run("director", ["xlvs", "status", "--json"]).stdout)
    return {each["name"] for each in status["interfaces"] if each["tc"] or each["xdp"]}


def traces(net: Net) -> list[str]:
    """Everything that attaching may leave behind: qdiscs, filters, programs on links, pins of the director."""
    shown = [net.must("director", "tc", "qdisc", "show"), net.must("director", "ip", "-details", "link", "show")]
    for interface in ("ens37", "ens33"):
        shown += [net.must("director", "tc", "filter", "show", "dev", interface, way) for way in ("ingress", "egress")]
    with net.lab.entered("director"):
        from xlvs.linux.namespace import cookie

        shown.append(str(cookie() in bpffs.directors()))
    return shown


def test_the_first_service_attaches_every_suitable_interface(net: Net) -> None:
    """Not the loopback, and not a port of a bridge."""
    net.must("director", "ip", "link", "add", "bridge0", "type", "bridge")
    net.must("director", "ip", "link", "add", "port0", "type", "veth", "peer", "name", "port1")
    net.must("director", "ip", "link", "set", "port0", "master", "bridge0")

    net.ipvsadm(f"-A -t {VIP}:80 -s rr")

    assert attached(net) == {"ens37", "ens33", "bridge0", "port1"}


def test_only_the_named_interface_is_attached_and_stays_the_only_one(net: Net) -> None:
    """A choice holds for services that are added later."""
    net.must("director", "xlvs", "attach", "ens37")
    net.ipvsadm(f"-A -t {VIP}:80 -s rr")

    assert attached(net) == {"ens37"}


@pytest.mark.parametrize(
    "attach",
    [["--mode", "tc"], ["--mode", "xdp-generic"], ["--mode", "xdp", "ens37", "ens33"]],
    ids=lambda each: each[1],
)
def test_detaching_leaves_the_host_as_it_was(net: Net, attach: Sequence[str]) -> None:
    """Queueing disciplines, links and the file system of pins look as before the director."""
    before = traces(net)
    net.must("director", "xlvs", "attach", *attach)
    net.ipvsadm(f"-A -t {VIP}:80 -s rr")
    assert traces(net) != before

    net.must("director", "xlvs", "detach", "--yes")

    assert traces(net) == before
