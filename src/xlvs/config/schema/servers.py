# SPDX-License-Identifier: Apache-2.0
"""Keywords: virtual_server and real_server."""

from __future__ import annotations

from xlvs.config.schema.keyword import C, E, Keyword, R, Repeat
from xlvs.config.schema.special import FORWARDING, GRANULARITY, LONG, SCHEDULER
from xlvs.config.values import Bool, Choice, Flag, IPPort, Maybe, Number, ScriptValue, Seconds, Text

VIRTUAL_SERVER = (
    Keyword("delay_loop", E, "checker interval", Seconds("0.000001", LONG), default="60"),
    Keyword("lvs_sched", E, "scheduler", SCHEDULER, default="wlc"),
    Keyword("lb_algo", E, "another name of lvs_sched", SCHEDULER, means="lvs_sched"),
    Keyword("lvs_method", E, "forwarding", FORWARDING, default="NAT", spellings=("lbKind",)),
    Keyword("lb_kind", E, "another name of lvs_method", FORWARDING, means="lvs_method"),
    Keyword(
        "protocol",
        E,
        "case-insensitive; ignored for fwmark services",
        Choice(("TCP", "UDP", "SCTP"), any_case=True),
        default="UDP",
    ),
    Keyword(
        "persistence_timeout",
        E,
        "IPVS persistence timeout in seconds",
        Maybe(Number(1, 2_678_400, "s"), 360),
        default="[off; bare = 360]",
    ),
    Keyword("persistence_granularity", R, "netmask grouping clients (ipvsadm -M)", GRANULARITY, default="[/32, /128]"),
    Keyword("persistence_engine", R, "IPVS persistence engine (SIP call-id)", Text("NAME")),
    Keyword("real_server", E, "one backend", block="real_server", repeat=Repeat.ALL),
    Keyword("sorry_server", C, "used when the quorum is lost", IPPort()),
    Keyword("sorry_server_inhibit", R, "keep it present at weight 0", Flag()),
    Keyword(
        "sorry_server_lvs_method",
        R,
        "forwarding method of the sorry server",
        FORWARDING,
        default="[VS's]",
        goes_on=True,
    ),
    Keyword("quorum", C, "minimum sum of alive weights", Number(1), default="1"),
    Keyword("hysteresis", R, "must be < quorum", Number(), default="0"),
    Keyword("quorum_up", C, "run when quorum is gained", ScriptValue(), command=True),
    Keyword("quorum_down", C, "run when quorum is lost", ScriptValue(), command=True),
    Keyword("alpha", C, "start with everything down", Flag()),
    Keyword("omega", R, "run down notifiers at shutdown", Flag()),
    Keyword("ha_suspend", C, "check only while the VIP is on this host", Flag()),
    Keyword("inhibit_on_failure", C, "weight 0 instead of removal", Flag()),
    Keyword("connect_timeout", C, "inherited by RS and checkers", Seconds("0.000001"), default="5"),
    Keyword("retry", C, "inherited", Number(1), default="1"),
    Keyword("delay_before_retry", C, "inherited", Seconds(high=LONG), default="1"),
    Keyword("warmup", R, "random initial delay 0..warmup", Seconds(high=LONG), default="[= delay_loop]"),
    Keyword("virtualhost", C, "HTTP Host", Text("TEXT"), goes_on=True),
    Keyword("smtp_alert", C, "mail on quorum change", Bool(), default="[global, else false]"),
    Keyword("ops", R, "one-packet scheduling, UDP only", Flag()),
    Keyword("flag-1", R, "scheduler flag", Flag()),
    Keyword("flag-2", R, "scheduler flag 2", Flag()),
    Keyword("flag-3", R, "scheduler flag 3", Flag()),
    Keyword("sh-port", R, "sh only", Flag()),
    Keyword("sh-fallback", R, "sh only", Flag()),
    Keyword("mh-port", R, "mh only", Flag()),
    Keyword("mh-fallback", R, "mh only", Flag()),
    Keyword(
        "hashed",
        R,
        "sets the IPVS HASHED flag",
        Flag(),
        without_effect="the flag has no meaning for a table that is always hashed",
    ),
    Keyword("ip_family", R, "for fwmark services", Choice(("inet", "inet6")), default="[inferred]"),
    Keyword(
        "snmp_name",
        R,
        "label shown in SNMP output",
        Text("TEXT"),
        without_effect="xlvs has no SNMP agent: read the numbers from `xlvs keepalived status --json`",
        goes_on=True,
    ),
    Keyword("weight", R, "default weight of the real servers", Number(1, 2**31 - 1), default="1"),
)

