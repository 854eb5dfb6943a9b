# SPDX-License-Identifier: Apache-2.0
"""From text to values: what arrives, what is inherited, what is said about mistakes."""

from ipaddress import ip_address

import pytest

from tests.unit.config.texts import OTHER, ROUTER, SERVICE, framed, messages, read
from xlvs.config.problem import Severity
from xlvs.config.schema.special import Forwarding, MailServer
from xlvs.config.settings.servers import DnsCheck, HttpCheck, MiscCheck, Url
from xlvs.config.values import Script, Weight
from xlvs.lab.scenes_pair import CONFIGURATIONS

SECOND_US = 1_000_000


def test_director_of_the_tutorial_arrives_as_printed() -> None:
    """A virtual router and a virtual server with three real servers; the long password is cut."""
    loaded = read((CONFIGURATIONS / "director1.conf").read_text(encoding="utf-8"))
    (router,) = loaded.config.instances
    assert loaded.config.settings.router_id == "LVS_DR01"
    assert (router.name, router.virtual_router_id, router.priority, router.state) == ("LVS_DR", 50, 150, "MASTER")
    assert (router.advert_int, router.unicast_src_ip) == (5 * SECOND_US, ip_address("192.168.100.44"))
    assert router.authentication is not None
    assert router.authentication.auth_pass == "adminroo"
    assert [(str(each), each.device) for each in router.virtual_ipaddress] == [("192.168.100.40/24", "eth0")]
    (service,) = loaded.config.virtual_servers
    assert (service.lvs_sched, service.lvs_method.method, service.delay_loop) == ("rr", "DR", 10 * SECOND_US)
    assert [str(each.address) for each in service.real_servers] == [f"192.168.100.4{last}" for last in (1, 2, 3)]
    checks = [check for server in service.real_servers for check in server.checkers]
    assert [(check.kind, check.connect_timeout) for check in checks] == [("TCP_CHECK", 3 * SECOND_US)] * 3
    assert messages(loaded) == ["16: LVS_DR: auth_pass is longer than 8 characters; those after them do not count"]


def test_annotated_example_arrives_with_its_spellings_named() -> None:
    """virtualRouterID, lbKind and the broken HTTP_GET work; each use says what the keyword is."""
    loaded = read((CONFIGURATIONS / "annotated.conf").read_text(encoding="utf-8"))
    (router,) = loaded.config.instances
    assert (router.virtual_router_id, len(router.virtual_ipaddress)) == (51, 3)
    assert loaded.config.settings.smtp_server == MailServer("192.168.200.1")
    assert len(loaded.config.settings.notification_email) == 3
    services = loaded.config.virtual_servers
    assert [str(each.head) for each in services] == ["192.168.200.100 443", "10.10.10.2 1358", "10.10.10.3 1358"]
    kinds = [[check.kind for server in each.real_servers for check in server.checkers] for each in services]
    assert kinds == [["SSL_GET"], ["HTTP_GET", "HTTP_GET"], ["HTTP_GET", "HTTP_GET"]]
    assert services[1].sorry_server is not None
    remedies = {each.word: each.remedy for each in loaded.problems}
    assert remedies["virtualRouterID"] == "write virtual_router_id"
    assert remedies["lbKind"] == "write lvs_method"


