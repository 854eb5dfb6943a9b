# SPDX-License-Identifier: Apache-2.0
"""What each keyword of VRRP changes in the plan that the routers run by."""

import pytest

from tests.unit.keepalived.effects import Effect, rows, shows
from xlvs.keepalived.notices.script_plan import Command, FifoPlan
from xlvs.keepalived.routers.vrrp_plan import Tracked
from xlvs.vrrp.packet import AuthenticationType
from xlvs.vrrp.settings import Peer

A = bytes((10, 0, 0, 1))
SECOND_US = 1_000_000
RUN = Command(("/bin/x", "a"))

INSTANCE = (
    Effect(
        "vrrp_instance", "vrrp_instance X {\ninterface vA\nvirtual_router_id 9\n}", lambda it: len(it.plan.instances), 3
    ),
    Effect("vrrp_instance.state", "state MASTER", lambda it: it.router.router.wants_master, True),
    Effect("vrrp_instance.state", "state MASTER", lambda it: it.router.router.priority, 255),
    Effect("vrrp_instance.interface", "interface eth1", lambda it: it.router.interface, "eth1"),
    Effect("vrrp_instance.virtual_router_id", "virtual_router_id 7", lambda it: it.router.router.vrid, 7),
    Effect("vrrp_instance.priority", "priority 50", lambda it: it.router.router.priority, 50),
    Effect("vrrp_instance.advert_int", "advert_int 3", lambda it: it.router.router.interval_us, 3 * SECOND_US),
    Effect(
        "vrrp_instance.virtual_ipaddress",
        "virtual_ipaddress {\n10.0.0.7\n10.0.0.8\n}",
        lambda it: it.router.router.addresses,
        (bytes((10, 0, 0, 7)), bytes((10, 0, 0, 8))),
    ),
    Effect(
        "vrrp_instance.virtual_ipaddress_excluded",
        "virtual_ipaddress_excluded {\n10.0.0.7\n}",
        lambda it: [(each.address, it.router.router.addresses) for each in it.router.excluded],
        [(bytes((10, 0, 0, 7)), (A,))],
    ),
    Effect(
        "vrrp_instance.virtual_routes",
        "virtual_routes {\n192.0.2.0/24 via 10.0.0.9 dev vA\n}",
        lambda it: it.router.routes,
        (("192.0.2.0/24", "via", "10.0.0.9", "dev", "vA"),),
    ),
    Effect(
        "vrrp_instance.virtual_rules",
        "virtual_rules {\nfrom 192.0.2.0/24 table 5\n}",
        lambda it: len(it.router.rules),
        1,
    ),
    Effect("vrrp_instance.promote_secondaries", "promote_secondaries", lambda it: it.router.promote_secondaries, True),
    Effect(
        "vrrp_instance.authentication",
        "authentication {\nauth_type PASS\nauth_pass abc\n}",
        lambda it: it.router.router.password,
        b"abc",
    ),
    Effect(
        "authentication.auth_type",
        "auth_type AH",
        lambda it: it.router.router.authentication,
        AuthenticationType.AH,
        beside="auth_pass abc",
    ),
    Effect(
        "authentication.auth_pass",
        "auth_pass longer_than_it_may_be",
        lambda it: it.router.router.password,
        b"longer_t",
        beside="auth_type PASS",
    ),
    Effect("vrrp_instance.nopreempt", "nopreempt", lambda it: it.router.router.preempt, False),
    Effect(
        "vrrp_instance.preempt_delay", "preempt_delay 3", lambda it: it.router.router.preempt_delay_us, 3 * SECOND_US
    ),
    Effect("vrrp_instance.track_script", "track_script {\nS\n}", lambda it: it.router.tracks.scripts, (Tracked("S"),)),
    Effect(
        "vrrp_instance.track_interface",
        "track_interface {\neth1 weight 5\n}",
        lambda it: it.router.tracks.interfaces,
        (Tracked("eth1", 5),),
    ),
    Effect(
        "vrrp_instance.track_process",
        "track_process {\nP weight -5 reverse\n}",
        lambda it: it.router.tracks.processes,
        (Tracked("P", -5, True),),
    ),
    Effect("vrrp_instance.track_file", "track_file {\nF\n}", lambda it: it.router.tracks.files, (Tracked("F"),)),
    Effect("vrrp_instance.dont_track_primary", "dont_track_primary", lambda it: it.router.track_primary, False),
    Effect("vrrp_instance.track_src_ip", "track_src_ip", lambda it: it.router.track_source, True),
    Effect(
        "vrrp_instance.unicast_peer",
        "unicast_peer {\n10.0.0.9 min_ttl 3 max_ttl 9\n}",
        lambda it: it.router.router.unicast_peers,
        (Peer(bytes((10, 0, 0, 9)), 3, 9),),
    ),
    Effect(
        "vrrp_instance.unicast_src_ip",
        "unicast_src_ip 10.0.0.8",
        lambda it: it.router.router.source,
        bytes((10, 0, 0, 8)),
    ),
    Effect(
        "vrrp_instance.mcast_src_ip", "mcast_src_ip 10.0.0.8", lambda it: it.router.router.source, bytes((10, 0, 0, 8))
    ),
    Effect(
        "vrrp_instance.mcast_dst_ip",
        "mcast_dst_ip 224.0.0.99",
        lambda it: it.router.router.group,
        bytes((224, 0, 0, 99)),
    ),
    Effect(
        "vrrp_instance.unicast_ttl",
        "unicast_ttl 9",
        lambda it: it.router.unicast_ttl,
        9,
        beside="unicast_peer {\n10.0.0.9\n}",
    ),
    Effect(
        "vrrp_instance.check_unicast_src",
        "check_unicast_src",
        lambda it: it.router.router.check_unicast_source,
        True,
        beside="unicast_peer {\n10.0.0.9\n}",
    ),
    Effect("vrrp_instance.v3_checksum_as_v2", "v3_checksum_as_v2 on", lambda it: it.router.router.pseudo_header, False),
    Effect("vrrp_instance.version", "version 3", lambda it: it.router.router.version, 3),
    Effect("vrrp_instance.use_vmac", "use_vmac vx", lambda it: it.router.home, "vx"),
    Effect("vrrp_instance.use_vmac", "use_vmac", lambda it: it.router.home, "vrrp.1"),
    Effect("vrrp_instance.vmac_xmit_base", "vmac_xmit_base", lambda it: it.router.speaks_on, "vA", beside="use_vmac"),
    Effect("vrrp_instance.no_accept", "no_accept", lambda it: it.router.accept, False),
    Effect("vrrp_instance.accept", "accept", lambda it: it.router.accept, True, beside="strict_mode on\nversion 3"),
    Effect("vrrp_instance.strict_mode", "strict_mode on", lambda it: it.router.strict, True),
    Effect(
        "vrrp_instance.skip_check_adv_addr",
        "skip_check_adv_addr on",
        lambda it: it.router.router.skip_check_adv_addr,
        True,
    ),
    Effect(
        "vrrp_instance.garp_master_delay",
        "garp_master_delay 9",
        lambda it: it.router.router.announcements.delay_us,
        9 * SECOND_US,
    ),
    Effect(
        "vrrp_instance.garp_master_repeat", "garp_master_repeat 9", lambda it: it.router.router.announcements.repeat, 9
    ),
    Effect(
        "vrrp_instance.garp_master_refresh",
        "garp_master_refresh 9",
        lambda it: it.router.router.announcements.refresh_us,
        9 * SECOND_US,
    ),
    Effect(
        "vrrp_instance.garp_master_refresh_repeat",
        "garp_master_refresh_repeat 9",
        lambda it: it.router.router.announcements.refresh_repeat,
        9,
    ),
    Effect(
        "vrrp_instance.garp_lower_prio_delay",
        "garp_lower_prio_delay 9",
        lambda it: it.router.router.announcements.lower_priority_delay_us,
        9 * SECOND_US,
    ),
    Effect(
        "vrrp_instance.garp_lower_prio_repeat",
        "garp_lower_prio_repeat 9",
        lambda it: it.router.router.announcements.lower_priority_repeat,
        9,
    ),
    Effect(
        "vrrp_instance.down_timer_adverts", "down_timer_adverts 9", lambda it: it.router.router.down_timer_adverts, 9
    ),
    Effect(
        "vrrp_instance.lower_prio_no_advert",
        "lower_prio_no_advert on",
        lambda it: it.router.router.lower_priority_no_advert,
        True,
    ),
    Effect(
        "vrrp_instance.higher_prio_send_advert",
        "higher_prio_send_advert on",
        lambda it: it.router.router.higher_priority_send_advert,
        True,
    ),
    Effect(
        "vrrp_instance.owner_ignore_adverts", "owner_ignore_adverts on", lambda it: it.router.router.owner_ignores, True
    ),
    Effect("vrrp_instance.notify_master", "notify_master '/bin/x a'", lambda it: it.router.notify.on_master, RUN),
    Effect("vrrp_instance.notify_backup", 'notify_backup "/bin/x a"', lambda it: it.router.notify.on_backup, RUN),
    Effect("vrrp_instance.notify_fault", 'notify_fault "/bin/x a"', lambda it: it.router.notify.on_fault, RUN),
    Effect("vrrp_instance.notify_stop", 'notify_stop "/bin/x a"', lambda it: it.router.notify.on_stop, RUN),
    Effect("vrrp_instance.notify_deleted", 'notify_deleted "/bin/x a"', lambda it: it.router.notify.on_deleted, RUN),
    Effect(
        "vrrp_instance.notify",
        'notify "/bin/x a" root',
        lambda it: it.router.notify.on_any,
        Command(RUN.arguments, "root"),
    ),
    Effect(
        "vrrp_instance.notify_master_rx_lower_pri",
        'notify_master_rx_lower_pri "/bin/x a"',
        lambda it: it.router.notify.on_lower_priority,
        RUN,
    ),
    Effect(
        "vrrp_instance.notify_priority_changes",
        "notify_priority_changes on",
        lambda it: it.router.notify.priority_changes,
        True,
    ),
    Effect("vrrp_instance.smtp_alert", "smtp_alert", lambda it: it.router.notify.mail, True),
)

