# SPDX-License-Identifier: Apache-2.0
"""Keywords: vrrp_instance and its authentication."""

from __future__ import annotations

from xlvs.config.schema.keyword import C, E, Keyword, R, Repeat
from xlvs.config.schema.lines import ADDRESS_LINE, PEER_LINE, ROUTE_LINE, RULE_LINE, TRACK_LINE
from xlvs.config.schema.special import EXTRA_INTERFACES, HMAC_KEY, IPVLAN, VMAC
from xlvs.config.values import IP, Bool, Choice, Flag, Maybe, Number, OneOf, ScriptValue, Seconds, Text

VRRP_INSTANCE = (
    Keyword(
        "state",
        E,
        "the state to start in; counts only with priority 255",
        Choice(("MASTER", "BACKUP")),
        default="[BACKUP (MASTER if prio 255)]",
        repeat=Repeat.FIRST,
    ),
    Keyword(
        "interface",
        E,
        "where adverts go",
        Text("INTERFACE"),
        default="[required unless unicast; else default_interface]",
    ),
    Keyword("virtual_router_id", E, "VRID", Number(1, 255), spellings=("virtualRouterID",)),
    Keyword("priority", E, "election value; 255 = owner", Number(1, 255), default="100"),
    Keyword(
        "advert_int",
        E,
        "v2: rounded to whole seconds 1..255; v3: multiple of 10 ms, ≤ 40.95",
        Seconds("0.01", "255"),
        default="1",
    ),
    Keyword(
        "virtual_ipaddress",
        E,
        "VIPs, advertised; one family; first IPv6 should be link-local",
        lines=ADDRESS_LINE,
        repeat=Repeat.ALL,
    ),
    Keyword(
        "virtual_ipaddress_excluded", C, "VIPs not in the advert; any family", lines=ADDRESS_LINE, repeat=Repeat.ALL
    ),
    Keyword("no_virtual_ipaddress", R, "having no VIP is intended", Flag(), since="2.4"),
    Keyword("virtual_routes", C, "routes moved with the state", lines=ROUTE_LINE, repeat=Repeat.ALL),
    Keyword("virtual_rules", R, "rules moved with the state", lines=RULE_LINE, repeat=Repeat.ALL),
    Keyword("promote_secondaries", R, "set that sysctl on the interface", Flag()),
    Keyword("authentication", E, "v2 only", block="authentication"),
    Keyword(
        "auth_hmac",
        R,
        "HMAC-SHA256 trailer, excludes authentication",
        block="auth_hmac",
        since="2.4",
        without_effect="advertisements are sent and accepted without HMAC",
    ),
    Keyword("nopreempt", E, "higher priority does not take over; ignored with state MASTER", Flag()),
    Keyword("preempt", R, "backwards compatibility", Flag()),
    Keyword("preempt_delay", C, "extra wait before preempting", Seconds("0", "1000"), default="0"),
    Keyword("track_script", E, "scripts; no weight → FAULT", lines=TRACK_LINE, repeat=Repeat.ALL),
    Keyword("track_interface", C, "interfaces", lines=TRACK_LINE, repeat=Repeat.ALL),
    Keyword("track_process", C, "processes", lines=TRACK_LINE, repeat=Repeat.ALL),
    Keyword("track_file", C, "files", lines=TRACK_LINE, repeat=Repeat.ALL),
    Keyword("track_bfd", R, "BFD sessions", lines=TRACK_LINE, repeat=Repeat.ALL),
    Keyword("dont_track_primary", C, "interface down ≠ FAULT", Flag()),
    Keyword("track_src_ip", R, "FAULT if the source address vanishes", Flag()),
    Keyword("unicast_peer", E, "peers; min/max_ttl turns check_unicast_src on", lines=PEER_LINE, repeat=Repeat.ALL),
    Keyword(
        "unicast_src_ip", E, "source of adverts (same variable as mcast_src_ip)", IP(), default="[primary address]"
    ),
    Keyword("mcast_src_ip", C, "source address of adverts, as unicast_src_ip", IP(), means="unicast_src_ip"),
    Keyword("mcast_dst_ip", R, "other group for this instance", IP(multicast=True), default="[global group]"),
    Keyword("unicast_ttl", R, "TTL of unicast adverts; error if no peers", Number(0, 255), default="255"),
    Keyword("unicast_fault_no_peer", R, "FAULT instead of silently multicasting when no peer is listed", Flag()),
    Keyword("check_unicast_src", R, "unicast adverts must come from a listed peer", Flag()),
    Keyword(
        "old_unicast_checksum",
        R,
        "pre-1.3.6 v3 unicast checksum compatibility",
        Maybe(Choice(("never",)), "auto"),
        default="[auto]",
        without_effect="the checksum of nodes older than 1.3.6 is not sent",
    ),
    Keyword("v3_checksum_as_v2", R, "IPv4 v3 checksum without pseudo-header", Bool(), default="[global]", since="2.4"),
    Keyword("version", C, "VRRP version of this instance; IPv6 always 3", OneOf((2, 3)), default="[vrrp_version]"),
    Keyword("native_ipv6", R, "deprecated: the family follows the addresses", Flag()),
    Keyword("use_vmac", C, "macvlan with 00:00:5e:00:01:VRID (02 for IPv6); 5-octet MAC → VRID appended", VMAC),
    Keyword("use_vmac_addr", R, "VMACs for VIPs on other interfaces", Flag()),
    Keyword("vmac_xmit_base", C, "adverts on the base interface (required with unicast + VMAC)", Flag()),
    Keyword("use_ipvlan", R, "ipvlan L2 instead", IPVLAN, without_effect="addresses stay on the interface itself"),
    Keyword("vrf", R, "VRF when unicast without interface", Text("INTERFACE")),
    Keyword("accept", R, "accept packets to VIPs", Flag()),
    Keyword("no_accept", R, "drop packets to VIPs by nftables unless prio 255", Flag()),
    Keyword("strict_mode", R, "per-instance strict", Bool(), default="[vrrp_strict]"),
    Keyword("skip_check_adv_addr", R, "see global vrrp_skip_check_adv_addr", Bool(), default="[global]"),
    Keyword(
        "garp_master_delay",
        C,
        "delay before the second GARP set, 0 = none",
        Number(0, 2**32 - 2, "s"),
        default="[global (5)]",
    ),
    Keyword("garp_master_repeat", C, "GARPs per set after becoming MASTER", Number(), default="[global (5)]"),
    Keyword("garp_master_refresh", C, "periodic GARP refresh while MASTER", Number(unit="s"), default="[global (0)]"),
    Keyword("garp_master_refresh_repeat", C, "GARPs per refresh", Number(), default="[global (1)]"),
    Keyword(
        "garp_lower_prio_delay",
        R,
        "delay of the second set after a lower-priority advert",
        Number(0, 2**32 - 2, "s"),
        default="[global]",
    ),
    Keyword(
        "garp_lower_prio_repeat", R, "GARPs after a lower-priority advert", Number(0, 2**32 - 2), default="[global]"
    ),
    Keyword(
        "garp_extra_if",
        R,
        "periodic GARP/NA on other VIP interfaces (VMACs only, or all)",
        EXTRA_INTERFACES,
        default="[global]",
        goes_on=True,
    ),
    Keyword(
        "vmac_garp_intvl",
        R,
        "deprecated name",
        EXTRA_INTERFACES,
        means="garp_extra_if",
        outdated="write garp_extra_if",
        goes_on=True,
    ),
    Keyword("down_timer_adverts", R, "must be equal on all nodes", Number(1, 100), default="[global (3)]"),
    Keyword("lower_prio_no_advert", R, "do not answer a lower-priority advert", Bool(), default="[global]"),
    Keyword(
        "higher_prio_send_advert", R, "send one advert before yielding to a higher priority", Bool(), default="[global]"
    ),
    Keyword(
        "owner_ignore_adverts", R, "priority-255 node ignores received adverts", Bool(), default="[global]", since="2.4"
    ),
    Keyword(
        "timer_expired_backup",
        R,
        "with nopreempt: go BACKUP if we overslept long enough for another to take over",
        Maybe(Number(1, 254), 254),
        default="[off (254)]",
        since="2.4",
    ),
    Keyword(
        "thread_timer_expired",
        R,
        "synonym of the above",
        Maybe(Number(1, 254), 254),
        since="2.4",
        means="timer_expired_backup",
    ),
    Keyword("notify_master", E, "run on entering MASTER", ScriptValue(), command=True),
    Keyword("notify_backup", E, "run on entering BACKUP", ScriptValue(), command=True),
    Keyword("notify_fault", E, "run on entering FAULT", ScriptValue(), command=True),
    Keyword("notify_stop", C, "synchronous, 1 s limit", ScriptValue(), command=True),
    Keyword(
        "notify_deleted", R, "on removal by reload", Maybe(ScriptValue()), default="[off → FAULT is sent]", command=True
    ),
    Keyword(
        "notify",
        E,
        "run on any change of state, with INSTANCE|GROUP, name, state and priority appended",
        ScriptValue(),
        command=True,
    ),
    Keyword("notify_master_rx_lower_pri", R, "MASTER saw a lower-priority advert", ScriptValue(), command=True),
    Keyword("notify_priority_changes", R, "FIFO lines on priority change", Bool(), default="[global]"),
    Keyword("smtp_alert", C, "mail on change", Bool(), default="[global, else false]"),
    Keyword(
        "lvs_sync_daemon_interface",
        R,
        "deprecated (use global lvs_sync_daemon); still works but counts as a config error",
        Text("INTERFACE"),
    ),
    Keyword(
        "linkbeat_use_polling",
        R,
        "poll the state of the link",
        Flag(),
        without_effect="the kernel reports changes of links; interfaces are not polled",
        deprecated="use the block linkbeat_interfaces",
    ),
    Keyword(
        "kernel_rx_buf_size",
        R,
        "size of the socket buffer",
        Number(),
        default="[policy]",
        without_effect="the sizes of the sockets' buffers are chosen by xlvs",
        goes_on=True,
    ),
    Keyword(
        "debug",
        R,
        "level of debugging",
        Number(0, 4),
        default="0",
        without_effect="has no meaning in the original either",
    ),
)