@pytest.mark.parametrize(
    ("line", "field", "expected"),
    [
        ("priority 7", "priority", 7),
        ("", "priority", 100),
        ("state MASTER", "priority", 255),
        ("priority 255", "state", "MASTER"),
        ("version 3\n advert_int 0.25", "advert_int", 250_000),
        ("advert_int 0.5", "advert_int", SECOND_US),
        ("version 3\n advert_int 100", "advert_int", 40_950_000),
        ("nopreempt", "nopreempt", True),
        ("state MASTER\n nopreempt", "nopreempt", False),
        ("preempt_delay 2.5", "preempt_delay", 2_500_000),
        ("no_accept", "accept", False),
        ("no_accept\n priority 255", "accept", True),
        ("strict_mode on", "accept", False),
        ("strict_mode on\n accept", "accept", False),
        ("strict_mode on\n version 3\n accept", "accept", True),
        ("strict_mode on\n priority 255", "accept", True),
        ("strict_mode on\n preempt_delay 3", "preempt_delay", 0),
        ("strict_mode on\n state MASTER\n priority 90", "state", "BACKUP"),
        ("strict_mode on\n state BACKUP\n priority 255", "state", "MASTER"),
        ("strict_mode on", "garp_lower_prio_repeat", 0),
        ("strict_mode on\n lower_prio_no_advert off", "lower_prio_no_advert", True),
        ("strict_mode on\n higher_prio_send_advert", "higher_prio_send_advert", False),
        ("strict_mode on\n use_vmac\n vmac_xmit_base", "vmac_xmit_base", False),
        ("strict_mode on\n authentication {\n auth_type PASS\n auth_pass a\n }", "authentication", None),
        ("mcast_src_ip 10.0.0.9", "unicast_src_ip", ip_address("10.0.0.9")),
        ("unicast_peer {\n 10.0.0.9 min_ttl 4\n }", "check_unicast_src", True),
        ('notify "/bin/x a b" root', "notify", Script(("/bin/x", "a", "b"), "root")),
        ("virtual_ipaddress {\n 10.0.0.2 dev eth0\n }", "interface", "vA"),
        ("garp_master_repeat 9", "garp_lower_prio_repeat", 5),
        ("authentication {\n auth_type PASS\n auth_pass a\n }\n version 3", "authentication", None),
    ],
)
def test_instance_has_what_its_keywords_say(line: str, field: str, expected: object) -> None:
    """One row for each rule of an instance."""
    (router,) = read(framed("V", line)).config.instances
    assert getattr(router, field) == expected


def test_instance_inherits_from_global_defs_wherever_they_stand() -> None:
    """What it says itself counts more."""
    text = ROUTER + "garp_master_delay 1\n}\nglobal_defs {\n vrrp_version 3\n vrrp_garp_master_delay 9\n"
    (router,) = read(text + " vrrp_garp_master_refresh 60\n smtp_alert\n}\n").config.instances
    assert (router.version, router.garp_master_delay, router.garp_master_refresh) == (3, 1, 60)
    assert router.smtp_alert


def test_repeated_blocks_of_addresses_add_up() -> None:
    """As the original has it; IPv6 among IPv4 is left out."""
    text = framed("V", "virtual_ipaddress { 10.0.0.2 }\n virtual_ipaddress {\n 10.0.0.3\n fe80::1\n }")
    loaded = read(text)
    assert [str(each) for each in loaded.config.instances[0].virtual_ipaddress] == [
        f"10.0.0.{last}/32" for last in (1, 2, 3)
    ]
    assert messages(loaded) == ["10: V: fe80::1 is not of the family of the first address"]


def test_tracks_keep_what_there_is() -> None:
    """An unknown name is said and left out; weights come with the name."""
    scripts = "vrrp_script a {\n script /bin/true\n weight -5 reverse\n fall 3\n}\n"
    loaded = read(scripts + framed("V", "track_script {\n a weight 7 reverse\n b\n }"))
    assert loaded.config.scripts[0].weight == Weight(-5, reverse=True)
    (track,) = loaded.config.instances[0].track_script
    assert (track.name, track.weight) == ("a", Weight(7, reverse=True))
    assert messages(loaded) == ["14: V: there is no vrrp_script b"]


def test_sync_group_keeps_the_members_that_there_are() -> None:
    """Members on one line or several; a member of two groups stays in the first."""
    groups = "vrrp_sync_group G {\n group { V W X }\n}\nvrrp_sync_group H {\n group {\n V\n }\n}\n"
    loaded = read(ROUTER + "}\n" + OTHER + groups)
    assert [(each.name, each.group) for each in loaded.config.sync_groups] == [("G", ("V", "W"))]
    assert len(messages(loaded)) == 3


def check_of(kind: str, inside: str, server: str = "", service: str = "") -> object:
    """The checker of a real server with what its servers say."""
    text = f"{SERVICE}{service}\nreal_server 10.0.0.3 80 {{\n{server}\n{kind} {{\n{inside}\n}}\n}}\n}}\n"
    return read(text).config.virtual_servers[0].real_servers[1].checkers[0]


def test_checker_takes_from_itself_then_its_real_then_its_virtual_server() -> None:
    """Retry is said on all three levels, the others on one each."""
    check = check_of("HTTP_GET", "url {\npath /\n}\nretry 1", "retry 2\nwarmup 0", "retry 3\ndelay_loop 7")
    assert isinstance(check, HttpCheck)
    assert (check.retry, check.warmup, check.delay_loop) == (1, 0, 7 * SECOND_US)
    assert check.urls == (Url("/"),)


