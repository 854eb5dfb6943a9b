# SPDX-License-Identifier: Apache-2.0
"""From keepalived.conf to virtual servers and checkers: words, inheritance, defaults, mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from xlvs.config.build.config import load
from xlvs.config.files import Identity
from xlvs.healthcheck.probe import (
    SECOND_US,
    BfdProbe,
    DnsProbe,
    Endpoint,
    FileProbe,
    HttpProbe,
    Kind,
    MiscProbe,
    PingProbe,
    Probe,
    SmtpProbe,
    TcpProbe,
    UdpProbe,
)
from xlvs.healthcheck.settings import Hook
from xlvs.keepalived.checks.check_translate import translate
from xlvs.model.address import format_address
from xlvs.model.destination import ForwardingMethod, Tunnel, TunnelType
from xlvs.model.service import Protocol
from xlvs.model.settings import Timeouts

if TYPE_CHECKING:
    from xlvs.healthcheck.settings import CheckerSettings, VirtualServerSettings
    from xlvs.keepalived.checks.check_plan import CheckPlan

END = Endpoint(bytes((10, 0, 0, 1)), 80)


class OneFile:
    """A configuration that is one text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def matching(self, pattern: str) -> list[str]:
        """No other file."""
        del pattern
        return []

    def read(self, path: str) -> str:
        """The text."""
        del path
        return self._text


def read(text: str) -> CheckPlan:
    """The plan of a text."""
    return translate(load("f", OneFile(text), Identity()).config)


def virtual(inside: str = "", head: str = "192.0.2.1 80", server: str = "", before: str = "") -> VirtualServerSettings:
    """The one virtual server with these lines and one real server, without mistakes."""
    before += "\nbfd_instance peer {\nneighbor_ip 10.0.0.1\n}"
    text = f"{before}\nvirtual_server {head} {{\nprotocol TCP\n{inside}\nreal_server 10.0.0.1 80 {{\n{server}\n}}\n}}"
    return read(text).health.servers[0]


def checker(block: str, inside: str = "", before: str = "", server: str = "") -> CheckerSettings:
    """The one checker of the real server."""
    (only,) = virtual(inside, server=f"{server}\n{block}", before=before).servers[0].checkers
    return only