REAL_SERVER = (
    Keyword("weight", E, "IPVS weight; 0 = quiesced", Number(0, 2**31 - 1), default="[VS weight, else 1]"),
    Keyword("TCP_CHECK", E, "connect check", block="TCP_CHECK", repeat=Repeat.ALL),
    Keyword("HTTP_GET", E, "HTTP check", block="HTTP_GET", spellings=("HTTPᐈET",), repeat=Repeat.ALL),
    Keyword("SSL_GET", E, "HTTPS check", block="SSL_GET", repeat=Repeat.ALL),
    Keyword("MISC_CHECK", E, "external command check", block="MISC_CHECK", repeat=Repeat.ALL),
    Keyword("SMTP_CHECK", C, "SMTP greeting check", block="SMTP_CHECK", repeat=Repeat.ALL),
    Keyword("DNS_CHECK", C, "DNS query check over UDP", block="DNS_CHECK", repeat=Repeat.ALL),
    Keyword("UDP_CHECK", C, "UDP datagram check", block="UDP_CHECK", repeat=Repeat.ALL),
    Keyword("PING_CHECK", C, "ICMP echo check", block="PING_CHECK", repeat=Repeat.ALL),
    Keyword("BFD_CHECK", R, "BFD session as check", block="BFD_CHECK", repeat=Repeat.ALL),
    Keyword("FILE_CHECK", R, "track_file as check/weight", block="FILE_CHECK", repeat=Repeat.ALL),
    Keyword("inhibit_on_failure", C, "weight 0 instead of removal", Bool(), default="[VS's]"),
    Keyword("notify_up", C, "run when the RS comes up", ScriptValue(), command=True),
    Keyword("notify_down", C, "run when the RS goes down", ScriptValue(), command=True),
    Keyword("lvs_method", R, "per-RS forwarding", FORWARDING, default="[VS's]", spellings=("lbKind",)),
    Keyword("uthreshold", R, "upper connection threshold", Number(), default="0"),
    Keyword("lthreshold", R, "lower threshold", Number(), default="0"),
    Keyword("alpha", R, "start as down", Bool(), default="[VS's]"),
    Keyword("retry", R, "default retries of its checkers", Number(1), default="[VS's]"),
    Keyword("delay_before_retry", R, "default retry delay of its checkers", Seconds(high=LONG), default="[VS's]"),
    Keyword("warmup", R, "default random start delay", Seconds(high=LONG), default="[VS's]"),
    Keyword("connect_timeout", R, "default connection timeout", Seconds("0.000001"), default="[VS's]"),
    Keyword("delay_loop", R, "default interval", Seconds("0.000001", LONG), default="[VS's]"),
    Keyword(
        "smtp_alert", C, "mail on RS change", Bool(), default="[true unless global smtp_alert(_checker) says otherwise]"
    ),
    Keyword("virtualhost", R, "HTTP Host for its checkers", Text("TEXT"), default="[VS's]", goes_on=True),
    Keyword(
        "snmp_name",
        R,
        "label shown in SNMP output",
        Text("TEXT"),
        without_effect="xlvs has no SNMP agent: read the numbers from `xlvs keepalived status --json`",
        goes_on=True,
    ),
)

SSL = (
    Keyword("password", R, "key pass phrase", Text("TEXT"), goes_on=True),
    Keyword("ca", R, "CA file", Text("FILE"), goes_on=True),
    Keyword("certificate", R, "client certificate", Text("FILE"), goes_on=True),
    Keyword("key", R, "private key file", Text("FILE"), goes_on=True),
)
