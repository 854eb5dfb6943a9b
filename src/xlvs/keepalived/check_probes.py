# SPDX-License-Identifier: Apache-2.0
"""From checker blocks of keepalived.conf to checkers: what is asked, how often, and each kind's own defaults."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

from xlvs.checkers import dns, http
from xlvs.healthcheck.probe import (
    DEFAULT_HELO,
    REPLY_LENGTH_MAX,
    SECOND_US,
    BfdProbe,
    DnsProbe,
    Endpoint,
    FileProbe,
    HttpProbe,
    Kind,
    MiscProbe,
    PingProbe,
    SmtpProbe,
    TcpProbe,
    UdpProbe,
)
from xlvs.healthcheck.settings import DELAY_LOOP_US, CheckerSettings
from xlvs.keepalived import programs
from xlvs.keepalived.statements import Block
from xlvs.model.address import format_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlvs.config.tree import Statement
    from xlvs.healthcheck.probe import Probe

CHECKERS: Final = {
    "TCP_CHECK": Kind.TCP,
    "HTTP_GET": Kind.HTTP,
    "SSL_GET": Kind.HTTP,
    "SMTP_CHECK": Kind.SMTP,
    "DNS_CHECK": Kind.DNS,
    "UDP_CHECK": Kind.UDP,
    "PING_CHECK": Kind.PING,
    "MISC_CHECK": Kind.MISC,
    "FILE_CHECK": Kind.FILE,
    "BFD_CHECK": Kind.BFD,
}
_RETRIES: Final = {Kind.DNS: 3, Kind.MISC: 0, Kind.BFD: 0, Kind.FILE: 0}
_RETRY_DELAYS_US: Final = {Kind.HTTP: 3 * SECOND_US}
FILE_INTERVAL_US: Final = SECOND_US
DEFAULT_STATUSES: Final = ((200, 299),)

End = tuple[bytes, int]


def checkers_of(
    statement: Statement, server: Block, service: str, end: End, files: dict[str, Block]
) -> list[CheckerSettings]:
    """The checker of a block; several for SMTP_CHECK with several hosts, none when it cannot be."""
    block = server.inner(statement)
    if statement.keyword == "SMTP_CHECK" and (hosts := list(block.all("host"))):
        helo = block.own_text("helo_name") or DEFAULT_HELO
        ends = [_endpoint(block.inner(host), end) for host in hosts]
        return [_settings(Kind.SMTP, service, (SmtpProbe(each, helo),), block) for each in ends]
    kind = CHECKERS[statement.keyword]
    if kind is Kind.FILE:
        probes = _file(statement, block, files)
    elif kind is Kind.HTTP:
        probes = _http(statement, block, end)
    elif kind is Kind.BFD:
        probes = (BfdProbe(name),) if (name := block.own_text("name")) else ()
    else:
        probe = _MAKERS[kind](block, end)
        probes = (probe,) if probe else ()
    if not probes:
        block.complain(statement, f"{statement.keyword} lacks what it needs, or it is wrong: it is left out")
        return []
    return [_settings(kind, service, probes, block)]


def _settings(kind: Kind, service: str, probes: tuple[Probe, ...], block: Block) -> CheckerSettings:
    interval = block.seconds_us("delay_loop", default=DELAY_LOOP_US)
    default_delay = interval if kind is Kind.DNS else _RETRY_DELAYS_US.get(kind, SECOND_US)
    if kind is Kind.FILE:
        return CheckerSettings(kind, service, probes, interval_us=FILE_INTERVAL_US, retry=0)
    return CheckerSettings(
        kind,
        service,
        probes,
        interval_us=interval,
        retry=block.number("retry", "nb_get_retry", default=_RETRIES.get(kind, 1)),
        retry_delay_us=block.seconds_us("delay_before_retry", default=default_delay),
        warmup_us=block.seconds_us("warmup", default=interval),
        alpha=block.flag("alpha"),
        log_all_failures=block.flag("log_all_failures", default=block.flag("checker_log_all_failures")),
        fast_recovery=block.has("fast_recovery"),
    )


def _endpoint(block: Block, end: End) -> Endpoint:
    return Endpoint(
        block.own_address("connect_ip", end[0]),
        block.own_number("connect_port", default=end[1], low=1, high=65535),
        block.own_address("bindto", b""),
        block.own_number("bind_port", default=0, low=1, high=65535),
        block.own_text("bind_if") or "",
        block.own_number("fwmark", default=0),
        block.seconds_us("connect_timeout", default=5 * SECOND_US),
    )


def _dns(block: Block, end: End) -> Probe | None:
    kind = dns.TYPES.get((block.own_text("type") or "SOA").upper())
    name = block.own_text("name") or "."
    try:
        dns.query(0, name, 0)
    except ValueError:
        return None
    return DnsProbe(_endpoint(block, end), name, kind) if kind else None


def _udp(block: Block, end: End) -> Probe | None:
    payload = block.own_text("payload")
    reply = block.own("require_reply")
    wanted = reply.words[0] if reply and reply.words else ""
    try:
        sent = bytes.fromhex(payload) if payload is not None else None
        expected = bytes.fromhex(re.sub("[xX]", "0", wanted))
    except ValueError:
        return None
    mask = bytes.fromhex("".join("0" if char in "xX" else "f" for char in wanted))
    shortest = block.own_number("min_reply_length", default=0, high=REPLY_LENGTH_MAX)
    longest = block.own_number("max_reply_length", default=REPLY_LENGTH_MAX, high=65535)
    return UdpProbe(_endpoint(block, end), sent, reply is not None, expected, mask, shortest, longest)


def _misc(block: Block, _end: End) -> Probe | None:
    words = block.words("misc_path")
    if len(words) == 1:
        # A quoted command line is one word of the file, and as many of its own.
        try:
            words = tuple(shlex.split(words[0]))
        except ValueError:
            return None
    if not words:
        return None
    user = block.words("user") or block.scope_words("script_user")
    default = block.seconds_us("delay_loop", default=DELAY_LOOP_US)
    return MiscProbe(
        words,
        block.seconds_us("misc_timeout", default=default),
        block.has("misc_dynamic"),
        user[0] if user else programs.default_user(),
        user[1] if len(user) > 1 else "",
    )


_MAKERS: Final[dict[Kind, Callable[[Block, End], Probe | None]]] = {
    Kind.TCP: lambda block, end: TcpProbe(_endpoint(block, end)),
    Kind.PING: lambda block, end: PingProbe(_endpoint(block, end)),
    Kind.SMTP: lambda block, end: SmtpProbe(_endpoint(block, end), block.own_text("helo_name") or DEFAULT_HELO),
    Kind.DNS: _dns,
    Kind.UDP: _udp,
    Kind.MISC: _misc,
}


def _file(statement: Statement, block: Block, files: dict[str, Block]) -> tuple[Probe, ...]:
    name = block.own_text("track_file")
    tracked = files.get(name or "")
    path = tracked.own_text("file") if tracked else None
    if tracked is None or path is None:
        block.complain(statement, f"track_file {name} is not defined")
        return ()
    weight = block.own("weight")
    sign = -1 if weight and "reverse" in weight.words else 1
    default = tracked.own_number("weight", default=1, low=-254, high=254)
    return (FileProbe(path, sign * block.own_number("weight", default=default, low=-(2**31), high=2**31 - 1)),)


def _http(statement: Statement, block: Block, end: End) -> tuple[Probe, ...]:
    endpoint = _endpoint(block, end)
    probes = [_url(block.inner(each), endpoint, tls=statement.keyword == "SSL_GET") for each in block.all("url")]
    return tuple(each for each in probes if each)


def _url(url: Block, endpoint: Endpoint, *, tls: bool) -> HttpProbe | None:
    path = url.own_text("path")
    if path is None:
        return None
    virtual_host = url.text("virtualhost")
    address = format_address(endpoint.address)
    host = virtual_host or f"{address if len(endpoint.address) == 4 else f'[{address}]'}:{endpoint.port}"
    sni = ""
    if tls and url.flag("enable_sni"):
        sni = url.text("sni_name") or virtual_host or ""
    limit = url.own_number("regex_max_offset", default=-1)
    return HttpProbe(
        endpoint,
        path,
        host,
        version=(url.text("http_protocol") or "1.0").upper(),
        tls=tls,
        sni=sni,
        statuses=_statuses(url),
        digest=_digest(url),
        regex=_regex(url),
        regex_flags=frozenset(word.lower() for word in url.words("regex_options")),
        regex_must_not_match=url.has("regex_no_match"),
        regex_from=url.own_number("regex_min_offset", default=0),
        regex_to=None if limit < 0 else limit,
    )


def _statuses(url: Block) -> tuple[tuple[int, int], ...]:
    statement = url.own("status_code")
    found: list[tuple[int, int]] = []
    for word in statement.words if statement else ():
        match = re.fullmatch(r"(\d{3})(?:-(\d{3}))?", word)
        low = int(match[1]) if match else 0
        high = int(match[2] or match[1]) if match else 0
        if statement and not 100 <= low <= high <= 599:
            url.complain(statement, f"status_code {word} is not a code or a range from 100 to 599")
        else:
            found.append((low, high))
    return tuple(found) or DEFAULT_STATUSES


def _digest(url: Block) -> bytes:
    statement = url.own("digest")
    word = statement.words[0] if statement and statement.words else ""
    if statement and not re.fullmatch(r"[0-9a-fA-F]{32}", word):
        url.complain(statement, "digest needs 32 hexadecimal digits, as `keepalived --genhash` prints them")
        return b""
    return bytes.fromhex(word)


def _regex(url: Block) -> str:
    statement = url.own("regex")
    text = statement.words[0] if statement and statement.words else ""
    try:
        http.pattern(text, frozenset(word.lower() for word in url.words("regex_options")))
    except re.error as error:
        if statement:
            url.complain(statement, f"regex: {error}")
        return ""
    return text
