# SPDX-License-Identifier: Apache-2.0
"""``xlvs genhash`` and ``--genhash``: the digest of a page, for `digest` in keepalived.conf, fetched as HTTP_GET and SSL_GET fetch it."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING, Final

from xlvs.checkers import phrases
from xlvs.checkers.http import HttpExchange
from xlvs.checkers.stream import StreamAttempt, Tls
from xlvs.healthcheck.probe import SECOND_US, Endpoint, HttpProbe
from xlvs.model.address import parse_ipv4, parse_ipv6
from xlvs.model.errors import UsageError, XlvsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlvs.healthcheck.probe import ProbeResult

_ANY_STATUS: Final = ((0, 999),)
_TIMEOUT_MAX_S: Final = 3600
_NO_DIGEST: Final = bytes(16)
_VERSIONS: Final = {"1.0": "1.0", "1.0c": "1.0C", "1.1": "1.1"}


def main(argv: Sequence[str]) -> int:
    """Run ``xlvs genhash ARGV``; the exit code."""
    options = _parser().parse_args(argv)
    print(asyncio.run(page_digest(_probe(options))))
    return 0


async def page_digest(probe: HttpProbe) -> str:
    """The MD5 of the body in hexadecimal. Raises XlvsError when there is no answer in time."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[ProbeResult] = loop.create_future()
    exchange = HttpExchange(probe)
    attempt = StreamAttempt(
        loop, probe.endpoint, ended.set_result, exchange, phrases.HTTP, Tls(probe.sni) if probe.tls else None
    )
    attempt.start()
    result = await ended
    found = exchange.body_digest()
    if not found:
        raise XlvsError(
            f"no page from {probe.host}: {result.reason} (is the server there, and with TLS or without? see -S)"
        )
    return found


def _probe(options: argparse.Namespace) -> HttpProbe:
    address = parse_ipv4(options.server) or parse_ipv6(options.server)
    if address is None:
        raise UsageError(f"{options.server} is not an address (the server is given as one, not by name)")
    shown = f"[{options.server}]" if ":" in options.server else options.server
    host = options.virtualhost or f"{shown}:{options.port}"
    endpoint = Endpoint(address, options.port, fwmark=options.fwmark, timeout_us=int(options.timeout * SECOND_US))
    return HttpProbe(
        endpoint,
        options.url,
        host,
        _VERSIONS[options.protocol],
        tls=options.tls,
        sni=options.virtualhost if options.sni else "",
        statuses=_ANY_STATUS,
        digest=_NO_DIGEST,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xlvs genhash",
        description="The digest of a page, for `digest` in keepalived.conf.",
        epilog="xlvs genhash -S -s 192.168.201.100 -p 443 -u /",
    )
    add = parser.add_argument
    add("-s", "--server", required=True, metavar="ADDRESS", help="of the server")
    add("-p", "--port", type=_port, default=80, help="its port (default: 80)")
    add("-u", "--url", default="/", metavar="PATH", help="the page (default: /)")
    add("-S", "--use-ssl", dest="tls", action="store_true", help="by TLS, as SSL_GET")
    add("-I", "--use-sni", dest="sni", action="store_true", help="with TLS, send the name of -V")
    add("-V", "--use-virtualhost", dest="virtualhost", default="", metavar="NAME", help="the Host header")
    add("-m", "--fwmark", type=_mark, default=0, metavar="MARK", help="mark of the packets")
    add("-P", "--protocol", choices=sorted(_VERSIONS), default="1.0", help="version of HTTP (default: 1.0)")
    add("-t", "--timeout", type=_seconds, default=5.0, metavar="SECONDS", help="(default: 5)")
    add("-v", "--verbose", action="store_true", help="accepted, changes nothing")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)


def _mark(text: str) -> int:
    if not 0 <= int(text) < 1 << 32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a mark of 32 bits")
    return int(text)


def _seconds(text: str) -> float:
    if not 0 < float(text) <= _TIMEOUT_MAX_S:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time up to {_TIMEOUT_MAX_S} seconds")
    return float(text)