AUTHENTICATION = (
    Keyword("auth_type", E, "PASS = clear text; AH = IPsec AH header", Choice(("PASS", "AH"))),
    Keyword(
        "auth_pass", E, "first 8 characters used; longer → truncated and counts as a config error (rc 5)", Text("TEXT")
    ),
)

AUTH_HMAC = (
    Keyword(
        "key",
        R,
        "a key; several are allowed, for a rotation",
        HMAC_KEY,
        since="2.4",
        repeat=Repeat.ALL,
        without_effect="advertisements are sent and accepted without HMAC",
    ),
    Keyword(
        "active_key",
        R,
        "key used for sending",
        Number(1, 255),
        since="2.4",
        without_effect="advertisements are sent and accepted without HMAC",
    ),
    Keyword(
        "anti_replay",
        R,
        "HEAD",
        Choice(("time", "monotonic")),
        default="time",
        without_effect="advertisements are sent and accepted without HMAC",
    ),
    Keyword(
        "time_window",
        R,
        "HEAD",
        Number(1, 300, "s"),
        default="[max(3×advert_int, 5)]",
        without_effect="advertisements are sent and accepted without HMAC",
    ),
    Keyword(
        "mode",
        R,
        "roll-out order receive-only → permissive → enforce",
        Choice(("enforce", "permissive", "receive-only")),
        default="enforce",
        since="2.4",
        without_effect="advertisements are sent and accepted without HMAC",
    ),
)
