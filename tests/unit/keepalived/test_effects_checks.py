# SPDX-License-Identifier: Apache-2.0
"""What each keyword of virtual servers and checks changes in the plan that the health checks run by."""

import pytest

from tests.unit.keepalived.effects import Effect, Made, rows, shows, text
from xlvs.healthcheck.probe import FileProbe, Kind, TlsIdentity
from xlvs.healthcheck.settings import Hook
from xlvs.model.address import Family
from xlvs.model.destination import ForwardingMethod, TunnelType
from xlvs.model.service import SCHEDULER_FLAG_1, SCHEDULER_FLAG_2, SCHEDULER_FLAG_3, Protocol
from xlvs.model.settings import Timeouts

SECOND_US = 1_000_000
RUN = Hook(("/bin/x", "a"))
TEN = bytes((10, 0, 0, 10))
TCP = "TCP_CHECK {\n}"
"""A checker to see what it inherits."""
REAL = "real_server 10.0.0.2 80 {\nTCP_CHECK {\n}\n}"
WEB = "real_server 10.0.0.2 80 {\nHTTP_GET {\nurl {\npath /\n}\n}\n}"

SERVER = (
    Effect(
        "virtual_server",
        f"virtual_server 10.0.0.7 80 {{\nprotocol TCP\n{REAL}\n}}",
        lambda it: it.server.services[0].key.address,
        bytes((10, 0, 0, 7)),
    ),
    Effect(
        "virtual_server_group",
        f"virtual_server_group G {{\n10.0.0.7-8 80\nfwmark 5\n}}\nvirtual_server group G {{\nprotocol TCP\n{REAL}\n}}",
        lambda it: [(each.key.address[-1:], each.key.fwmark) for each in it.server.services],
        [(b"\7", 0), (b"\10", 0), (b"\0", 5)],
    ),
    Effect("virtual_server.delay_loop", "delay_loop 7", lambda it: it.checker.interval_us, 7 * SECOND_US, beside=REAL),
    Effect("virtual_server.lvs_sched", "lvs_sched sh", lambda it: it.server.services[0].scheduler, "sh"),
    Effect("virtual_server.lb_algo", "lb_algo sh", lambda it: it.server.services[0].scheduler, "sh"),
    Effect(
        "virtual_server.lvs_method",
        "lvs_method DR",
        lambda it: it.real.destination.forwarding,
        ForwardingMethod.DIRECT_ROUTE,
    ),
    Effect("virtual_server.lb_kind", "lb_kind TUN", lambda it: it.real.destination.forwarding, ForwardingMethod.TUNNEL),
    Effect("virtual_server.protocol", "protocol sctp", lambda it: it.server.services[0].key.protocol, Protocol.SCTP),
    Effect(
        "virtual_server.persistence_timeout",
        "persistence_timeout 9",
        lambda it: it.server.services[0].persistence_timeout_s,
        9,
    ),
    Effect(
        "virtual_server.persistence_timeout",
        "persistence_timeout",
        lambda it: it.server.services[0].persistence_timeout_s,
        360,
    ),
    Effect(
        "virtual_server.persistence_granularity",
        "persistence_granularity 255.255.0.0",
        lambda it: it.server.services[0].netmask,
        0xFFFF0000,
        beside="persistence_timeout 9",
    ),
    Effect(
        "virtual_server.persistence_engine",
        "persistence_engine sip",
        lambda it: it.server.services[0].persistence_engine,
        "sip",
        beside="persistence_timeout 9\nprotocol UDP",
    ),
    Effect(
        "virtual_server.real_server",
        "real_server 10.0.0.10 81 {\n}",
        lambda it: [each.name for each in it.server.servers],
        ["[10.0.0.10]:tcp:81", "[10.0.0.2]:tcp:80"],
    ),
    Effect("virtual_server.sorry_server", "sorry_server 10.0.0.10 81", lambda it: it.server.sorry.key.address, TEN),
    Effect(
        "virtual_server.sorry_server_inhibit",
        "sorry_server_inhibit",
        lambda it: it.server.sorry_inhibit,
        True,
        beside="sorry_server 10.0.0.10 81",
    ),
    Effect(
        "virtual_server.sorry_server_lvs_method",
        "sorry_server_lvs_method DR",
        lambda it: it.server.sorry.forwarding,
        ForwardingMethod.DIRECT_ROUTE,
        beside="sorry_server 10.0.0.10 80",
    ),
    Effect("virtual_server.quorum", "quorum 2", lambda it: it.server.quorum, 2, beside="real_server 10.0.0.10 81 {\n}"),
    Effect(
        "virtual_server.hysteresis",
        "hysteresis 1",
        lambda it: it.server.hysteresis,
        1,
        beside="quorum 2\nreal_server 10.0.0.10 81 {\n}",
    ),
    Effect("virtual_server.quorum_up", 'quorum_up "/bin/x a"', lambda it: it.server.quorum_up, RUN),
    Effect("virtual_server.quorum_down", 'quorum_down "/bin/x a"', lambda it: it.server.quorum_down, RUN),
    Effect("virtual_server.alpha", "alpha", lambda it: it.checker.alpha, True, beside=REAL),
    Effect("virtual_server.omega", "omega", lambda it: it.server.omega, True),
    Effect("virtual_server.xlvs_slow_start", "xlvs_slow_start 9", lambda it: it.server.slow_start_us, 9 * SECOND_US),
    Effect("virtual_server.ha_suspend", "ha_suspend", lambda it: it.server.ha_suspend, True),
    Effect("virtual_server.inhibit_on_failure", "inhibit_on_failure", lambda it: it.real.inhibit, True),
    Effect(
        "virtual_server.connect_timeout",
        "connect_timeout 7",
        lambda it: it.probe.endpoint.timeout_us,
        7 * SECOND_US,
        beside=REAL,
    ),
    Effect("virtual_server.retry", "retry 7", lambda it: it.checker.retry, 7, beside=REAL),
    Effect(
        "virtual_server.delay_before_retry",
        "delay_before_retry 7",
        lambda it: it.checker.retry_delay_us,
        7 * SECOND_US,
        beside=REAL,
    ),
    Effect("virtual_server.warmup", "warmup 7", lambda it: it.checker.warmup_us, 7 * SECOND_US, beside=REAL),
    Effect("virtual_server.virtualhost", "virtualhost v.example", lambda it: it.probe.host, "v.example", beside=WEB),
    Effect("virtual_server.smtp_alert", "smtp_alert", lambda it: it.server.mail, True),
    Effect("virtual_server.ops", "ops", lambda it: it.server.services[0].one_packet, True, beside="protocol UDP"),
    Effect("virtual_server.flag-1", "flag-1", lambda it: it.server.services[0].scheduler_flags, SCHEDULER_FLAG_1),
    Effect("virtual_server.flag-2", "flag-2", lambda it: it.server.services[0].scheduler_flags, SCHEDULER_FLAG_2),
    Effect("virtual_server.flag-3", "flag-3", lambda it: it.server.services[0].scheduler_flags, SCHEDULER_FLAG_3),
    Effect(
        "virtual_server.sh-port",
        "sh-port",
        lambda it: it.server.services[0].scheduler_flags,
        SCHEDULER_FLAG_2,
        beside="lvs_sched sh",
    ),
    Effect(
        "virtual_server.sh-fallback",
        "sh-fallback",
        lambda it: it.server.services[0].scheduler_flags,
        SCHEDULER_FLAG_1,
        beside="lvs_sched sh",
    ),
    Effect(
        "virtual_server.mh-port",
        "mh-port",
        lambda it: it.server.services[0].scheduler_flags,
        SCHEDULER_FLAG_2,
        beside="lvs_sched mh",
    ),
    Effect(
        "virtual_server.mh-fallback",
        "mh-fallback",
        lambda it: it.server.services[0].scheduler_flags,
        SCHEDULER_FLAG_1,
        beside="lvs_sched mh",
    ),
    Effect("virtual_server.weight", "weight 7", lambda it: it.real.destination.weight, 7),
)

