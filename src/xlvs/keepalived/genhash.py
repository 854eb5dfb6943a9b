# SPDX-License-Identifier: Apache-2.0
"""``--genhash``: the digest of a page, for `digest` in an HTTP_GET or SSL_GET; by the same code that will check it."""

from __future__ import annotations

import argparse
import asyncio
import re
import socket
import sys
from typing import TYPE_CHECKING, Final

from xlvs.checkers.http import HttpExchange
from xlvs.checkers.stream import StreamAttempt
from xlvs.healthcheck.probe import SECOND_US, Endpoint, HttpProbe
from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlvs.healthcheck.probe import ProbeResult

_NO_DIGEST: Final = bytes(16)
_MD5SUM: Final = re.compile(r"MD5SUM \[([0-9a-f]{32})\]")


def main(argv: Sequence[str]) -> int:
    """Print ``MD5SUM = DIGEST``: 0, or 1 when there is no page."""
    options = _parser().parse_args(argv)
    try:
        found = socket.getaddrinfo(options.server, options.port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise UsageError(f"{options.server}: {error.strerror}") from None
    family, _, _, _, where = found[0]
    endpoint = Endpoint(
        socket.inet_pton(family, str(where[0])),
        options.port,
        timeout_us=options.timeout * SECOND_US,
        fwmark=options.fwmark,
    )
    name = f"[{options.server}]" if ":" in options.server else options.server
    probe = HttpProbe(
        endpoint,
        options.url,
        host=options.use_virtualhost or f"{name}:{options.port}",
        version={"1.0c": "1.0C"}.get(options.protocol, options.protocol),
        tls=options.use_ssl,
        sni=options.use_virtualhost if options.use_sni else "",
        statuses=((0, 999),),
        digest=_NO_DIGEST,
    )
    result = asyncio.run(_ask(probe))
    digest = _MD5SUM.search(result.reason)
    if not digest:
        print(result.reason, file=sys.stderr)
        return 1
    print(f"MD5SUM = {digest[1]}")
    return 0


async def _ask(probe: HttpProbe) -> ProbeResult:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[ProbeResult] = loop.create_future()
    StreamAttempt(loop, probe.endpoint, answer.set_result, HttpExchange(probe), tls=probe.tls, sni=probe.sni).start()
    return await answer


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="keepalived --genhash", description="the digest of a page")
    add = parser.add_argument
    add("-s", "--server", required=True, metavar="ADDRESS", help="the server")
    add("-p", "--port", type=int, default=80, metavar="PORT", help="its port (default: %(default)s)")
    add("-u", "--url", required=True, metavar="PATH", help="the page")
    add("-S", "--use-ssl", action="store_true", help="by TLS")
    add("-I", "--use-sni", action="store_true", help="name the virtual host in the handshake")
    add("-V", "--use-virtualhost", default="", metavar="HOST", help="name this host in the request")
    add("-P", "--protocol", default="1.0", choices=("1.0", "1.0c", "1.1"), help="version of HTTP")
    add("-m", "--fwmark", type=int, default=0, metavar="MARK", help="firewall mark of the packets")
    add("-t", "--timeout", type=int, default=5, metavar="SECONDS", help="(default: %(default)s)")
    add("-v", "--verbose", action="store_true", help="accepted, changes nothing")
    return parser