@pytest.mark.parametrize(
    ("kind", "inside", "retry", "delay_us"),
    [
        ("TCP_CHECK", "", 1, SECOND_US),
        ("HTTP_GET", "url {\npath /\n}", 1, 3 * SECOND_US),
        ("DNS_CHECK", "", 3, 60 * SECOND_US),
        ("MISC_CHECK", "misc_path /bin/true", 0, SECOND_US),
    ],
)
def test_retries_differ_by_kind_of_check(kind: str, inside: str, retry: int, delay_us: int) -> None:
    """The original's defaults."""
    check = check_of(kind, inside)
    assert isinstance(check, HttpCheck | DnsCheck | MiscCheck) or kind == "TCP_CHECK"
    assert (getattr(check, "retry", None), getattr(check, "delay_before_retry", None)) == (retry, delay_us)


def test_old_mail_check_with_hosts_is_a_checker_for_each() -> None:
    """What stands around the hosts counts for all of them."""
    inside = "helo_name x\nhost {\nconnect_ip 10.0.0.7\n}\nhost {\nconnect_ip 10.0.0.8\n}"
    text = f"{SERVICE}real_server 10.0.0.3 25 {{\nSMTP_CHECK {{\n{inside}\n}}\n}}\n}}\n"
    checks = read(text).config.virtual_servers[0].real_servers[1].checkers
    assert [(str(check.connect_ip), getattr(check, "helo_name", "")) for check in checks] == [
        ("10.0.0.7", "x"),
        ("10.0.0.8", "x"),
    ]


def test_real_server_takes_port_and_method_from_its_virtual_server() -> None:
    """Direct routing cannot change the port."""
    text = "virtual_server 10.0.0.1 80 {\nlb_algo rr\nlb_kind DR\nprotocol TCP\nreal_server 10.0.0.2 81 {\n}\n}\n"
    loaded = read(text)
    (server,) = loaded.config.virtual_servers[0].real_servers
    assert (server.port, server.lvs_method) == (80, Forwarding("DR"))
    assert messages(loaded) == ["5: with DR the port stays 80: 81 is ignored"]


def test_unset_scheduler_method_and_protocol_are_the_originals() -> None:
    """And each is said."""
    loaded = read("virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.2 80 {\n}\n}\n")
    (service,) = loaded.config.virtual_servers
    assert (service.protocol, service.lvs_sched, service.lvs_method.method) == ("UDP", "wlc", "NAT")
    assert len(messages(loaded)) == 3


def test_unknown_block_closes_the_one_around_it() -> None:
    """What follows is unknown too, as in the original."""
    loaded = read(framed("V", "bogus {\n x\n }\n priority 3"))
    words = [each.message.removeprefix("unknown keyword ") for each in loaded.problems if "unknown" in each.message]
    assert words == ["bogus", "x", "priority"]


def test_report_shows_line_caret_and_suggestion() -> None:
    """What `check` prints of a problem."""
    (problem,) = read("global_defs {\n  routr_id x\n}\n").problems
    assert problem.report() == (
        "/etc/keepalived/keepalived.conf:2:3: unknown keyword routr_id\n"
        "    routr_id x\n"
        "    ^^^^^^^^\n"
        "  remedy: did you mean router_id or iproute_usr_dir?"
    )


def test_a_keyword_of_the_top_level_in_a_block_tells_of_the_brace_that_is_missing() -> None:
    """All that follows is unknown; the first line says why."""
    problems = read("vrrp_instance V {\n state MASTER\nglobal_defs {\n}\n").problems
    first = next(each for each in problems if "unknown" in each.message)
    assert (first.message, first.remedy) == (
        "unknown keyword global_defs",
        "it stands outside of blocks: is a } missing, of vrrp_instance in line 1?",
    )


def test_wrong_lines_without_end_are_named_up_to_a_limit() -> None:
    """Sequences make them by the thousand; the last message says that the others are ignored."""
    loaded = read(framed("V", "virtual_ipaddress {\n 10.0.0.~SEQ(A,1,5000) bogus\n }"))
    named = [each.message for each in loaded.problems if "bogus" in each.message]
    ignored = [each.message for each in loaded.problems if "too many lines of virtual_ipaddress" in each.message]
    assert (len(ignored), len(named) <= 1000) == (1, True)


def test_keyword_without_effect_says_what_is_not_done() -> None:
    """In one notice that does not make the configuration wrong."""
    (problem,) = read("global_defs {\n enable_dbus\n}\n").problems
    assert problem.severity is Severity.NOTICE
    assert "no D-Bus" in problem.message