REAL_SERVER = (
    Effect("real_server.weight", "weight 7", lambda it: it.real.destination.weight, 7),
    Effect("real_server.TCP_CHECK", TCP, lambda it: it.checker.kind, Kind.TCP),
    Effect(
        "real_server.HTTP_GET",
        "HTTP_GET {\nurl {\npath /\n}\n}",
        lambda it: (it.checker.kind, it.probe.tls),
        (Kind.HTTP, False),
    ),
    Effect(
        "real_server.SSL_GET",
        "SSL_GET {\nurl {\npath /\n}\n}",
        lambda it: (it.checker.kind, it.probe.tls),
        (Kind.HTTP, True),
    ),
    Effect("real_server.MISC_CHECK", "MISC_CHECK {\nmisc_path /bin/x\n}", lambda it: it.checker.kind, Kind.MISC),
    Effect("real_server.SMTP_CHECK", "SMTP_CHECK {\n}", lambda it: it.checker.kind, Kind.SMTP),
    Effect("real_server.DNS_CHECK", "DNS_CHECK {\n}", lambda it: it.checker.kind, Kind.DNS),
    Effect("real_server.UDP_CHECK", "UDP_CHECK {\n}", lambda it: it.checker.kind, Kind.UDP),
    Effect("real_server.PING_CHECK", "PING_CHECK {\n}", lambda it: it.checker.kind, Kind.PING),
    Effect("real_server.BFD_CHECK", "BFD_CHECK {\nname B\n}", lambda it: it.checker.kind, Kind.BFD),
    Effect("real_server.FILE_CHECK", "FILE_CHECK {\ntrack_file F\n}", lambda it: it.checker.kind, Kind.FILE),
    Effect("real_server.inhibit_on_failure", "inhibit_on_failure", lambda it: it.real.inhibit, True),
    Effect("real_server.notify_up", 'notify_up "/bin/x a"', lambda it: it.real.notify_up, RUN),
    Effect("real_server.notify_down", 'notify_down "/bin/x a"', lambda it: it.real.notify_down, RUN),
    Effect(
        "real_server.lvs_method",
        "lvs_method TUN type gue port 9",
        lambda it: (it.real.destination.tunnel.type, it.real.destination.tunnel.port),
        (TunnelType.GUE, 9),
    ),
    Effect("real_server.uthreshold", "uthreshold 7", lambda it: it.real.destination.upper_threshold, 7),
    Effect("real_server.lthreshold", "lthreshold 7", lambda it: it.real.destination.lower_threshold, 7),
    Effect("real_server.alpha", "alpha", lambda it: it.checker.alpha, True, beside=TCP),
    Effect("real_server.retry", "retry 7", lambda it: it.checker.retry, 7, beside=TCP),
    Effect(
        "real_server.delay_before_retry",
        "delay_before_retry 7",
        lambda it: it.checker.retry_delay_us,
        7 * SECOND_US,
        beside=TCP,
    ),
    Effect("real_server.warmup", "warmup 7", lambda it: it.checker.warmup_us, 7 * SECOND_US, beside=TCP),
    Effect(
        "real_server.connect_timeout",
        "connect_timeout 7",
        lambda it: it.probe.endpoint.timeout_us,
        7 * SECOND_US,
        beside=TCP,
    ),
    Effect("real_server.delay_loop", "delay_loop 7", lambda it: it.checker.interval_us, 7 * SECOND_US, beside=TCP),
    Effect("real_server.smtp_alert", "smtp_alert off", lambda it: it.real.mail, False),
    Effect(
        "real_server.virtualhost",
        "virtualhost v.example",
        lambda it: it.probe.host,
        "v.example",
        beside="HTTP_GET {\nurl {\npath /\n}\n}",
    ),
)

