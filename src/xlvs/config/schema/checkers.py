# SPDX-License-Identifier: Apache-2.0
"""Keywords: Checkers."""

from __future__ import annotations

from xlvs.config.schema.keyword import C, E, Keyword, R, Repeat
from xlvs.config.schema.special import (
    DIGEST,
    DNS_TYPES,
    LONG,
    PAYLOAD,
    REGEX_OPTIONS,
    REGEX_STACK,
    REPLY,
    STATUS_CODES,
    USER,
)
from xlvs.config.values import IP, Bool, Choice, Flag, Maybe, Number, ScriptValue, Seconds, Several, Text, Weighted

COMMON = (
    Keyword("connect_ip", C, "probe this address instead of the RS", IP(), default="[RS address]"),
    Keyword("connect_port", E, "probe this port instead of the RS port", Number(1, 65535), default="[RS port]"),
    Keyword("bindto", C, "source address", IP()),
    Keyword("bind_port", R, "source port, together with bindto", Number(1, 65535)),
    Keyword("bind_if", R, "for link-local bindto", Text("INTERFACE")),
    Keyword("connect_timeout", E, "time allowed for connect/answer", Seconds("0.000001"), default="[RS's (5)]"),
    Keyword("fwmark", R, "mark of probe packets", Number(), default="0"),
    Keyword("retry", C, "extra probes before declaring down", Number(), default="[RS's / type default]"),
    Keyword("delay_before_retry", C, "pause before a retry", Seconds(high=LONG), default="[RS's / type default]"),
    Keyword("warmup", R, "random start delay 0..warmup", Seconds(high=LONG), default="[RS's (= delay_loop)]"),
    Keyword("delay_loop", C, "interval between probes", Seconds("0.000001", LONG), default="[RS's]"),
    Keyword("alpha", R, "start as failed", Bool(), default="[RS's]"),
    Keyword("log_all_failures", R, "log every failed probe", Bool(), default="[checker_log_all_failures]"),
)

HTTP_GET = (
    Keyword("url", E, "a path to ask for; several are allowed", block="http_url", repeat=Repeat.ALL),
    Keyword(
        "nb_get_retry",
        C,
        "old name of retry, frequent in real configs",
        Number(),
        means="retry",
        deprecated="write retry",
    ),
    Keyword("virtualhost", C, "Host header default", Text("TEXT"), default="[RS/VS]", goes_on=True),
    Keyword(
        "http_protocol",
        C,
        "request version; 1.0C adds Connection: close",
        Choice(("1.0", "1.0C", "1.1"), any_case=True),
        default="1.0",
        goes_on=True,
    ),
    Keyword("enable_sni", C, "send the host name in the TLS handshake", Bool()),
    Keyword("sni_name", R, "name sent in SNI", Text("TEXT"), default="[virtualhost]", since="2.4"),
    Keyword("fast_recovery", R, "no delay between URLs while recovering", Bool(), default="off"),
)

SSL_GET = (
    Keyword("url", E, "a path to ask for; several are allowed", block="ssl_url", repeat=Repeat.ALL),
    Keyword(
        "nb_get_retry",
        C,
        "old name of retry, frequent in real configs",
        Number(),
        means="retry",
        deprecated="write retry",
    ),
    Keyword("virtualhost", C, "Host header default", Text("TEXT"), default="[RS/VS]", goes_on=True),
    Keyword(
        "http_protocol",
        C,
        "request version; 1.0C adds Connection: close",
        Choice(("1.0", "1.0C", "1.1"), any_case=True),
        default="1.0",
        goes_on=True,
    ),
    Keyword("enable_sni", C, "send the host name in the TLS handshake", Bool()),
    Keyword("sni_name", R, "name sent in SNI", Text("TEXT"), default="[virtualhost]", since="2.4"),
    Keyword("fast_recovery", R, "no delay between URLs while recovering", Bool(), default="off"),
    Keyword("tls_compliant", R, "send close_notify", Flag(), since="2.4"),
)

URL = (
    Keyword("path", E, "request path", Text("TEXT")),
    Keyword("status_code", E, "accepted status codes/ranges", STATUS_CODES, default="200-299", goes_on=True),
    Keyword("digest", C, "of the body, by keepalived --genhash", DIGEST, repeat=Repeat.FIRST),
    Keyword("virtualhost", C, "Host header of this URL", Text("TEXT"), default="[checker's]", goes_on=True),
    Keyword("regex", C, "searched in the body", Text("REGEX"), command=True, goes_on=True),
    Keyword("regex_no_match", R, "a match means failure", Flag()),
    Keyword(
        "regex_options",
        R,
        "options of the regular expression, by their PCRE2 names",
        Several(REGEX_OPTIONS),
        unchecked=True,
    ),
    Keyword("regex_min_offset", R, "start searching here", Number(), default="0", goes_on=True, unchecked=True),
    Keyword("regex_max_offset", R, "last start of a match", Number(), goes_on=True, unchecked=True),
    Keyword(
        "regex_stack",
        R,
        "JIT stack",
        REGEX_STACK,
        without_effect="the regular expressions need no stack to be set",
        goes_on=True,
        unchecked=True,
    ),
)

SMTP_CHECK = (
    Keyword("helo_name", C, "HELO argument", Text("TEXT"), default="smtpchecker.keepalived.org", goes_on=True),
    Keyword("host", R, "deprecated: put what is inside into SMTP_CHECK", block="smtp_host"),
)

DNS_CHECK = (
    Keyword("type", C, "record type", Choice(DNS_TYPES, any_case=True), default="SOA"),
    Keyword("name", C, "name queried", Text("NAME"), default=".", repeat=Repeat.FIRST),
)

MISC_CHECK = (
    Keyword("misc_path", E, "command run", ScriptValue(names_user=False), command=True, goes_on=True),
    Keyword("misc_timeout", C, "kill after this time", Seconds("0", "4294"), default="[delay_loop]"),
    Keyword("misc_dynamic", C, "weight = exit status - 2", Flag()),
    Keyword("user", C, "user/group to run as", USER, default="[script_user]", goes_on=True),
)

UDP_CHECK = (
    Keyword("payload", C, "datagram sent", PAYLOAD, default="[random]", goes_on=True),
    Keyword("require_reply", C, "an answer (matching HEX) is required", Maybe(REPLY, ""), default="[no reply needed]"),
    Keyword("min_reply_length", R, "shortest acceptable reply", Number(0, 65535), default="0"),
    Keyword("max_reply_length", R, "longest acceptable reply", Number(0, 65535), default="255"),
)

FILE_CHECK = (
    Keyword("track_file", R, "name of the track_file block", Text("NAME"), repeat=Repeat.AGREE),
    Keyword(
        "weight", R, "factor for the number in the file", Weighted(-(2**31) + 1, 2**31 - 1), default="[track_file's]"
    ),
)

BFD_CHECK = (
    Keyword("name", R, "name of the bfd_instance block", Text("NAME"), repeat=Repeat.FIRST),
    Keyword("alpha", R, "start as failed", Bool(), default="[RS's]"),
)