@pytest.mark.parametrize(
    ("block", "probe"),
    [
        ("TCP_CHECK {\n}", TcpProbe(END)),
        (
            (
                "TCP_CHECK {\nconnect_ip 10.0.0.9\nconnect_port 81\nbindto 10.0.0.2\nbind_port 99\nbind_if eth1\n"
                "fwmark 7\nconnect_timeout 2.5\n}"
            ),
            TcpProbe(Endpoint(bytes((10, 0, 0, 9)), 81, bytes((10, 0, 0, 2)), 99, "eth1", 7, 2_500_000)),
        ),
        ("PING_CHECK {\n}", PingProbe(END)),
        ("SMTP_CHECK {\nhelo_name me\n}", SmtpProbe(END, "me")),
        ("DNS_CHECK {\n}", DnsProbe(END)),
        ("DNS_CHECK {\ntype aaaa\nname example.org\n}", DnsProbe(END, "example.org", 28)),
        ("UDP_CHECK {\n}", UdpProbe(END)),
        (
            "UDP_CHECK {\npayload 00ff\nrequire_reply 0X4x\nmin_reply_length 1\nmax_reply_length 9\n}",
            UdpProbe(END, b"\0\xff", True, b"\0\x40", b"\xf0\xf0", 1, 9),
        ),
        (
            "MISC_CHECK {\nmisc_path \"/bin/check -a 'b c'\"\n}",
            MiscProbe(("/bin/check", "-a", "b c"), 60 * SECOND_US),
        ),
        (
            'MISC_CHECK {\nmisc_path "/bin/check a"\nmisc_timeout 3\nmisc_dynamic\nuser nobody games\n}',
            MiscProbe(("/bin/check", "a"), 3 * SECOND_US, True, "nobody", "games"),
        ),
        ("BFD_CHECK {\nname peer\n}", BfdProbe("peer")),
        ("HTTP_GET {\nurl {\npath /a\n}\n}", HttpProbe(END, "/a", "10.0.0.1:80")),
        (
            (
                "HTTP_GET {\nvirtualhost v\nhttp_protocol 1.1\nurl {\npath /a\nstatus_code 200 300-302\n"
                "digest 00112233445566778899aabbccddeeff\n}\n}"
            ),
            HttpProbe(
                END,
                "/a",
                "v",
                "1.1",
                statuses=((200, 200), (300, 302)),
                digest=bytes.fromhex("00112233445566778899aabbccddeeff"),
            ),
        ),
        (
            (
                "HTTP_GET {\nvirtualhost v\nurl {\npath /a\nvirtualhost u\nregex a+\nregex_no_match\n"
                "regex_options caseless dotall\nregex_min_offset 3\nregex_max_offset 9\n}\n}"
            ),
            HttpProbe(
                END,
                "/a",
                "u",
                regex="a+",
                regex_flags=frozenset({"caseless", "dotall"}),
                regex_must_not_match=True,
                regex_from=3,
                regex_to=9,
            ),
        ),
        (
            "SSL_GET {\nenable_sni\nvirtualhost v\nurl {\npath /\n}\n}",
            HttpProbe(END, "/", "v", tls=True, sni="v"),
        ),
    ],
)
def test_checkers_ask_what_they_are_told(block: str, probe: Probe) -> None:
    """Every option of every kind of checker."""
    assert checker(block).probes == (probe,)


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("TCP_CHECK {\n}", {"kind": Kind.TCP, "interval_us": 60, "retry": 1, "retry_delay_us": 1, "warmup_us": 60}),
        ("HTTP_GET {\nurl {\npath /\n}\n}", {"kind": Kind.HTTP, "retry": 1, "retry_delay_us": 3}),
        ("DNS_CHECK {\n}", {"kind": Kind.DNS, "retry": 3, "retry_delay_us": 60}),
        ("MISC_CHECK {\nmisc_path a\n}", {"kind": Kind.MISC, "retry": 0, "retry_delay_us": 1}),
        ("HTTP_GET {\nnb_get_retry 4\nurl {\npath /\n}\n}", {"retry": 4}),
        (
            "TCP_CHECK {\nwarmup 0\nalpha\nlog_all_failures\n}",
            {"warmup_us": 0, "alpha": True, "log_all_failures": True},
        ),
    ],
)
def test_each_kind_has_its_defaults(block: str, expected: dict[str, Any]) -> None:
    """Times in seconds here."""
    made = checker(block)
    for field, value in expected.items():
        found = getattr(made, field)
        assert (found // SECOND_US if field.endswith("_us") else found) == value, field


def test_values_come_from_the_blocks_around() -> None:
    """virtual_server, then real_server, then the checker: the innermost counts."""
    inside = "delay_loop 9\nretry 5\nconnect_timeout 7\ndelay_before_retry 2\nvirtualhost v\nalpha"
    made = checker("HTTP_GET {\nretry 2\nurl {\npath /\n}\n}", inside, server="delay_loop 8\nvirtualhost r\nalpha off")
    assert (made.interval_us, made.retry, made.retry_delay_us) == (8 * SECOND_US, 2, 2 * SECOND_US)
    probe = made.probes[0]
    assert isinstance(probe, HttpProbe)
    assert (probe.host, probe.endpoint.timeout_us, made.alpha) == ("r", 7 * SECOND_US, False)


def test_files_are_named_by_their_block() -> None:
    """FILE_CHECK with a weight of its own or the file's, reversed."""
    before = "track_file one {\nfile /run/number\nweight 4\n}"
    assert checker("FILE_CHECK {\ntrack_file one\n}", before=before).probes == (FileProbe("/run/number", 4),)
    reverse = checker("FILE_CHECK {\ntrack_file one\nweight 2 reverse\n}", before=before)
    assert reverse.probes == (FileProbe("/run/number", -2),)


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("lb_algo rr\npersistence_timeout 50", {"scheduler": "rr", "persistence_timeout_s": 50}),
        ("lvs_sched sh\nsh-port\nsh-fallback", {"scheduler": "sh", "scheduler_flags": 0x18}),
        (
            "persistence_timeout\npersistence_granularity 255.255.255.0",
            {"persistence_timeout_s": 360, "netmask": 0xFFFFFF00},
        ),
        ("persistence_timeout 9\npersistence_engine sip", {"persistence_engine": "sip"}),
        ("protocol UDP\nops", {"one_packet": True}),
        ("ops", {"one_packet": False}),
        ("", {"scheduler": "wlc", "persistence_timeout_s": 0}),
    ],
)
def test_services_are_as_they_are_told(inside: str, expected: dict[str, Any]) -> None:
    """Scheduler, flags, persistence, one-packet scheduling."""
    service = virtual(inside).services[0]
    assert {field: getattr(service, field) for field in expected} == expected