COMMON = (
    Effect("*_CHECK.connect_ip", "connect_ip 10.0.0.10", lambda it: it.probe.endpoint.address, TEN),
    Effect("*_CHECK.connect_port", "connect_port 81", lambda it: it.probe.endpoint.port, 81),
    Effect("*_CHECK.bindto", "bindto 10.0.0.10", lambda it: it.probe.endpoint.bind_address, TEN),
    Effect("*_CHECK.bind_port", "bindto 10.0.0.2\nbind_port 81", lambda it: it.probe.endpoint.bind_port, 81),
    Effect("*_CHECK.bind_if", "bind_if eth7", lambda it: it.probe.endpoint.bind_interface, "eth7"),
    Effect("*_CHECK.connect_timeout", "connect_timeout 7", lambda it: it.probe.endpoint.timeout_us, 7 * SECOND_US),
    Effect("*_CHECK.fwmark", "fwmark 7", lambda it: it.probe.endpoint.fwmark, 7),
    Effect("*_CHECK.retry", "retry 7", lambda it: it.checker.retry, 7),
    Effect("*_CHECK.delay_before_retry", "delay_before_retry 7", lambda it: it.checker.retry_delay_us, 7 * SECOND_US),
    Effect("*_CHECK.warmup", "warmup 7", lambda it: it.checker.warmup_us, 7 * SECOND_US),
    Effect("*_CHECK.delay_loop", "delay_loop 7", lambda it: it.checker.interval_us, 7 * SECOND_US),
    Effect("*_CHECK.alpha", "alpha", lambda it: it.checker.alpha, True),
    Effect("*_CHECK.log_all_failures", "log_all_failures", lambda it: it.checker.log_all_failures, True),
)
ON_THE_NETWORK = ("TCP_CHECK", "PING_CHECK", "HTTP_GET", "SSL_GET", "SMTP_CHECK", "DNS_CHECK", "UDP_CHECK")
OF_PROGRAMS = frozenset(
    f"*_CHECK.{name}" for name in ("retry", "delay_before_retry", "warmup", "delay_loop", "alpha", "log_all_failures")
)