GROUP = (
    Effect("vrrp_sync_group", "vrrp_sync_group H {\ngroup {\nV\nW\n}\n}", lambda it: it.group.name, "H"),
    Effect("vrrp_sync_group.group", "group {\nW\n}", lambda it: it.group.members, ("W",)),
    Effect("vrrp_sync_group.notify_master", 'notify_master "/bin/x a"', lambda it: it.group.notify.on_master, RUN),
    Effect("vrrp_sync_group.notify_backup", 'notify_backup "/bin/x a"', lambda it: it.group.notify.on_backup, RUN),
    Effect("vrrp_sync_group.notify_fault", 'notify_fault "/bin/x a"', lambda it: it.group.notify.on_fault, RUN),
    Effect("vrrp_sync_group.notify_stop", 'notify_stop "/bin/x a"', lambda it: it.group.notify.on_stop, RUN),
    Effect("vrrp_sync_group.notify", 'notify "/bin/x a"', lambda it: it.group.notify.on_any, RUN),
    Effect("vrrp_sync_group.smtp_alert", "smtp_alert", lambda it: it.group.notify.mail, True),
    Effect(
        "vrrp_sync_group.track_interface",
        "track_interface {\neth1\n}",
        lambda it: it.group.tracks.interfaces,
        (Tracked("eth1"),),
    ),
    Effect("vrrp_sync_group.track_script", "track_script {\nS\n}", lambda it: it.group.tracks.scripts, (Tracked("S"),)),
    Effect("vrrp_sync_group.track_file", "track_file {\nF\n}", lambda it: it.group.tracks.files, (Tracked("F"),)),
    Effect(
        "vrrp_sync_group.track_process", "track_process {\nP\n}", lambda it: it.group.tracks.processes, (Tracked("P"),)
    ),
    Effect(
        "vrrp_sync_group.notify_priority_changes",
        "notify_priority_changes",
        lambda it: it.group.notify.priority_changes,
        True,
    ),
    Effect(
        "vrrp_sync_group.sync_group_tracking_weight",
        "sync_group_tracking_weight",
        lambda it: it.group.weighs_members,
        True,
    ),
)

