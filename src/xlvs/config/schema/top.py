# SPDX-License-Identifier: Apache-2.0
"""Keywords: Top level."""

from __future__ import annotations

from xlvs.config.schema.keyword import C, E, Keyword, R, Repeat
from xlvs.config.schema.lines import ADDRESS_LINE, DELAYS_LINE, GROUP_LINE, LINKBEAT_LINE, ROUTE_LINE, RULE_LINE
from xlvs.config.values import Flag, Maybe, Number, Text

TOP = (
    Keyword("global_defs", E, "global daemon settings", block="global_defs"),
    Keyword("vrrp_instance", E, "one virtual router", block="vrrp_instance", repeat=Repeat.ALL),
    Keyword("vrrp_sync_group", E, "instances that change state together", block="vrrp_sync_group", repeat=Repeat.ALL),
    Keyword("vrrp_script", E, "periodic tracking script", block="vrrp_script", repeat=Repeat.ALL),
    Keyword("virtual_server", E, "one LVS virtual service", block="virtual_server", repeat=Repeat.ALL),
    Keyword(
        "virtual_server_group",
        C,
        "list of addresses/ranges/fwmarks sharing one RS set",
        lines=GROUP_LINE,
        repeat=Repeat.ALL,
    ),
    Keyword(
        "vrrp_track_process",
        C,
        "track whether processes run (proc connector)",
        block="vrrp_track_process",
        repeat=Repeat.ALL,
    ),
    Keyword("track_file", C, "track a number in a file", block="track_file", repeat=Repeat.ALL),
    Keyword(
        "vrrp_track_file",
        R,
        "deprecated synonym of track_file",
        block="track_file",
        means="track_file",
        outdated="write track_file",
        repeat=Repeat.ALL,
    ),
    Keyword("bfd_instance", R, "RFC 5880 BFD session", block="bfd_instance", repeat=Repeat.ALL),
    Keyword(
        "static_ipaddress",
        C,
        "addresses kept for the life of the daemon, not moved by VRRP",
        lines=ADDRESS_LINE,
        repeat=Repeat.ALL,
    ),
    Keyword("static_routes", C, "same for routes", lines=ROUTE_LINE, repeat=Repeat.ALL),
    Keyword("static_rules", C, "same for policy rules", lines=RULE_LINE, repeat=Repeat.ALL),
    Keyword(
        "track_group", R, "instances that go to FAULT if a static item is lost", block="track_group", repeat=Repeat.ALL
    ),
    Keyword(
        "garp_group",
        R,
        "rate limit of GARP / unsolicited NA per interface (set)",
        block="garp_group",
        repeat=Repeat.ALL,
    ),
    Keyword(
        "linkbeat_interfaces",
        R,
        "interfaces whose link is polled",
        lines=LINKBEAT_LINE,
        repeat=Repeat.ALL,
        without_effect="the kernel reports changes of links; interfaces are not polled",
    ),
    Keyword(
        "interface_up_down_delays",
        R,
        "how long an interface has to be down or up until it counts",
        lines=DELAYS_LINE,
        repeat=Repeat.ALL,
    ),
    Keyword("SSL", R, "client certificate material for SSL_GET", block="SSL"),
    Keyword(
        "linkbeat_use_polling",
        R,
        "poll the state of the link",
        Flag(),
        without_effect="the kernel reports changes of links; interfaces are not polled",
    ),
    Keyword(
        "net_namespace",
        C,
        "run in that network namespace; pid files under /run/keepalived; not changeable at reload",
        Text("NAME"),
        goes_on=True,
    ),
    Keyword(
        "net_namespace_ipvs",
        R,
        "put the IPVS configuration in another namespace (no NAME = default namespace)",
        Maybe(Text("NAME"), ""),
        default="[same namespace]",
    ),
    Keyword(
        "namespace_with_ipsets",
        R,
        "allow ipsets in a namespace on kernels < 3.13",
        Flag(),
        without_effect="the rules are those of nftables, which has sets of its own",
    ),
    Keyword(
        "use_pid_dir",
        R,
        "pid files in /run/keepalived",
        Flag(),
    ),
    Keyword(
        "instance",
        R,
        "instance name in pid-file and dump names; not changeable at reload",
        Text("NAME"),
        goes_on=True,
        repeat=Repeat.FIRST,
    ),
    Keyword("child_wait_time", R, "how long the parent waits for children at exit", Number(unit="s"), default="5"),
)