WEB_CHECK = (
    Effect(
        "HTTP_GET.url",
        "url {\npath /a\n}\nurl {\npath /b\n}",
        lambda it: [each.path for each in it.checker.probes],
        ["/a", "/b"],
    ),
    Effect("HTTP_GET.nb_get_retry", "nb_get_retry 7", lambda it: it.checker.retry, 7),
    Effect("HTTP_GET.virtualhost", "virtualhost v.example", lambda it: it.probe.host, "v.example"),
    Effect("HTTP_GET.http_protocol", "http_protocol 1.1", lambda it: it.probe.version, "1.1"),
    Effect("HTTP_GET.fast_recovery", "fast_recovery", lambda it: it.checker.fast_recovery, True),
    Effect(
        "SSL_GET.url",
        "url {\npath /a\n}\nurl {\npath /b\n}",
        lambda it: [each.path for each in it.checker.probes],
        ["/a", "/b"],
    ),
    Effect("SSL_GET.nb_get_retry", "nb_get_retry 7", lambda it: it.checker.retry, 7),
    Effect("SSL_GET.virtualhost", "virtualhost v.example", lambda it: it.probe.host, "v.example"),
    Effect("SSL_GET.http_protocol", "http_protocol 1.0C", lambda it: it.probe.version, "1.0C"),
    Effect("SSL_GET.enable_sni", "enable_sni", lambda it: it.probe.sni, "v.example", beside="virtualhost v.example"),
    Effect("SSL_GET.sni_name", "sni_name s.example", lambda it: it.probe.sni, "s.example", beside="enable_sni"),
    Effect("SSL_GET.tls_compliant", "tls_compliant", lambda it: it.probe.takes_leave, True),
    Effect("SSL_GET.fast_recovery", "fast_recovery", lambda it: it.checker.fast_recovery, True),
    Effect("url.path", "path /a", lambda it: it.probe.path, "/a"),
    Effect("url.status_code", "status_code 200 300-302", lambda it: it.probe.statuses, ((200, 200), (300, 302))),
    Effect("url.digest", f"digest {'0' * 31}1", lambda it: it.probe.digest, bytes(15) + b"\1"),
    Effect("url.virtualhost", "virtualhost v.example", lambda it: it.probe.host, "v.example"),
    Effect("url.regex", "regex 'a b'", lambda it: it.probe.regex, "a b"),
    Effect("url.regex_no_match", "regex_no_match", lambda it: it.probe.regex_must_not_match, True, beside="regex a"),
    Effect("url.regex_options", "regex_options caseless", lambda it: it.probe.regex_flags, frozenset({"caseless"})),
    Effect("url.regex_min_offset", "regex_min_offset 7", lambda it: it.probe.regex_from, 7),
    Effect("url.regex_max_offset", "regex_max_offset 7", lambda it: it.probe.regex_to, 7),
)