TRACKED = (
    Effect(
        "vrrp_script",
        "vrrp_script Z {\nscript /bin/true\n}",
        lambda it: [each.name for each in it.plan.scripts],
        ["Z", "S"],
    ),
    Effect("vrrp_script.script", 'script "/bin/x a"', lambda it: it.plan.scripts[0].command, RUN),
    Effect("vrrp_script.interval", "interval 2.5", lambda it: it.plan.scripts[0].interval_us, 2_500_000),
    Effect("vrrp_script.timeout", "timeout 3", lambda it: it.plan.scripts[0].timeout_us, 3 * SECOND_US),
    Effect("vrrp_script.weight", "weight -9", lambda it: it.plan.scripts[0].weight, -9),
    Effect("vrrp_script.fall", "fall 9", lambda it: it.plan.scripts[0].fall, 9),
    Effect("vrrp_script.rise", "rise 9", lambda it: it.plan.scripts[0].rise, 9),
    Effect(
        "vrrp_script.user",
        "user root games",
        lambda it: it.plan.scripts[0].command,
        Command(("/bin/true",), "root", "games"),
    ),
    Effect(
        "vrrp_track_process",
        "vrrp_track_process Z {\nprocess a\n}",
        lambda it: [each.name for each in it.plan.processes],
        ["Z", "P"],
    ),
    Effect("vrrp_track_process.process", 'process a "b c"', lambda it: it.plan.processes[0].words, ("a", "b c")),
    Effect("vrrp_track_process.param_match", "param_match partial", lambda it: it.plan.processes[0].match, "partial"),
    Effect("vrrp_track_process.weight", "weight 9", lambda it: it.plan.processes[0].weight, 9),
    Effect("vrrp_track_process.quorum", "quorum 9", lambda it: it.plan.processes[0].quorum, 9),
    Effect("vrrp_track_process.quorum_max", "quorum_max 9", lambda it: it.plan.processes[0].quorum_max, 9),
    Effect(
        "vrrp_track_process.delay",
        "delay 2",
        lambda it: (it.plan.processes[0].terminate_delay_us, it.plan.processes[0].fork_delay_us),
        (2 * SECOND_US, 2 * SECOND_US),
    ),
    Effect(
        "vrrp_track_process.terminate_delay",
        "terminate_delay 3",
        lambda it: it.plan.processes[0].terminate_delay_us,
        3 * SECOND_US,
        beside="delay 2",
    ),
    Effect(
        "vrrp_track_process.fork_delay",
        "fork_delay 3",
        lambda it: it.plan.processes[0].fork_delay_us,
        3 * SECOND_US,
        beside="delay 2",
    ),
    Effect("vrrp_track_process.full_command", "full_command", lambda it: it.plan.processes[0].whole_command, True),
    Effect("track_file", "track_file Z {\nfile /x\n}", lambda it: [each.name for each in it.plan.files], ["Z", "F"]),
    Effect(
        "vrrp_track_file",
        "vrrp_track_file Z {\nfile /x\n}",
        lambda it: [each.name for each in it.plan.files],
        ["Z", "F"],
    ),
    Effect("track_file.file", "file /x", lambda it: it.plan.files[0].path, "/x"),
    Effect(
        "track_file.weight",
        "weight 9 reverse",
        lambda it: (it.plan.files[0].weight, it.plan.files[0].reverse),
        (9, True),
    ),
    Effect("track_file.init_file", "init_file 4 overwrite", lambda it: it.plan.files[0].initial, 4),
)