@pytest.mark.parametrize(
    ("method", "forwarding", "tunnel", "port"),
    [
        ("NAT", ForwardingMethod.MASQUERADE, Tunnel(), 80),
        ("DR", ForwardingMethod.DIRECT_ROUTE, Tunnel(), 8080),
        ("TUN", ForwardingMethod.TUNNEL, Tunnel(), 8080),
        ("TUN type gue port 9 csum", ForwardingMethod.TUNNEL, Tunnel(TunnelType.GUE, 9, 1), 8080),
    ],
)
def test_destinations_are_reached_as_told(method: str, forwarding: ForwardingMethod, tunnel: Tunnel, port: int) -> None:
    """Not rewritten, packets keep the service's port."""
    for word in ("lb_kind", "lvs_method", "lbKind"):
        destination = virtual(f"{word} {method}", head="192.0.2.1 8080").servers[0].destination
        assert (destination.forwarding, destination.tunnel, destination.key.port) == (forwarding, tunnel, port)


def test_groups_marks_and_families() -> None:
    """A group's addresses, ranges and marks are services with the same real servers; a mark has a name of its own."""
    group = "virtual_server_group G {\n192.0.2.1 80\n192.0.2.5-7 81\n192.0.2.128/31 82\nfwmark 3\nfwmark 4 inet6\n}"
    server = virtual(head="group G", before=group)
    keys = [service.key for service in server.services]
    assert server.name == "[G]:0"
    assert [f"{format_address(key.address)}:{key.port}" for key in keys if not key.fwmark] == [
        "192.0.2.1:80", "192.0.2.5:81", "192.0.2.6:81", "192.0.2.7:81", "192.0.2.128:82", "192.0.2.129:82",
    ]  # fmt: skip
    assert [(key.fwmark, key.family.name, key.protocol) for key in keys if key.fwmark] == [
        (3, "IPV4", Protocol.IP),
        (4, "IPV6", Protocol.IP),
    ]
    assert virtual(head="fwmark 9").name == "FWM 9"


def test_real_servers_have_weights_thresholds_and_scripts() -> None:
    """The virtual server's weight is the default; commands are words."""
    made = virtual(
        "weight 5\ninhibit_on_failure", server="uthreshold 9\nlthreshold 3\nnotify_up \"/bin/up a 'b c'\" games"
    ).servers[0]
    assert made.destination._replace(weight=5, upper_threshold=9, lower_threshold=3) == made.destination
    assert (made.inhibit, made.notify_up, made.name) == (
        True,
        Hook(("/bin/up", "a", "b c"), "games"),
        "[10.0.0.1]:tcp:80",
    )


def test_the_sorry_server() -> None:
    """Forwarded as the service, or by a method of its own."""
    made = virtual("sorry_server 10.0.0.9 81\nlb_kind NAT\nsorry_server_inhibit")
    assert made.sorry is not None
    assert (made.sorry.key.port, made.sorry_name, made.sorry_inhibit) == (81, "[10.0.0.9]:tcp:81", True)
    tunnelled = virtual("sorry_server 10.0.0.9 80\nlb_kind NAT\nsorry_server_lvs_method TUN").sorry
    assert tunnelled is not None
    assert tunnelled.forwarding is ForwardingMethod.TUNNEL


def test_global_settings() -> None:
    """Timeouts, flushing, who is told at the start."""
    plan = read("global_defs {\nlvs_timeouts tcp 100 udp 5\nlvs_flush\n}\nglobal_defs {\nrs_init_notifies\n}")
    assert (plan.timeouts, plan.flush_at_start, plan.health.notify_at_start) == (Timeouts(100, 0, 5), True, True)


def test_a_regex_that_cannot_be_had_is_named_and_left_out() -> None:
    """What PCRE2 knows and this does not: the page is asked for all the same."""
    block = 'HTTP_GET {\nurl {\npath /a\nregex "(?(DEFINE)a"\n}\n}'
    plan = read(f"virtual_server 192.0.2.1 80 {{\nprotocol TCP\nreal_server 10.0.0.1 80 {{\n{block}\n}}\n}}")
    (made,) = plan.health.servers[0].servers[0].checkers
    assert made.probes == (HttpProbe(END, "/a", "10.0.0.1:80"),)
    assert len(plan.warnings) == 1
    assert "(?(DEFINE)a" in plan.warnings[0]


def test_mending() -> None:
    """An option of ours, on unless it is turned off."""
    assert read("").mend
    assert not read("global_defs {\nxlvs_mend off\n}").mend


def test_slow_start() -> None:
    """An option of ours."""
    assert virtual("xlvs_slow_start 30").slow_start_us == 30 * SECOND_US