OTHERS = (
    Effect("SMTP_CHECK.helo_name", "helo_name me", lambda it: it.probe.helo, "me"),
    Effect("SMTP_CHECK.host", "host {\nconnect_ip 10.0.0.10\n}", lambda it: it.probe.endpoint.address, TEN),
    Effect("DNS_CHECK.type", "type MX", lambda it: it.probe.type, 15),
    Effect("DNS_CHECK.name", "name v.example", lambda it: it.probe.name, "v.example"),
    Effect("UDP_CHECK.payload", "payload 00ff", lambda it: it.probe.payload, b"\0\xff"),
    Effect(
        "UDP_CHECK.require_reply",
        "require_reply 0x",
        lambda it: (it.probe.require_reply, it.probe.mask),
        (True, b"\xf0"),
    ),
    Effect("UDP_CHECK.min_reply_length", "min_reply_length 7", lambda it: it.probe.shortest, 7),
    Effect("UDP_CHECK.max_reply_length", "max_reply_length 7", lambda it: it.probe.longest, 7),
    Effect("MISC_CHECK.misc_path", 'misc_path "/bin/x a"', lambda it: it.probe.command, ("/bin/x", "a")),
    Effect("MISC_CHECK.misc_timeout", "misc_timeout 7", lambda it: it.probe.timeout_us, 7 * SECOND_US),
    Effect("MISC_CHECK.misc_dynamic", "misc_dynamic", lambda it: it.probe.dynamic, True),
    Effect("MISC_CHECK.user", "user nobody games", lambda it: (it.probe.user, it.probe.group), ("nobody", "games")),
    Effect("FILE_CHECK.track_file", "track_file F", lambda it: it.probe.path, "/run/number"),
    Effect(
        "FILE_CHECK.weight",
        "weight 7 reverse",
        lambda it: it.probe,
        FileProbe("/run/number", -7),
        beside="track_file F",
    ),
    Effect("BFD_CHECK.alpha", "alpha", lambda it: it.checker.alpha, True),
)