EVERYWHERE = (
    Effect("global_defs", "global_defs {\nrouter_id R\n}", lambda it: it.plan.settings.router_id, "R"),
    Effect("global_defs.router_id", "router_id R", lambda it: it.plan.settings.router_id, "R"),
    Effect(
        "global_defs.enable_script_security",
        "enable_script_security",
        lambda it: it.plan.settings.scripts.secure,
        True,
    ),
    Effect(
        "global_defs.script_user",
        "script_user root games",
        lambda it: (it.plan.settings.scripts.user, it.plan.settings.scripts.group),
        ("root", "games"),
    ),
    Effect("global_defs.vrrp_version", "vrrp_version 3", lambda it: it.router.router.version, 3),
    Effect("global_defs.vrrp_strict", "vrrp_strict", lambda it: (it.router.strict, it.router.accept), (True, False)),
    Effect(
        "global_defs.vrrp_skip_check_adv_addr",
        "vrrp_skip_check_adv_addr",
        lambda it: it.router.router.skip_check_adv_addr,
        True,
    ),
    Effect(
        "global_defs.vrrp_check_unicast_src",
        "vrrp_check_unicast_src",
        lambda it: it.router.router.check_unicast_source,
        True,
    ),
    Effect(
        "global_defs.vrrp_mcast_group4",
        "vrrp_mcast_group4 224.0.0.99",
        lambda it: it.router.router.group,
        bytes((224, 0, 0, 99)),
    ),
    Effect(
        "global_defs.vrrp_mcast_group6",
        "vrrp_mcast_group6 ff02::99\n}\nvrrp_instance X {\ninterface vA\nvirtual_router_id 9\n"
        "virtual_ipaddress {\nfe80::9\n}",
        lambda it: it.router.router.group[-1],
        0x99,
    ),
    Effect("global_defs.v3_checksum_as_v2", "v3_checksum_as_v2", lambda it: it.router.router.pseudo_header, False),
    Effect(
        "global_defs.vrrp_garp_master_delay",
        "vrrp_garp_master_delay 9",
        lambda it: it.router.router.announcements.delay_us,
        9 * SECOND_US,
    ),
    Effect(
        "global_defs.vrrp_garp_master_repeat",
        "vrrp_garp_master_repeat 9",
        lambda it: it.router.router.announcements.repeat,
        9,
    ),
    Effect(
        "global_defs.vrrp_garp_master_refresh",
        "vrrp_garp_master_refresh 9",
        lambda it: it.router.router.announcements.refresh_us,
        9 * SECOND_US,
    ),
    Effect(
        "global_defs.vrrp_garp_master_refresh_repeat",
        "vrrp_garp_master_refresh_repeat 9",
        lambda it: it.router.router.announcements.refresh_repeat,
        9,
    ),
    Effect(
        "global_defs.vrrp_garp_lower_prio_delay",
        "vrrp_garp_lower_prio_delay 9",
        lambda it: it.router.router.announcements.lower_priority_delay_us,
        9 * SECOND_US,
    ),
    Effect(
        "global_defs.vrrp_garp_lower_prio_repeat",
        "vrrp_garp_lower_prio_repeat 9",
        lambda it: it.router.router.announcements.lower_priority_repeat,
        9,
    ),
    Effect("global_defs.vrrp_garp_interval", "vrrp_garp_interval 0.25", lambda it: it.router.garp_interval_us, 250_000),
    Effect(
        "global_defs.vrrp_gna_interval", "vrrp_gna_interval 0.25", lambda it: it.plan.settings.na_interval_us, 250_000
    ),
    Effect(
        "global_defs.vrrp_min_garp",
        "vrrp_min_garp",
        lambda it: (it.router.router.announcements.repeat, it.router.router.announcements.delay_us),
        (1, 0),
    ),
    Effect(
        "global_defs.vrrp_down_timer_adverts",
        "vrrp_down_timer_adverts 9",
        lambda it: it.router.router.down_timer_adverts,
        9,
    ),
    Effect(
        "global_defs.vrrp_lower_prio_no_advert",
        "vrrp_lower_prio_no_advert",
        lambda it: it.router.router.lower_priority_no_advert,
        True,
    ),
    Effect(
        "global_defs.vrrp_higher_prio_send_advert",
        "vrrp_higher_prio_send_advert",
        lambda it: it.router.router.higher_priority_send_advert,
        True,
    ),
    Effect(
        "global_defs.vrrp_owner_ignore_adverts",
        "vrrp_owner_ignore_adverts",
        lambda it: it.router.router.owner_ignores,
        True,
    ),
    Effect(
        "global_defs.vrrp_startup_delay",
        "vrrp_startup_delay 3",
        lambda it: it.plan.settings.startup_delay_us,
        3 * SECOND_US,
    ),
    Effect("global_defs.log_unknown_vrids", "log_unknown_vrids", lambda it: it.plan.settings.log_unknown, True),
    Effect(
        "global_defs.dynamic_interfaces", "dynamic_interfaces", lambda it: it.plan.settings.dynamic_interfaces, True
    ),
    Effect(
        "global_defs.vmac_prefix",
        "vmac_prefix v\n}\nvrrp_instance X {\ninterface vA\nvirtual_router_id 9\nuse_vmac",
        lambda it: it.router.home,
        "v.9",
    ),
    Effect(
        "global_defs.notify_fifo",
        "notify_fifo /run/f",
        lambda it: it.plan.settings.fifos,
        (FifoPlan("notify fifo", "/run/f"),),
    ),
    Effect(
        "global_defs.notify_fifo_script",
        'notify_fifo_script "/bin/x a"',
        lambda it: it.plan.settings.fifos[0].script,
        RUN,
        beside="notify_fifo /run/f",
    ),
    Effect(
        "global_defs.vrrp_notify_fifo",
        "vrrp_notify_fifo /run/f",
        lambda it: it.plan.settings.fifos,
        (FifoPlan("vrrp_notify fifo", "/run/f"),),
    ),
    Effect(
        "global_defs.vrrp_notify_fifo_script",
        'vrrp_notify_fifo_script "/bin/x a"',
        lambda it: it.plan.settings.fifos[0].script,
        RUN,
        beside="vrrp_notify_fifo /run/f",
    ),
    Effect(
        "global_defs.vrrp_notify_priority_changes",
        "vrrp_notify_priority_changes",
        lambda it: it.router.notify.priority_changes,
        True,
    ),
    Effect(
        "global_defs.fifo_write_vrrp_states_on_reload",
        "fifo_write_vrrp_states_on_reload",
        lambda it: it.plan.settings.states_on_reload,
        True,
    ),
    Effect(
        "global_defs.smtp_alert", "smtp_alert", lambda it: (it.router.notify.mail, it.group.notify.mail), (True, True)
    ),
    Effect(
        "global_defs.smtp_alert_vrrp",
        "smtp_alert_vrrp",
        lambda it: (it.router.notify.mail, it.server.mail),
        (True, False),
    ),
    Effect(
        "static_ipaddress",
        "static_ipaddress {\n192.0.2.9/24 dev eth1\n}",
        lambda it: [(each.address, each.prefix, each.interface) for each in it.plan.static_addresses],
        [(bytes((192, 0, 2, 9)), 24, "eth1")],
    ),
    Effect(
        "static_routes",
        "static_routes {\n192.0.2.0/24 via 10.0.0.9 metric 5\n}",
        lambda it: it.plan.static_routes,
        (("192.0.2.0/24", "via", "10.0.0.9", "metric", "5"),),
    ),
    Effect(
        "static_rules",
        "static_rules {\nfrom 192.0.2.0/24 table 5\n}",
        lambda it: it.plan.static_rules,
        (("from", "192.0.2.0/24", "table", "5"),),
    ),
)


@pytest.mark.parametrize("effect", rows((*INSTANCE, *GROUP, *TRACKED, *EVERYWHERE)))
def test_keyword_changes_the_plan(effect: Effect) -> None:
    """With it the plan has what it says, and without it something else."""
    shows(effect)


@pytest.mark.keyword("global_defs.default_interface")
def test_default_interface_is_that_of_what_names_none() -> None:
    """Routers and static addresses."""
    effect = Effect(
        "global_defs.default_interface",
        "default_interface eth7\n}\nstatic_ipaddress {\n192.0.2.9\n}\n"
        "vrrp_instance X {\nvirtual_router_id 9\nvirtual_ipaddress {\n10.0.0.8\n}",
        lambda it: (it.router.interface, it.plan.static_addresses[0].interface),
        ("eth7", "eth7"),
    )
    shows(effect)
