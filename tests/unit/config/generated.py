# SPDX-License-Identifier: Apache-2.0
"""Configurations made from the schema: each a good one with one or two things done to it, right or wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.unit.config.texts import SERVICE
from xlvs.config.schema.blocks import BLOCKS
from xlvs.config.values import (
    IP,
    Bool,
    Choice,
    Flag,
    IPPort,
    Maybe,
    Number,
    OneOf,
    ScriptValue,
    Seconds,
    Several,
    Weighted,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from xlvs.config.schema.keyword import Keyword

WRONG: Final = (
    "",
    "foo",
    "-1",
    "0",
    "1",
    "5abc",
    "0x3",
    "1.5",
    "1e3",
    "99999999999999999999",
    "on",
    '""',
    '"a b"',
    "10.0.0.9",
)
COMMANDS: Final = ("/bin/true", '"/bin/true a b"', "'/bin/true a'", "/nope", '"/bin/true a" root', "/bin/true nobody2")
ADDRESSES: Final = (
    "10.0.0.9",
    "10.0.0.9/24",
    "fe80::5",
    "fd00::5/64",
    "224.0.0.9",
    "ff02::9",
    "10.0.0",
    "300.1.1.1",
    "::",
)
WORDS: Final = {
    "ADDRESS_LINE": (
        *(
            "dev vA",
            "dev nope",
            "dev",
            "scope link",
            "scope 7",
            "scope nope",
            "scope 300",
            "label vA:1",
            "label",
            "brd +",
        ),
        *("brd -", "brd 10.0.0.255", "broadcast foo", "brd", "peer 10.0.0.8", "peer 10.0.0.8/24", "peer foo", "home"),
        *("-nodad", "mngtmpaddr", "noprefixroute", "autojoin", "preferred_lft 5", "preferred_lft forever", "no_track"),
        *("preferred_lft foo", "preferred_lft", "track_group T", "use_vmac", "bogus", "bogus 5"),
    ),
    "TRACK_LINE": (
        "weight 5",
        "weight -5 reverse",
        "weight 254",
        "weight 255",
        "weight",
        "weight x",
        "reverse",
        "bogus",
    ),
    "PEER_LINE": ("min_ttl 5", "max_ttl 5", "min_ttl", "max_ttl 256", "min_ttl x", "bogus", "min_ttl 9 max_ttl 3"),
    "GROUP_LINE": ("80", "0", "65536", "x", "80 90"),
    "ROUTE_LINE": (
        *(
            "via 10.0.0.8",
            "gw 10.0.0.8",
            "via foo",
            "via",
            "dev vA",
            "dev nope",
            "src 10.0.0.1",
            "scope link",
            "table 5",
        ),
        *(
            "table main",
            "table nope",
            "metric 5",
            "preference 5",
            "tos 4",
            "dsfield 0x10",
            "proto static",
            "protocol 5",
        ),
        *("mtu 1400", "mtu lock 1400", "advmss 1300", "window 5", "cwnd 5", "ssthresh 5", "realms 5/6", "rto_min 5ms"),
        *(
            "hoplimit 5",
            "initcwnd 5",
            "initrwnd 5",
            "features ecn",
            "quickack on",
            "congctl cubic",
            "pref high",
            "onlink",
        ),
        *("pref foo", "expires 5", "ttl-propagate enabled", "fastopen_no_cookie on", "inet", "inet6", "add", "append"),
        *(
            "prepend",
            "no_track",
            "track_group T",
            "nexthop via 10.0.0.8 weight 5",
            "encap mpls 5",
            "or 10.0.0.7",
            "bogus",
        ),
        *("rtt 5", "rttvar 5", "reordering 5", "encap ip id 5 dst 10.0.0.8", "encap", "nexthop", "vrf x"),
    ),
    "RULE_LINE": (
        *(
            "from 10.0.0.0/8",
            "to 10.0.0.0/8",
            "from foo",
            "dev vA",
            "iif vA",
            "oif vA",
            "iif nope",
            "fwmark 5",
            "tos 4",
        ),
        *(
            "fwmark 5/7",
            "lookup 5",
            "table main",
            "table nope",
            "preference 5",
            "priority 5",
            "order 5",
            "realms 5",
            "nop",
        ),
        *("goto 5", "type blackhole", "type foo", "suppress_prefixlength 5", "suppress_ifgroup 5", "protocol 5", "to"),
        *(
            "ipproto tcp",
            "ipproto foo",
            "sport 5",
            "dport 5-9",
            "uidrange 1-2",
            "l3mdev",
            "tunnel-id 5",
            "inet",
            "inet6",
        ),
        *("no_track", "track_group T", "bogus", "blackhole", "unreachable"),
    ),
    "DELAYS_LINE": ("5", "5 6", "256", "x", "5 x", "0", ""),
    "LINKBEAT_LINE": ("MII", "ETHTOOL", "IOCTL", "FOO", ""),
}
HEADS: Final = {
    "ADDRESS_LINE": ADDRESSES,
    "TRACK_LINE": ("vA", "eth1", "nope", "c", "p", "f", "b"),
    "PEER_LINE": ADDRESSES,
    "GROUP_LINE": (
        "10.0.0.9",
        "10.0.0.9-11",
        "10.0.0.9-10.0.0.11",
        "10.0.0.9-5",
        "10.0.0.0/30",
        "fd00::1-f",
        "fwmark",
        "fwmark 5",
        "foo",
    ),
    "ROUTE_LINE": (
        "10.9.0.0/16",
        "default",
        "to 10.9.0.0/16",
        "blackhole 10.9.0.0/16",
        "unreachable default",
        "fd00::/64",
        "foo",
        "10.9.0.0/33",
    ),
    "RULE_LINE": ("from 10.9.0.0/16", "to 10.9.0.1", "", "foo"),
    "DELAYS_LINE": ("vA", "nope"),
    "LINKBEAT_LINE": ("vA", "nope"),
}
SPECIAL: Final = {
    "lvs_timeouts": ("tcp 5", "tcp 5 udp 6 tcpfin 7", "tcp", "foo 5", "tcp x", "tcp 2678401", "udp 0"),
    "lvs_sync_daemon": (
        "vA",
        "vA V",
        "vA inst V id 5",
        "vA 5",
        "vA V 300",
        "vA maxlen 9 port 9 ttl 9 group 224.0.0.9",
        "vA foo 5",
        "vA id",
    ),
    "smtp_server": ("10.0.0.9", "localhost", "10.0.0.9 26", "10.0.0.9 x", "10.0.0.9 65536"),
    "script_user": ("root", "root root", "nope", "root nope", "root root root"),
    "user": ("root", "root root", "nope", "root nope"),
    "notify_fifo": ("/tmp/x", "/tmp/x root", "/tmp/x nope", "/tmp/x root nope"),
    "vrrp_garp_extra_if": ("5", "all 5", "all", "0", "86401", "x"),
    "garp_extra_if": ("5", "all 5", "all", "0", "86401", "x"),
    "umask": ("022", "18", "IRUSR", "IRUSR|IWGRP", "IRUSR | IWGRP", "FOO", "0999", "01000"),
    "use_vmac": ("", "vx", "vx 00:00:5e:00:01", "00:00:5e:00:01:05", "averyveryverylongname", "vx vy", "00:00:5e"),
    "use_ipvlan": ("", "ipx", "ipx 10.0.0.9", "bridge", "private", "vepa", "ipx ipy", "foo bar baz"),
    "init_file": ("", "5", "5 overwrite", "overwrite", "x"),
    "lvs_method": (
        "NAT",
        "DR",
        "TUN",
        "nat",
        "FOO",
        "TUN type ipip",
        "TUN type gre csum",
        "TUN type gue port 9",
        "TUN type gue",
        "TUN type foo",
        "TUN foo",
    ),
    "persistence_granularity": ("255.255.0.0", "255.0.255.0", "64", "129", "foo", "10.0.0.1"),
    "status_code": ("200", "200-299", "200 300-301", "99", "600", "300-200", "x", "200-", "-200"),
    "digest": ("0" * 32, "0" * 31, "g" * 32),
    "payload": ("00ff", "0", "xx", "00 ff"),
    "require_reply": ("", "00xx", "0", "zz", "00 ff"),
    "regex_stack": ("1 2", "1", "x y", "9 2"),
    "regex": ("abc", "'a b'", "(", "[a", '"a\\"b"', "a\\x41"),
    "vrrp_rx_bufs_policy": ("MTU", "ADVERT", "5", "foo", "0"),
    "vrrp_cpu_affinity": ("0", "0 1", "x", "4095"),
    "name": ("b", "nope", "example.org"),
    "track_file": ("f", "nope"),
    "process": ("x", "x y", '"x y" z', "'x y'"),
    "key": (f"1 hex:{'0' * 64}", "foo", "300 x"),
    "snmp_socket": ("udp:127.0.0.1:705", "foo", "unix:/x"),
}
"""What is written behind keywords with a form of their own, good and bad."""
ABSENT: Final = frozenset(
    ("net_namespace", "net_namespace_ipvs", "include_check", "tmp_config_directory", "reload_file")
)
"""Not tried: namespaces of the host, and what the original reads before everything else."""
ROUTER: Final = "vrrp_instance V {{\ninterface vA\nvirtual_router_id 1\nvirtual_ipaddress {{\n10.0.0.1\n}}\n{}\n}}\n"
SECOND: Final = "vrrp_instance W {\ninterface vA\nvirtual_router_id 2\nvirtual_ipaddress {\n10.0.0.2\n}\n}\n"
NAMED: Final = (
    "global_defs {\nenable_script_security\nscript_user root\n}\nvrrp_script c {\nscript /bin/true\n}\n"
    "vrrp_track_process p {\nprocess x\n}\ntrack_file f {\nfile /tmp/x\n}\nbfd_instance b {\nneighbor_ip 10.0.0.1\n}\n"
    "track_group T {\ngroup {\nV\n}\n}\n"
)
"""Things that may be named."""


def around(block: str, body: str) -> str:
    """A good configuration but for what stands in one of its blocks."""
    if block == "":
        return NAMED + body + "\n" + ROUTER.format("")
    if block == "vrrp_instance":
        return NAMED + ROUTER.format(body)
    if block in {"authentication", "auth_hmac"}:
        return NAMED + ROUTER.format(f"{block} {{\n{body}\n}}")
    needs = {
        "vrrp_sync_group": ("G", "group {\nV\nW\n}"),
        "vrrp_script": ("d", "script /bin/true"),
        "vrrp_track_process": ("q", "process x"),
        "track_file": ("g", "file /tmp/x"),
        "track_group": ("U", "group {\nV\n}"),
        "garp_group": ("", "garp_interval 1"),
        "bfd_instance": ("a", "neighbor_ip 10.0.0.3"),
        "global_defs": ("", ""),
        "SSL": ("", ""),
    }
    if block in needs:
        name, must = needs[block]
        return f"{NAMED}{block} {name} {{\n{must}\n{body}\n}}\n{ROUTER.format('')}{SECOND}"
    if block == "virtual_server":
        return f"{NAMED}{SERVICE}{body}\n}}\n"
    return f"{NAMED}{SERVICE}real_server 10.0.0.3 80 {{\n{_inside(block, body)}\n}}\n}}\n"


def _inside(block: str, body: str) -> str:
    """What stands in a real server."""
    if block == "real_server":
        return body
    if block in {"http_url", "ssl_url"}:
        kind = "HTTP_GET" if block == "http_url" else "SSL_GET"
        return f"{kind} {{\nurl {{\npath /\n{body}\n}}\n}}"
    if block == "smtp_host":
        return f"SMTP_CHECK {{\nhost {{\n{body}\n}}\n}}"
    must = {"HTTP_GET": "url {\npath /\n}", "SSL_GET": "url {\npath /\n}", "MISC_CHECK": "misc_path /bin/true"}
    must |= {"FILE_CHECK": "track_file f", "BFD_CHECK": "name b"}
    return f"{block} {{\n{must.get(block, '')}\n{body}\n}}"


def form_of(value: Any) -> str:
    """The name of a kind of lines."""
    from xlvs.config.schema import lines

    return next((name for name in WORDS if getattr(lines, name) is value), "")


def _choices(value: Any) -> Sequence[str]:
    """Limits and what is beyond them, words and what is not one."""
    if isinstance(value, Number):
        return [str(each) for each in (value.low - 1, value.low, value.low + 1, value.high, value.high + 1, 5)]
    if isinstance(value, Weighted):
        numbers = (value.low - 1, value.low, 5, value.high, value.high + 1)
        return [f"{number}{behind}" for number in numbers for behind in ("", " reverse", " foo")]
    if isinstance(value, Seconds):
        return (value.low, "0", "0.5", "3", value.high, f"{value.high}9", "0.0000001")
    if isinstance(value, Choice):
        return (*value.words, "foo", value.words[0].swapcase())
    fixed: dict[type, Sequence[str]] = {
        Bool: ("", *Bool().words, "foo"),
        OneOf: ("1", "2", "3", "4"),
        IP: (*ADDRESSES, "10.0.0.9 80"),
        IPPort: (*ADDRESSES, "10.0.0.9 80", "10.0.0.9 0", "10.0.0.9 65536"),
        ScriptValue: COMMANDS,
        Flag: ("", "", "foo"),
    }
    return fixed.get(type(value), ("foo", "vA", "/tmp/x", '"a b"'))


class Maker:
    """Draws configurations."""

    def __init__(self, random: Random, since: str = "2.2.7") -> None:
        self._random = random
        self._keywords = [
            (block.name, keyword)
            for block in BLOCKS.values()
            for keyword in block.keywords
            if keyword.since <= since and keyword.name not in ABSENT and not keyword.block
        ]

    def configuration(self) -> str:
        """One."""
        kind = self._random.random()
        block, keyword = self._random.choice(self._keywords)
        if kind < 0.1:
            wrong = self._random.choice(list(BLOCKS))
            return around(wrong, self.line(keyword))
        body = self.line(keyword)
        if kind < 0.5:
            others = [each for name, each in self._keywords if name == block]
            body += "\n" + self.line(self._random.choice(others))
        text = around(block, body)
        return self.broken(text) if kind > 0.9 else text

    def line(self, keyword: Keyword) -> str:
        """A keyword with something behind it."""
        if keyword.lines:
            rows = "\n".join(self.row(keyword) for _ in range(self._random.randint(0, 2)))
            head = " g" if keyword.name == "virtual_server_group" else ""
            return f"{keyword.name}{head} {{\n{rows}\n}}"
        return f"{keyword.name} {self.value(keyword.name, keyword.value)}".rstrip()

    def row(self, keyword: Keyword) -> str:
        """A line of a list."""
        name = form_of(keyword.lines)
        if not name:
            return self._random.choice(("V", "W", "V W", "nope", "vA", "root@localhost", "a b", ""))
        words = [self._random.choice(HEADS[name])]
        words += [self._random.choice(WORDS[name]) for _ in range(self._random.randint(0, 2))]
        return " ".join(words)

    def value(self, name: str, value: Any) -> str:
        """What may follow a keyword, or may not."""
        pick = self._random.choice
        if self._random.random() < 0.15:
            return pick(WRONG)
        if name in SPECIAL or {"lb_kind": "lvs_method", "sorry_server_lvs_method": "lvs_method"}.get(name):
            return pick(SPECIAL.get(name) or SPECIAL["lvs_method"])
        if isinstance(value, Maybe):
            return pick(("", self.value("", value.value)))
        if isinstance(value, Several):
            return " ".join(pick((*value.choices, "foo")) for _ in range(2))
        return pick(_choices(value))

    def broken(self, text: str) -> str:
        """The text with its form hurt."""
        rows = text.split("\n")
        at = self._random.randrange(len(rows))
        what = self._random.randrange(8)
        if what == 0:
            del rows[at]
        elif what == 1:
            rows.insert(at, rows[at])
        elif what == 2:
            rows.insert(
                at, self._random.choice(("}", "{", "bogus {", "bogus 5", "# x", "! x", '"', "@main x", "@^main bogus"))
            )
        elif what == 3:
            rows[at] = rows[at].replace("{", "")
        elif what == 4:
            rows[at] = f"{rows[at]} # {{"
        elif what == 5:
            rows[at : at + 2] = [" ".join(rows[at : at + 2])]
        elif what == 6:
            rows.insert(0, "$A=5")
            rows[at] = f"{rows[at]} $A"
        else:
            rows[at] = rows[at][: len(rows[at]) // 2]
        return "\n".join(rows)