EVERYWHERE = (
    Effect(
        "global_defs.lvs_timeouts",
        "lvs_timeouts tcp 1 tcpfin 2 udp 3",
        lambda it: it.checks.timeouts,
        Timeouts(1, 2, 3),
    ),
    Effect("global_defs.lvs_flush", "lvs_flush", lambda it: it.checks.flush_at_start, True),
    Effect("global_defs.lvs_flush_onstop", "lvs_flush_onstop", lambda it: it.checks.flush_at_stop, True),
    Effect("global_defs.lvs_flush_on_stop", "lvs_flush_on_stop", lambda it: it.checks.flush_at_stop, True),
    Effect("global_defs.notify_fifo", "notify_fifo /run/f", lambda it: it.checks.fifos[0].path, "/run/f"),
    Effect("global_defs.lvs_notify_fifo", "lvs_notify_fifo /run/f", lambda it: it.checks.fifos[0].path, "/run/f"),
    Effect(
        "global_defs.checker_log_all_failures",
        "checker_log_all_failures\n}\nvirtual_server 10.0.0.9 80 {\nprotocol TCP\nreal_server 10.0.0.10 80 {\n"
        "TCP_CHECK {\n}\n}",
        lambda it: it.checker.log_all_failures,
        True,
    ),
    Effect("global_defs.xlvs_mend", "xlvs_mend off", lambda it: it.checks.mend, False),
    Effect("global_defs.rs_init_notifies", "rs_init_notifies", lambda it: it.checks.health.notify_at_start, True),
    Effect(
        "global_defs.script_user",
        "script_user nobody games",
        lambda it: (it.checks.scripts.user, it.checks.scripts.group),
        ("nobody", "games"),
    ),
    Effect("global_defs.smtp_alert", "smtp_alert", lambda it: (it.server.mail, it.real.mail), (True, True)),
    Effect(
        "global_defs.smtp_alert_checker",
        "smtp_alert_checker off",
        lambda it: (it.server.mail, it.real.mail),
        (False, False),
    ),
)


@pytest.mark.parametrize("effect", rows((*SERVER, *REAL_SERVER, *WEB_CHECK, *OTHERS, *EVERYWHERE)))
def test_keyword_changes_the_plan(effect: Effect) -> None:
    """With it the plan has what it says, and without it something else."""
    shows(effect)


@pytest.mark.parametrize("effect", rows(COMMON))
@pytest.mark.parametrize("checker", ON_THE_NETWORK)
def test_option_changes_every_checker_on_the_network(effect: Effect, checker: str) -> None:
    """All thirteen."""
    shows(Effect(effect.keyword, effect.lines, effect.see, effect.value, within=checker))


@pytest.mark.parametrize("effect", rows(tuple(each for each in COMMON if each.keyword in OF_PROGRAMS)))
def test_option_changes_checkers_that_run_programs(effect: Effect) -> None:
    """Those six that they have."""
    checker = "MISC_CHECK"
    shows(Effect(effect.keyword, effect.lines, effect.see, effect.value, within=checker))


@pytest.mark.keyword("virtual_server.ip_family")
@pytest.mark.parametrize(("said", "family"), [("inet", Family.IPV4), ("inet6", Family.IPV6)])
def test_family_of_a_mark_is_the_one_that_is_said(said: str, family: Family) -> None:
    """Where tunnels cross families."""
    inside = f"lvs_method TUN\nip_family {said}\nreal_server fd00::2 80 {{\n}}\nreal_server 10.0.0.2 80 {{\n}}"
    made = Made(f"virtual_server fwmark 5 {{\n{inside}\n}}")
    assert made.server.services[0].key.family is family


@pytest.mark.keyword("SSL", "SSL.password", "SSL.ca", "SSL.certificate", "SSL.key")
def test_ssl_block_is_what_probes_by_tls_show() -> None:
    """Those by HTTP show nothing; a key alone stands for both files."""
    files = "SSL {\npassword p\nca /a\ncertificate /c\nkey /k\n}"
    for kind, identity in (("SSL_GET", TlsIdentity("/c", "/k", "p", "/a")), ("HTTP_GET", None)):
        assert Made(f"{files}\n{text(kind, '')}").probe.identity == identity
    assert Made(f"SSL {{\nkey /k\n}}\n{text('SSL_GET', '')}").probe.identity == TlsIdentity("/k", "/k")


@pytest.mark.keyword("HTTP_GET.enable_sni", "HTTP_GET.sni_name")
def test_names_in_a_handshake_change_nothing_without_one() -> None:
    """HTTP_GET takes them as the original does."""
    made = [Made(text("HTTP_GET", lines)) for lines in ("enable_sni\nsni_name s.example", "")]
    assert made[0].checker == made[1].checker
    assert made[0].loaded.problems == made[1].loaded.problems
