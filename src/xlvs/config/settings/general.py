# SPDX-License-Identifier: Apache-2.0
"""global_defs as values. Each field is called as its keyword, which the schema explains; times are in microseconds unless the keyword counts whole seconds."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from xlvs.config.schema.special import ExtraInterfaces, Fifo, MailServer, SyncDaemon, Timeouts, User
from xlvs.config.values import Script

GROUP4: Final = IPv4Address("224.0.0.18")
GROUP6: Final = IPv6Address("ff02::12")


@dataclass(frozen=True, slots=True)
class GlobalSettings:
    """Settings of the whole daemon. `default_interface` is empty unless it is given."""

    router_id: str = ""
    notification_email: tuple[str, ...] = ()
    notification_email_from: str = ""
    smtp_server: MailServer | None = None
    smtp_helo_name: str = ""
    smtp_connect_timeout: int = 30_000_000
    smtp_alert: bool | None = None
    smtp_alert_vrrp: bool | None = None
    smtp_alert_checker: bool | None = None
    no_email_faults: bool = False
    no_checker_emails: bool = False
    checker_log_all_failures: bool = False
    rs_init_notifies: bool = False
    xlvs_mend: bool = True
    enable_script_security: bool = False
    script_user: User | None = None
    use_symlink_paths: bool = False
    set_supplementary_groups: bool = False
    vrrp_version: int = 2
    vrrp_strict: bool = False
    vrrp_skip_check_adv_addr: bool = False
    vrrp_check_unicast_src: bool = False
    vrrp_mcast_group4: IPv4Address = GROUP4
    vrrp_mcast_group6: IPv6Address = GROUP6
    v3_checksum_as_v2: bool = False
    vrrp_garp_master_delay: int = 5
    vrrp_garp_master_repeat: int = 5
    vrrp_garp_master_refresh: int = 0
    vrrp_garp_master_refresh_repeat: int = 1
    vrrp_garp_lower_prio_delay: int | None = None
    vrrp_garp_lower_prio_repeat: int | None = None
    vrrp_garp_interval: int = 0
    vrrp_gna_interval: int = 0
    vrrp_min_garp: bool = False
    vrrp_garp_extra_if: ExtraInterfaces | None = None
    vrrp_down_timer_adverts: int = 3
    vrrp_lower_prio_no_advert: bool | None = None
    vrrp_higher_prio_send_advert: bool = False
    vrrp_owner_ignore_adverts: bool | None = None
    vrrp_startup_delay: int = 0
    vrrp_delay_after_boot: int = 0
    log_unknown_vrids: bool = False
    dynamic_interfaces: str = ""
    default_interface: str = ""
    disable_local_igmp: bool = False
    nftables: str = ""
    nftables_priority: int = -1
    nftables_counters: bool = False
    vmac_prefix: str = "vrrp"
    vmac_addr_prefix: str = ""
    lvs_timeouts: Timeouts | None = None
    lvs_flush: bool = False
    lvs_flush_on_stop: str = ""
    lvs_sync_daemon: SyncDaemon | None = None
    notify_fifo: Fifo | None = None
    notify_fifo_script: Script | None = None
    vrrp_notify_fifo: Fifo | None = None
    vrrp_notify_fifo_script: Script | None = None
    lvs_notify_fifo: Fifo | None = None
    lvs_notify_fifo_script: Script | None = None
    vrrp_notify_priority_changes: bool = False
    fifo_write_vrrp_states_on_reload: bool = False
    startup_script: Script | None = None
    startup_script_timeout: int = 10
    shutdown_script: Script | None = None
    shutdown_script_timeout: int = 10
    reload_check_config: str = ""
    reload_time_file: str = ""
    reload_repeat: bool = False
    data_use_instance: bool = False
    state_dump_file: str = ""
    stats_dump_file: str = ""
    json_dump_file: str = ""
    umask: int = 0o177
    process_names: bool = False
    process_name: str = ""
    vrrp_process_name: str = ""
    checker_process_name: str = ""
    bfd_process_name: str = ""
    random_seed: int | None = None
    max_auto_priority: int = 0
    min_auto_priority_delay: int = 1_000_000
    vrrp_priority: int | None = None
    vrrp_rt_priority: int | None = None
    vrrp_cpu_affinity: tuple[int, ...] | None = None
    vrrp_no_swap: bool = False
    checker_priority: int | None = None
    checker_rt_priority: int | None = None
    checker_cpu_affinity: tuple[int, ...] | None = None
    checker_no_swap: bool = False
    bfd_priority: int | None = None
    bfd_rt_priority: int | None = None
    bfd_cpu_affinity: tuple[int, ...] | None = None
    bfd_no_swap: bool = False
    snmp_socket: str = "unix:/var/agentx/master"
    enable_traps: bool = False
    enable_snmp_vrrp: bool = False
    enable_snmp_checker: bool = False


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """What stands at the top level beside the blocks."""

    net_namespace: str = ""
    net_namespace_ipvs: str | None = None
    instance: str = ""
    use_pid_dir: bool = False
    child_wait_time: int = 5
