# SPDX-License-Identifier: Apache-2.0
"""The section of keepalived_check.data about checkers."""

from __future__ import annotations

import time
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from xlvs.config.settings.servers import BfdCheck, DnsCheck, FileCheck, HttpCheck, MiscCheck, SmtpCheck, UdpCheck
from xlvs.healthcheck.probe import SECOND_US
from xlvs.keepalived.dumps import dump_words as words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.config.settings.servers import Checker as Given
    from xlvs.config.settings.servers import RealServer as GivenReal
    from xlvs.config.settings.servers import Url
    from xlvs.config.settings.servers import VirtualServer as GivenVirtual
    from xlvs.healthcheck.checker import Checker
    from xlvs.healthcheck.virtual_server import VirtualServer

_RETRY_DELAY_US: Final = {"HTTP_GET": 3 * SECOND_US, "SSL_GET": 3 * SECOND_US, "DNS_CHECK": 0}
_NO_CONNECTION: Final = (MiscCheck, FileCheck, BfdCheck)


def of_server(given: GivenVirtual, running: VirtualServer, config: KeepalivedConfig) -> Iterator[str]:
    """The checkers of a virtual server."""
    for real, server in zip_longest(given.real_servers, running.servers):
        if not real or not server:
            continue
        for block, checker in zip_longest(real.checkers, server.checkers):
            if block and checker:
                name = f"[{real.address}]:none:0" if given.head.mark else server.settings.name
                yield f" {running.settings.name} -> {name}"
                yield from _checker(block, checker, real, given, config)


def _yes(value: object) -> str:
    return "yes" if value else "no"


def _checker(
    given: Given, checker: Checker, real: GivenReal, around: GivenVirtual, config: KeepalivedConfig
) -> Iterator[str]:
    yield f"   Enabled = {_yes(checker.users)}"
    yield f"   Up = {_yes(not checker.failed)}"
    yield f"   Has run = {_yes(checker.has_run)}"
    yield f"   Current weight = {checker.weight.value if checker.weight else 0}"
    yield f"   Alpha = {_yes(given.alpha)}"
    yield f"   Delay loop = {given.delay_loop} us"
    yield f"   Warmup = {given.warmup} us"
    yield f"   Retries = {given.retry}"
    if given.retry:
        yield f"   Delay before retry = {given.delay_before_retry} us"
        yield f"   Retries iterations = {_tries(given, checker)}"
    yield f"   Default delay before retry = {_RETRY_DELAY_US.get(given.kind, SECOND_US)} us"
    yield f"   Log all failures = {_yes(given.log_all_failures)}"
    if not isinstance(given, _NO_CONNECTION):
        yield from _connection(given, real, around)
    yield from _kind(given, checker, real.virtualhost or around.virtualhost, config)


def _tries(given: Given, checker: Checker) -> int:
    """Before the first probe there are none left; a failed web server keeps the count that made it fail."""
    if not checker.has_run:
        return given.retry
    if isinstance(given, HttpCheck) and checker.failed and checker.has_run:
        return given.retry + 1
    return checker.tries


def _connection(given: Given, real: GivenReal, around: GivenVirtual) -> Iterator[str]:
    port = given.connect_port
    if port is None:
        port = 0 if around.head.mark else real.port or around.head.port
    yield "   Connection"
    yield f"     Dest = [{given.connect_ip or real.address}]:{port}"
    if given.bindto or given.bind_port:
        yield f"     Bind to = [{given.bindto or ''}]:{given.bind_port or 0}"
    if given.bind_if:
        yield f"     Bind i/f = {given.bind_if}"
    if given.fwmark:
        yield f"     Mark = {given.fwmark}"
    yield f"     Timeout = {given.connect_timeout / SECOND_US:f}"


def _kind(given: Given, checker: Checker, host: str, config: KeepalivedConfig) -> Iterator[str]:
    match given:
        case HttpCheck():
            yield from _http(given, checker, host)
        case SmtpCheck():
            yield f"   Keepalive method = {given.kind}"
            yield f"   helo = {given.helo_name}"
        case DnsCheck():
            yield f"   Keepalive method = {given.kind}"
            yield f"   Type = {given.type}"
            yield f"   Name = {'' if given.name == '.' else given.name}"
        case UdpCheck():
            yield f"   Keepalive method = {given.kind}"
            yield from _udp(given)
        case MiscCheck():
            yield f"   Keepalive method = {given.kind}"
            yield from _misc(given, checker, config)
        case _:
            yield f"   Keepalive method = {given.kind}"


def _http(given: HttpCheck, checker: Checker, host: str) -> Iterator[str]:
    yield f"   Keepalive method = {given.kind}, http protocol {given.http_protocol}"
    if given.virtualhost and given.virtualhost != host:
        yield f"   Virtualhost = {given.virtualhost}"
    yield f"   Enable SNI {'set' if given.enable_sni else 'unset'}"
    yield f"   Fast recovery {'set' if given.fast_recovery else 'unset'}"
    for url in given.urls:
        yield f"   Checked url = {url.path}"
        if url.digest:
            yield f"     digest = {url.digest.hex()}"
        yield "     HTTP Status Code(s)"
        yield from (f"       {_range(*each)}" for each in url.status_code)
        if url.virtualhost:
            yield f"     Virtual host = {url.virtualhost}"
        yield from _regex(url)
    if checker.failed and checker.has_run and given.urls:
        yield f"   Failed URL = {given.urls[checker.url].path}"


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _regex(url: Url) -> Iterator[str]:
    if not url.regex:
        return
    yield f'     Regex = "{url.regex}"'
    if url.regex_no_match:
        yield "     Regex no match"
    if url.regex_min_offset or url.regex_max_offset is not None:
        yield f"     Regex min offset = {url.regex_min_offset}, max_offset = {url.regex_max_offset or 0}"
    yield f"     Regex options:{''.join(f' {each}' for each in url.regex_options)}"
    yield "     Regex ref count = 1"


def _udp(given: UdpCheck) -> Iterator[str]:
    if given.payload is not None:
        yield f"   Payload len = {len(given.payload)}"
    yield f"   Require reply = {_yes(given.require_reply is not None)}"
    if given.require_reply is not None:
        yield f"     Min reply length = {given.min_reply_length}"
        yield f"     Max reply length = {given.max_reply_length}"
        if given.require_reply:
            yield f"     Reply data len = {len(given.require_reply) // 2}"
            yield f"     Reply data mask = {_yes('X' in given.require_reply.upper())}"


def _misc(given: MiscCheck, checker: Checker, config: KeepalivedConfig) -> Iterator[str]:
    if given.misc_path:
        yield f"   script = {words.quoted(given.misc_path.command)}"
    if given.misc_timeout:
        yield f"   timeout = {given.misc_timeout // SECOND_US}"
    yield f"   dynamic = {'YES' if given.misc_dynamic else 'NO'}"
    user = given.user
    yield f"   uid:gid = {words.owner(user.name if user else '', user.group if user else '', config.settings)}"
    at = time.time() - (time.monotonic() - checker.last_at / SECOND_US) if checker.last_at else 0.0
    seconds, part = divmod(round(at * SECOND_US), SECOND_US)
    yield f"   Last ran = {seconds}.{part:06} ({time.ctime(seconds)}.{part:06})"
    yield f"   Last status = {int(checker.failed)}"
